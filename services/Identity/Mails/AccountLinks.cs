using System.Security.Cryptography;
using System.Text;
using MedCor.Contracts;
using MedCor.Identity.Audit;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.Tokens;

namespace MedCor.Identity.Mails;

/// <summary>
/// Creates, finds and spends the links that open accounts. A link is valid for one use and for 30 minutes; one about a change of the address by somebody else,
/// for longer.
/// </summary>
internal sealed class AccountLinks(IdentityDb db, SessionTrail trail)
{
    internal static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(30);

    /// <summary>The maximum number of links for one purpose that an account is sent within <see cref="Lifetime"/>.</summary>
    internal const int MaxRecent = 5;

    private const int TokenBytes = 32;

    /// <summary>Creates a link, in the open transaction or else in its own, and returns its token, which nothing but the link holds.</summary>
    /// <param name="newEmail">The address that the link is about, as in <see cref="AccountLink.NewEmail"/>.</param>
    internal async Task<string> CreateAsync(Guid userId, LinkPurpose purpose, string? newEmail, CancellationToken ct)
    {
        var token = Base64UrlEncoder.Encode(RandomNumberGenerator.GetBytes(TokenBytes));
        await using var transaction = db.Database.CurrentTransaction is null ? await db.Database.BeginTransactionAsync(ct) : null;
        db.Add(new AccountLink
        {
            Hash = HashOf(token), UserId = userId, Purpose = purpose, NewEmail = newEmail, CreatedAt = db.UtcNow, ExpiresAt = db.UtcNow + GetLifetime(purpose),
        });
        await db.SaveChangesAsync(ct);
        await trail.RecordBySystemAsync("create_link", userId, ct, fields: [EnumNames.Of(purpose)]);
        if (transaction is not null) await transaction.CommitAsync(ct);
        return token;
    }

    /// <summary>Returns a link that can still be used for one of these purposes; null when there is none. It is not spent.</summary>
    internal Task<AccountLink?> FindAsync(string? token, CancellationToken ct, params LinkPurpose[] purposes) =>
        Usable(token, purposes).AsNoTracking().SingleOrDefaultAsync(ct);

    /// <summary>
    /// Spends a link within the caller's transaction and returns whether this call did: of several at the same time, one does. The other links of the account
    /// end with it.
    /// </summary>
    internal async Task<bool> SpendAsync(AccountLink link, CancellationToken ct)
    {
        var isSpent = await SpendAloneAsync(link, ct);
        if (isSpent) await EndAsync(db.AccountLinks.Where(l => l.UserId == link.UserId), ct);
        return isSpent;
    }

    /// <summary>Spends a link within the caller's transaction and returns whether this call did. The other links of the account stay.</summary>
    internal async Task<bool> SpendAloneAsync(AccountLink link, CancellationToken ct)
    {
        var now = db.UtcNow;
        var isSpent = await db.AccountLinks.Where(l => l.Hash == link.Hash && l.SpentAt == null && l.ExpiresAt > now)
            .ExecuteUpdateAsync(l => l.SetProperty(x => x.SpentAt, now), ct) == 1;
        if (isSpent) await trail.RecordChangeAsync("use_link", link.UserId, ct, fields: [EnumNames.Of(link.Purpose)]);
        return isSpent;
    }

    /// <summary>Ends all links of the users whom a login opens, within the caller's transaction.</summary>
    internal Task EndAllAsync(Guid loginId, CancellationToken ct) =>
        EndAsync(db.AccountLinks.Where(l => db.Memberships.Any(m => m.UserId == l.UserId && m.LoginId == loginId)), ct);

    /// <summary>Deletes a link that could not be sent.</summary>
    internal Task DeleteAsync(string token, CancellationToken ct)
    {
        var hash = HashOf(token);
        return db.AccountLinks.Where(l => l.Hash == hash).ExecuteDeleteAsync(ct);
    }

    /// <summary>Returns whether an account was sent as many links for a purpose recently as it may be.</summary>
    internal async Task<bool> HasTooManyAsync(Guid userId, LinkPurpose purpose, CancellationToken ct)
    {
        var since = db.UtcNow - Lifetime;
        return await db.AccountLinks.Where(l => l.UserId == userId && l.Purpose == purpose && l.CreatedAt > since).Take(MaxRecent).CountAsync(ct) == MaxRecent;
    }

    private static TimeSpan GetLifetime(LinkPurpose purpose) => purpose switch
    {
        LinkPurpose.EmailChangeByOthers => PendingEmailChange.Lifetime,
        LinkPurpose.EmailChangeReview => PendingEmailChange.ObjectionTime,
        _ => Lifetime,
    };

    private Task<int> EndAsync(IQueryable<AccountLink> some, CancellationToken ct)
    {
        var now = db.UtcNow;
        return some.Where(l => l.SpentAt == null).ExecuteUpdateAsync(l => l.SetProperty(x => x.SpentAt, now), ct);
    }

    private IQueryable<AccountLink> Usable(string? token, LinkPurpose[] purposes)
    {
        var (hash, now) = (HashOf(token ?? ""), db.UtcNow);
        return db.AccountLinks.Where(l => l.Hash == hash && purposes.Contains(l.Purpose) && l.SpentAt == null && l.ExpiresAt > now);
    }

    /// <summary>Returns the hash of a token. A token of 256 random bits needs no slow hash.</summary>
    private static byte[] HashOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
