using MedCor.Platform.Retention;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Sessions;

/// <summary>Deletes sessions that have ended, with their refresh tokens.</summary>
internal sealed class SessionRetention(IdentityDb db) : IRetentionPolicy
{
    /// <inheritdoc/>
    public Task<int> DeleteExpiredAsync(DateTimeOffset now, int maxCount, CancellationToken ct) =>
        db.Sessions.Where(s => s.EndsAt < now).OrderBy(s => s.EndsAt).Take(maxCount).ExecuteDeleteAsync(ct);
}
