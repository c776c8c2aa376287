using MedCor.Platform.Retention;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Revocations;

/// <summary>Deletes revocations of tokens that have expired, whatever lifetime was configured when they were issued.</summary>
internal sealed class RevocationRetention(IdentityDb db) : IRetentionPolicy
{
    /// <inheritdoc/>
    public Task<int> DeleteExpiredAsync(DateTimeOffset now, int maxCount, CancellationToken ct)
    {
        var expired = now - TokenValidator.RevocationRetention(TimeSpan.FromSeconds(TokenOptions.MaxConfigurableSeconds));
        return db.Revocations.Where(r => r.RevokedAt < expired).OrderBy(r => r.RevokedAt).Take(maxCount).ExecuteDeleteAsync(ct);
    }
}
