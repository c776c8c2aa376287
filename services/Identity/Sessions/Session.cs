using System.Security.Cryptography;
using System.Text;
using MedCor.Identity.Accounts;
using MedCor.Identity.Hospitals;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.IdentityModel.Tokens;

namespace MedCor.Identity.Sessions;

/// <summary>Represents a login and, except in a browser, the family of tokens that descends from it.</summary>
[PersonalData(OnErasure.Delete, nameof(Session.UserId), IsPrivate = true)]
internal sealed class Session
{
    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required Guid UserId { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    public required DateTimeOffset EndsAt { get; init; }
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>Gets how the user has logged in, as in <see cref="SecondFactors.AuthenticationMethods"/>; null for a session from an earlier version.</summary>
    public string? AuthenticationMethods { get; init; }

    /// <summary>Gets when the user has logged in, if that was before the session started.</summary>
    public DateTimeOffset? AuthenticatedAt { get; init; }

    /// <summary>Gets when a login or a refresh last issued tokens; null for browsers and service accounts, and if that was an earlier version.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>Gets the ID of the client program that the session belongs to; null for a login by the API.</summary>
    public string? ClientId { get; init; }

    /// <summary>Gets the scopes to which the tokens are limited, separated by spaces; null for all rights of the user's role.</summary>
    public string? Scope { get; init; }

    /// <summary>Gets the API key with which a program started the session; null for any other session.</summary>
    public Guid? ApiKeyId { get; init; }

    /// <summary>
    /// Gets the session that began with the login, when this one was started by a change of the hospital, directly or over others; null for any other session.
    /// </summary>
    public Guid? OriginId { get; init; }

    /// <summary>Gets whether the session is a login in a browser, on MedCor's pages. It has no tokens: a cookie names it.</summary>
    public bool IsBrowser { get; init; }

    public Account? User { get; init; }

    /// <summary>Returns when the session ends by its hospital's rules if it is not refreshed after a given time.</summary>
    internal DateTimeOffset GetIdleEnd(SignInPolicy policy, DateTimeOffset refreshedAt)
    {
        var (end, idleEnd) = (StartedAt + policy.MaxLifetime, refreshedAt + policy.IdleTimeout);
        if (idleEnd < end) end = idleEnd;
        return end < EndsAt ? end : EndsAt;
    }

    /// <summary>
    /// Returns whether the session is over by its hospital's present rules, under which its last refresh may have been too long ago. Of a session that an
    /// earlier version has refreshed last, that time is not known.
    /// </summary>
    internal bool IsOver(SignInPolicy policy, DateTimeOffset now) => GetIdleEnd(policy, refreshedAt: LastUsedAt ?? now) <= now;

    internal sealed class Configuration : IEntityTypeConfiguration<Session>
    {
        public void Configure(EntityTypeBuilder<Session> session)
        {
            session.ToTable("sessions").HasKey(s => s.Id);
            session.HasOne(s => s.User).WithMany().HasForeignKey(s => s.UserId);
        }
    }
}

/// <summary>Represents a refresh token by its hash: enough to recognize the token, not enough to use it.</summary>
[PersonalData(OnErasure.Delete, nameof(RefreshToken.SessionId), PartOf = typeof(Session), IsExported = false)]
internal sealed class RefreshToken
{
    private const int TokenBytes = 32;

    public required byte[] Hash { get; init; }
    public required Guid SessionId { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public DateTimeOffset? SpentAt { get; init; }

    public Session? Session { get; init; }

    /// <summary>Creates a new token, which only its holder receives.</summary>
    internal static string Create() => Base64UrlEncoder.Encode(RandomNumberGenerator.GetBytes(TokenBytes));

    /// <summary>Returns the hash of a token. A token of 256 random bits needs no slow hash.</summary>
    internal static byte[] HashOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    internal sealed class Configuration : IEntityTypeConfiguration<RefreshToken>
    {
        public void Configure(EntityTypeBuilder<RefreshToken> token)
        {
            token.ToTable("refresh_tokens").HasKey(t => t.Hash);
            token.HasOne(t => t.Session).WithMany().HasForeignKey(t => t.SessionId);
        }
    }
}
