using System.Runtime.CompilerServices;
using MedCor.Contracts;
using MedCor.ServiceDefaults.Authentication;

namespace MedCor.Gateway.Authentication;

/// <summary>
/// Exchanges tokens for MCP for short-lived ones that services accept, so that no service sees a token that a client holds. An exchanged token is used until
/// shortly before it expires or until it is revoked; many requests with a token cost one exchange.
/// </summary>
internal sealed class McpTokens(TokenExchange exchange, McpTokenValidator mcpTokens, TokenValidator tokens, TimeProvider clock)
{
    /// <summary>The exchanges of the callers whose tokens <see cref="McpTokenValidator"/> has in its cache, which limits their number.</summary>
    private readonly ConditionalWeakTable<Caller, Exchange> _exchanges = [];

    /// <summary>The time for which a token that Identity has refused is refused without asking Identity.</summary>
    private static readonly TimeSpan RejectionTime = TimeSpan.FromSeconds(5);

    /// <summary>Returns a valid token for the services, for the token for MCP in a request.</summary>
    /// <exception cref="Unauthenticated">The request has no token for MCP, or one that is not valid.</exception>
    /// <exception cref="Unavailable">Identity did not answer.</exception>
    public async ValueTask<ExchangedToken> ExchangeAsync(HttpContext http) =>
        await ExchangeAsync(await mcpTokens.AuthenticateAsync(http), GetToken(http), http.RequestAborted);

    /// <summary>Returns a valid token for the services, for the token of an open connection.</summary>
    /// <exception cref="Unauthenticated">The token is not valid, or no longer.</exception>
    /// <exception cref="Unavailable">Identity did not answer.</exception>
    public async ValueTask<ExchangedToken> ExchangeAsync(string token, CancellationToken ct) =>
        await ExchangeAsync(await mcpTokens.ValidateAsync(token, ct), token, ct);

    /// <summary>Returns the token of a request that has been authenticated by it.</summary>
    public static string GetToken(HttpContext http) => http.Request.Headers.Authorization.ToString()["Bearer ".Length..].Trim();

    private async ValueTask<ExchangedToken> ExchangeAsync(Caller caller, string token, CancellationToken ct)
    {
        var known = _exchanges.GetValue(caller, static _ => new());
        Task<ExchangedToken?> pending;
        lock (known)
        {
            if (known.Current is { } current && tokens.IsStillValid(current.Caller) && clock.GetUtcNow() < TokenExchange.GetRenewalTime(current.Caller))
                return current;
            if (clock.GetUtcNow() < known.RejectedUntil) throw SessionOver();
            // Requests that arrive while a token is exchanged wait for that exchange, which is not cancelled with any of them.
            if (known.Pending is null or { IsCompleted: true })
                known.Pending = exchange.RequestAsync("/sessions/exchange", token);
            pending = known.Pending;
        }
        try
        {
            var exchanged = await pending.WaitAsync(ct);
            lock (known)
                // Otherwise a later exchange has begun in the meantime, and its result is newer.
                if (known.Pending == pending)
                {
                    known.Current = exchanged;
                    if (exchanged is null) known.RejectedUntil = clock.GetUtcNow() + RejectionTime;
                }
            return exchanged ?? throw SessionOver();
        }
        catch (Unavailable) when (known.Current is { } usable && tokens.IsStillValid(usable.Caller))
        {
            return usable;
        }
    }

    private static Unauthenticated SessionOver() => new(ErrorCodes.AuthInvalid, "The session is over. Authorize again.");

    private sealed class Exchange
    {
        public ExchangedToken? Current { get; set; }
        public Task<ExchangedToken?>? Pending { get; set; }
        public DateTimeOffset RejectedUntil { get; set; }
    }
}
