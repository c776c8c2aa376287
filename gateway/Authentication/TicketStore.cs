using System.Security.Cryptography;
using System.Text;
using MedCor.Contracts;
using MedCor.ServiceDefaults.Authentication;
using MedCor.ServiceDefaults.Servers;
using MedCor.Validation;
using Microsoft.AspNetCore.WebUtilities;
using StackExchange.Redis;

namespace MedCor.Gateway.Authentication;

/// <summary>
/// Issues and redeems tickets. A browser cannot send a header with an event stream, so it sends a ticket in the URL instead of its token.
/// </summary>
/// <remarks>
/// A ticket can be redeemed once, within a minute, at any replica: for one path if the request names it, otherwise for any path that accepts tickets. Redis
/// stores the token under one half of the ticket, encrypted with the other half and bound to the path, so that reading Redis reveals no token. The tickets of
/// the last minute are limited in bytes, for each user and for each hospital.
/// </remarks>
internal sealed class TicketStore(IConnectionMultiplexer redis)
{
    public const string SsePath = "/api/mcp/sse";
    public const string WebSocketPath = "/api/mcp/ws";
    public const string ChatStreamPath = "/mcp/stream/";

    /// <summary>The lifetime of a ticket in seconds.</summary>
    public const int LifetimeSeconds = 60;

    /// <summary>The maximum size in bytes of the tickets of a user, and of those of a hospital.</summary>
    internal const int MaxUserBytes = 512 * 1024;
    internal const int MaxHospitalBytes = 4 * 1024 * 1024;

    private const string KeyPrefix = "medcor:ticket:";

    /// <summary>Stores a ticket, if there is room for it. Redis needs about 128 bytes in addition to the token.</summary>
    private const string IssueScript = RedisBudget.Functions + "\n" + """
        local user, token = ARGV[2], ARGV[5]
        local budget = open_budget(ARGV[1], user, tonumber(ARGV[3]), tonumber(ARGV[4]))
        if not budget.make_room(#token + 128) then return 0 end
        budget.add(user .. '/' .. KEYS[1], #token + 128)
        budget.keep(user .. '/' .. KEYS[1], ARGV[6])
        redis.call('SET', KEYS[1], token, 'PX', ARGV[6])
        return 1
        """;

    private const int NameLength = 16;
    private const int KeyLength = 32;
    private static readonly TimeSpan RedisTimeout = TimeSpan.FromSeconds(2);

    /// <summary>The nonce is constant because each key encrypts only one token.</summary>
    private static readonly byte[] Nonce = new byte[AesGcm.NonceByteSizes.MaxSize];

    /// <summary>Returns the canonical form of a path that accepts tickets; null for any other path.</summary>
    public static string? NormalizePath(string path)
    {
        var plain = path.TrimEnd('/').ToLowerInvariant();
        return plain is SsePath or WebSocketPath ? plain
            : plain.StartsWith(ChatStreamPath, StringComparison.Ordinal) && Uuids.TryParse(plain[ChatStreamPath.Length..], out var callId)
            ? $"{ChatStreamPath}{callId}"
            : null;
    }

    /// <summary>Issues a ticket for a validated token.</summary>
    /// <param name="user">The user of the token; null for a program with the server token.</param>
    /// <param name="path">The only path that the ticket is valid for, in canonical form (<see cref="NormalizePath"/>); null for every path that accepts
    /// tickets.</param>
    /// <exception cref="RateLimited">The tickets of the last minute take all the memory that those of a user or of a hospital may.</exception>
    public async Task<string> IssueAsync(string token, Caller? user, string? path)
    {
        var ticket = RandomNumberGenerator.GetBytes(NameLength + KeyLength);
        var (plain, tag) = (Encoding.UTF8.GetBytes(token), new byte[AesGcm.TagByteSizes.MaxSize]);
        var sealedToken = new byte[plain.Length];
        using (var aes = new AesGcm(ticket.AsSpan(NameLength), tag.Length)) aes.Encrypt(Nonce, plain, sealedToken, tag, AssociatedData(path));
        var isStored = await redis.GetDatabase().ScriptEvaluateAsync(IssueScript, [RedisKey(ticket)],
            [$"{KeyPrefix}budget:{user?.HospitalId?.ToString("N") ?? "platform"}", user?.UserId.ToString("N") ?? "program", MaxUserBytes, MaxHospitalBytes,
                (byte[])[.. tag, .. sealedToken], LifetimeSeconds * 1000]).WaitAsync(RedisTimeout);
        if (!(bool)isStored) throw new RateLimited("Too many tickets were requested in the last minute. Retry when they have expired.", LifetimeSeconds);
        return WebEncoders.Base64UrlEncode(ticket);
    }

    /// <summary>Returns the token that a ticket was issued for, and invalidates the ticket.</summary>
    /// <param name="path">The path of the request that presents the ticket.</param>
    /// <exception cref="Unauthenticated">The ticket is invalid, expired or already redeemed, or was issued for another path.</exception>
    public async Task<string> RedeemAsync(string ticket, PathString path)
    {
        byte[] bytes;
        try
        {
            bytes = WebEncoders.Base64UrlDecode(ticket);
        }
        catch (FormatException)
        {
            throw InvalidTicket();
        }
        if (bytes.Length != NameLength + KeyLength) throw InvalidTicket();

        var encrypted = (byte[]?)await redis.GetDatabase().StringGetDeleteAsync(RedisKey(bytes)).WaitAsync(RedisTimeout);
        if (encrypted is null) throw InvalidTicket();
        return Decrypt(encrypted, bytes.AsSpan(NameLength), NormalizePath(path.Value ?? ""))
            ?? Decrypt(encrypted, bytes.AsSpan(NameLength), null) ?? throw InvalidTicket();
    }

    /// <summary>Decrypts a token; returns null when it is not bound to this path.</summary>
    private static string? Decrypt(ReadOnlySpan<byte> encrypted, ReadOnlySpan<byte> key, string? path)
    {
        var tag = encrypted[..AesGcm.TagByteSizes.MaxSize];
        var token = new byte[encrypted.Length - tag.Length];
        try
        {
            using var aes = new AesGcm(key, tag.Length);
            aes.Decrypt(Nonce, encrypted[tag.Length..], tag, token, AssociatedData(path));
            return Encoding.UTF8.GetString(token);
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    /// <summary>Returns the data that is authenticated with the token and not stored: at another path, decryption fails.</summary>
    private static byte[] AssociatedData(string? path) => path is null ? [] : Encoding.UTF8.GetBytes(path);

    private static string RedisKey(byte[] ticket) => $"{KeyPrefix}{Convert.ToHexStringLower(ticket, 0, NameLength)}";

    private static Unauthenticated InvalidTicket() =>
        new(ErrorCodes.AuthInvalid,
            "The ticket is not valid, was used, is older than a minute or was issued for another path. Get another from POST /api/mcp/sse/ticket.");
}
