using System.Security.Cryptography;
using System.Text;
using MedCor.Contracts;
using MedCor.Validation;
using Microsoft.AspNetCore.WebUtilities;
using StackExchange.Redis;

namespace MedCor.Gateway.Authentication;

/// <summary>
/// Stores tickets, which a browser, that cannot send a header with an event stream, sends in the address instead of its token.
/// A ticket is good once, for a minute, at any replica; for one path when the request names it, else for any of those that take tickets. Redis keeps the token under one half of the ticket,
/// encrypted with the other and bound to the path, so that who reads Redis reads no token.
/// </summary>
internal sealed class TicketStore(IConnectionMultiplexer redis)
{
    public const string SsePath = "/api/mcp/sse";
    public const string WebSocketPath = "/api/mcp/ws";
    public const string ChatStreamPath = "/mcp/stream/";

    /// <summary>How long a ticket is good, in seconds.</summary>
    public const int LifetimeSeconds = 60;

    private const int NameLength = 16;
    private const int KeyLength = 32;
    private static readonly TimeSpan RedisTimeout = TimeSpan.FromSeconds(2);

    /// <summary>A key seals one token only, so its nonce need not differ.</summary>
    private static readonly byte[] Nonce = new byte[AesGcm.NonceByteSizes.MaxSize];

    /// <summary>A path that takes tickets, in one spelling; null for any other.</summary>
    public static string? NormalizePath(string path)
    {
        var plain = path.TrimEnd('/').ToLowerInvariant();
        return plain is SsePath or WebSocketPath ? plain
            : plain.StartsWith(ChatStreamPath, StringComparison.Ordinal) && Uuids.TryParse(plain[ChatStreamPath.Length..], out var call) ? $"{ChatStreamPath}{call}"
            : null;
    }

    /// <summary>A ticket for a token that has been checked.</summary>
    /// <param name="path">The only path that it is good for, as <see cref="NormalizePath"/> writes it; null for any that takes tickets.</param>
    public async Task<string> IssueAsync(string token, string? path)
    {
        var ticket = RandomNumberGenerator.GetBytes(NameLength + KeyLength);
        var (plain, tag) = (Encoding.UTF8.GetBytes(token), new byte[AesGcm.TagByteSizes.MaxSize]);
        var sealedToken = new byte[plain.Length];
        using (var aes = new AesGcm(ticket.AsSpan(NameLength), tag.Length)) aes.Encrypt(Nonce, plain, sealedToken, tag, AssociatedData(path));
        await redis.GetDatabase().StringSetAsync(RedisKey(ticket), (byte[])[.. tag, .. sealedToken], TimeSpan.FromSeconds(LifetimeSeconds)).WaitAsync(RedisTimeout);
        return WebEncoders.Base64UrlEncode(ticket);
    }

    /// <summary>The token that a ticket stands for; the ticket is spent. Throws <see cref="Unauthenticated"/> when it was never good, no longer is, or is another path's.</summary>
    /// <param name="path">Where the ticket was presented.</param>
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

        var kept = (byte[]?)await redis.GetDatabase().StringGetDeleteAsync(RedisKey(bytes)).WaitAsync(RedisTimeout);
        if (kept is null) throw InvalidTicket();
        return Decrypt(kept, bytes.AsSpan(NameLength), NormalizePath(path.Value ?? "")) ?? Decrypt(kept, bytes.AsSpan(NameLength), null) ?? throw InvalidTicket();
    }

    /// <summary>The token; null when it was not bound to this path.</summary>
    private static string? Decrypt(ReadOnlySpan<byte> kept, ReadOnlySpan<byte> key, string? path)
    {
        var tag = kept[..AesGcm.TagByteSizes.MaxSize];
        var token = new byte[kept.Length - tag.Length];
        try
        {
            using var aes = new AesGcm(key, tag.Length);
            aes.Decrypt(Nonce, kept[tag.Length..], tag, token, AssociatedData(path));
            return Encoding.UTF8.GetString(token);
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    /// <summary>What is authenticated with the token, and not kept: who presents a ticket elsewhere cannot decrypt it.</summary>
    private static byte[] AssociatedData(string? path) => path is null ? [] : Encoding.UTF8.GetBytes(path);

    private static string RedisKey(byte[] ticket) => $"medcor:ticket:{Convert.ToHexStringLower(ticket, 0, NameLength)}";

    private static Unauthenticated InvalidTicket() => new(ErrorCodes.AuthInvalid, "The ticket is not valid, was used, is older than a minute or was issued for another path. Get another from POST /api/mcp/sse/ticket.");
}
