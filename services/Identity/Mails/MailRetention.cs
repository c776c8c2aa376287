using MedCor.Platform.Retention;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Mails;

/// <summary>Deletes mails that could not be sent in time, and links and changes of addresses that have expired.</summary>
internal sealed class MailRetention(IdentityDb db) : IRetentionPolicy
{
    /// <inheritdoc/>
    public async Task<int> DeleteExpiredAsync(DateTimeOffset now, int maxCount, CancellationToken ct) =>
        await db.Mails.Where(m => m.ExpiresAt < now).OrderBy(m => m.ExpiresAt).Take(maxCount).ExecuteDeleteAsync(ct)
            + await db.AccountLinks.Where(l => l.ExpiresAt < now).OrderBy(l => l.ExpiresAt).Take(maxCount).ExecuteDeleteAsync(ct)
            + await db.EmailChanges.Where(c => c.ExpiresAt < now).OrderBy(c => c.ExpiresAt).Take(maxCount).ExecuteDeleteAsync(ct);
}
