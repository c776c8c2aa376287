using System.Security.Cryptography;
using System.Text;
using MedCor.Contracts;
using MedCor.Gateway.Limits;
using MedCor.ServiceDefaults.Chats;
using MedCor.ServiceDefaults.Problems;
using Microsoft.AspNetCore.WebUtilities;
using StackExchange.Redis;

namespace MedCor.Gateway.Surfaces;

/// <summary>
/// <c>POST /api/mcp/sse/ticket</c>: what a browser, which cannot send a header with an event stream, sends in the address instead of its token.
/// Good once, for a minute, at any replica. Redis keeps the token under one half of the ticket, sealed with the other, so that who reads Redis
/// reads no token.
/// </summary>
internal sealed class Tickets(IConnectionMultiplexer redis)
{
    private const int Seconds = 60;
    private const int NameLength = 16;
    private const int KeyLength = 32;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>A key seals one token only, so its nonce need not differ.</summary>
    private static readonly byte[] Nonce = new byte[AesGcm.NonceByteSizes.MaxSize];

    public static void Map(IEndpointRouteBuilder app)
    {
        var services = app.ServiceProvider;
        var (entrance, callers, tickets) = (services.GetRequiredService<Entrance>(), services.GetRequiredService<ChatCallers>(), services.GetRequiredService<Tickets>());
        app.MapPost("/api/mcp/sse/ticket", async http =>
        {
            await entrance.Admit(http, callers.Require);
            var ticket = await tickets.Issue(Listeners.TokenOf(http.Request));
            http.Response.Headers.CacheControl = "no-store";
            await http.Response.WriteAsJsonAsync(new { Ticket = ticket, ExpiresIn = Seconds }, Json.Options, http.RequestAborted);
        });
    }

    /// <summary>A ticket for a token that has been checked.</summary>
    private async Task<string> Issue(string token)
    {
        var ticket = RandomNumberGenerator.GetBytes(NameLength + KeyLength);
        var (plain, tag) = (Encoding.UTF8.GetBytes(token), new byte[AesGcm.TagByteSizes.MaxSize]);
        var sealedToken = new byte[plain.Length];
        using (var aes = new AesGcm(ticket.AsSpan(NameLength), tag.Length)) aes.Encrypt(Nonce, plain, sealedToken, tag);
        await redis.GetDatabase().StringSetAsync(Name(ticket), (byte[])[.. tag, .. sealedToken], TimeSpan.FromSeconds(Seconds)).WaitAsync(Patience);
        return WebEncoders.Base64UrlEncode(ticket);
    }

    /// <summary>The token that a ticket stands for; the ticket is spent. Throws <see cref="Unauthenticated"/> when it was never good or no longer is.</summary>
    public async Task<string> Redeem(string ticket)
    {
        byte[] bytes;
        try
        {
            bytes = WebEncoders.Base64UrlDecode(ticket);
        }
        catch (FormatException)
        {
            throw Bad();
        }
        if (bytes.Length != NameLength + KeyLength) throw Bad();

        var kept = (byte[]?)await redis.GetDatabase().ExecuteAsync("GETDEL", Name(bytes)).WaitAsync(Patience);
        if (kept is null) throw Bad();
        var tag = kept.AsSpan(0, AesGcm.TagByteSizes.MaxSize);
        var token = new byte[kept.Length - tag.Length];
        try
        {
            using var aes = new AesGcm(bytes.AsSpan(NameLength), tag.Length);
            aes.Decrypt(Nonce, kept.AsSpan(tag.Length), tag, token);
        }
        catch (AuthenticationTagMismatchException)
        {
            throw Bad();
        }
        return Encoding.UTF8.GetString(token);
    }

    private static string Name(byte[] ticket) => $"medcor:ticket:{Convert.ToHexStringLower(ticket, 0, NameLength)}";

    private static Unauthenticated Bad() => new(ErrorCodes.AuthInvalid, "The ticket is not valid, was used or is older than a minute. Get another from POST /api/mcp/sse/ticket.");
}
