using MedCor.Platform.Retention;
using Microsoft.EntityFrameworkCore;
using OpenIddict.Abstractions;

namespace MedCor.Identity.Authorization;

/// <summary>
/// Deletes access tokens and ID tokens once they have expired, codes and refresh tokens a day later, then authorizations that have none left, then clients that
/// nobody has allowed anything for a day: many programs register anew for each connection. The clients of service accounts stay.
/// </summary>
internal sealed class AuthorizationRetention(IdentityDb db) : IRetentionPolicy
{
    internal static readonly TimeSpan Unused = TimeSpan.FromDays(1);

    /// <inheritdoc/>
    public async Task<int> DeleteExpiredAsync(DateTimeOffset now, int maxCount, CancellationToken ct)
    {
        // A consent that is remembered has no tokens of its own.
        var (before, forgotten) = (now - Unused, now - Consents.Lifetime);
        // Ids begin with the time at which they were made.
        var registeredBefore = Guid.CreateVersion7(before);
        return await db.Database.ExecuteSqlAsync($"""
                DELETE FROM oauth_tokens WHERE id IN (SELECT id FROM oauth_tokens WHERE expiration_date < {now}
                    AND (expiration_date < {before} OR type LIKE '%access_token' OR type LIKE '%id_token') LIMIT {maxCount})
                """, ct)
            + await db.Database.ExecuteSqlAsync($"""
                DELETE FROM oauth_authorizations WHERE id IN (SELECT a.id FROM oauth_authorizations a
                    WHERE a.creation_date < {before} AND NOT EXISTS (SELECT FROM oauth_tokens t WHERE t.authorization_id = a.id)
                        AND (a.type IS DISTINCT FROM {OpenIddictConstants.AuthorizationTypes.Permanent} OR a.creation_date < {forgotten}) LIMIT {maxCount})
                """, ct)
            + await db.Database.ExecuteSqlAsync($"""
                DELETE FROM oauth_applications WHERE id IN (SELECT c.id FROM oauth_applications c
                    WHERE c.id < {registeredBefore} AND NOT EXISTS (SELECT FROM oauth_authorizations a WHERE a.application_id = c.id)
                        AND NOT EXISTS (SELECT FROM oauth_tokens t WHERE t.application_id = c.id)
                        AND NOT EXISTS (SELECT FROM users u WHERE u.id::text = c.client_id) LIMIT {maxCount})
                """, ct);
    }
}
