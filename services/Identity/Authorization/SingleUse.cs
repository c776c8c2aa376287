using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Authorization;

/// <summary>Remembers what is good once, such as a client assertion, until it has expired.</summary>
internal static class SingleUse
{
    /// <summary>Returns whether something is used for the first time: of several uses at once, one is the first.</summary>
    /// <param name="name">What distinguishes it from everything else that can be used once.</param>
    /// <param name="expiresAt">The time from which it is refused for its age.</param>
    internal static async Task<bool> TryUseOnceAsync(this IdentityDb db, string name, DateTimeOffset expiresAt, CancellationToken ct)
    {
        var hash = HashOf(name);
        return await db.Database.ExecuteSqlAsync(
            $"INSERT INTO used_assertions (hash, expires_at) VALUES ({hash}, {expiresAt}) ON CONFLICT DO NOTHING", ct) == 1;
    }

    private static byte[] HashOf(string name) => SHA256.HashData(Encoding.UTF8.GetBytes(name));
}
