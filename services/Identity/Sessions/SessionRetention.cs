using MedCor.Platform.Retention;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Sessions;

/// <summary>
/// Deletes sessions that have ended, with their refresh tokens, and refresh tokens that have expired. A spent one is kept for as long as it would have been
/// good, so that its second use is noticed.
/// </summary>
internal sealed class SessionRetention(IdentityDb db) : IRetentionPolicy
{
    /// <inheritdoc/>
    public async Task<int> DeleteExpiredAsync(DateTimeOffset now, int maxCount, CancellationToken ct) =>
        await db.Sessions.Where(s => s.EndsAt < now).OrderBy(s => s.EndsAt).Take(maxCount).ExecuteDeleteAsync(ct)
            + await db.RefreshTokens.Where(t => t.ExpiresAt < now).OrderBy(t => t.ExpiresAt).Take(maxCount).ExecuteDeleteAsync(ct);
}
