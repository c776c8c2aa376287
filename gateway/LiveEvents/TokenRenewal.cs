using System.Net.Http.Headers;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Gateway.Authentication;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Authentication;

namespace MedCor.Gateway.LiveEvents;

/// <summary>
/// Requests a new token from Identity before a subscriber's token expires, for as long as Identity issues one, and sends it to the subscriber. A subscriber
/// whose renewal is rejected keeps its token until it expires; while Identity is unavailable the request is retried.
/// </summary>
internal sealed partial class TokenRenewal(ServiceHttpInvoker upstream, TokenValidator tokens, ApiKeyTokens apiKeys, McpTokens mcpTokens,
    IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<TokenRenewal> log) : IDisposable
{
    /// <summary>The time before its expiration at which a token is renewed: a minute, or a quarter of a shorter lifetime.</summary>
    private static readonly TimeSpan RenewBefore = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(4);

    /// <summary>Limits concurrent renewals, because all subscribers may be due at the same time, for example after a restart.</summary>
    private readonly SemaphoreSlim _concurrency = new(16);

    /// <summary>
    /// Returns when to renew a caller's token, but not before <paramref name="now"/>, so that no token is renewed twice within moments, however short its
    /// lifetime.
    /// </summary>
    public static DateTimeOffset GetDueTime(Caller caller, DateTimeOffset now)
    {
        var quarter = (caller.ExpiresAt - caller.IssuedAt) / 4;
        var due = caller.ExpiresAt - (quarter < RenewBefore ? quarter : RenewBefore);
        return due > now ? due : now;
    }

    /// <summary>Renews a subscriber's token in the background.</summary>
    public void Start(EventSubscriber subscriber, DateTimeOffset now)
    {
        // The renewal is retried after this interval unless a token arrived in the meantime.
        subscriber.RenewAt = now + RetryInterval;
        _ = RenewAsync(subscriber);
    }

    private async Task RenewAsync(EventSubscriber subscriber)
    {
        try
        {
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(subscriber.Ended, lifetime.ApplicationStopping);
            timeout.CancelAfter(RequestTimeout);
            await _concurrency.WaitAsync(timeout.Token);
            try
            {
                await RequestTokenAsync(subscriber, timeout.Token);
            }
            finally
            {
                _concurrency.Release();
            }
        }
        catch (OperationCanceledException)
        {
            // The client disconnected, or Identity is slow.
        }
        catch (Exception e) // any exception: the renewal is retried, or the token expires
        {
            LogNotRenewed(log, e.GetType().Name);
        }
    }

    private async Task RequestTokenAsync(EventSubscriber subscriber, CancellationToken ct)
    {
        if (subscriber.Credential is { } credential)
        {
            await ExchangeAsync(subscriber, credential, ct);
            return;
        }
        var (token, expiresAt) = (subscriber.Token, subscriber.Caller.ExpiresAt);
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://identity/sessions/token")
        {
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) }
        };
        using var response = await upstream.SendAsync(request, ct);
        // The client has sent another token in the meantime.
        if (subscriber.Token != token) return;
        if (!response.IsSuccessStatusCode)
        {
            // The rejection is final. The client can obtain another token by refreshing its session, which does not extend this one; the connection continues
            // if the client sends that token before this one expires.
            if ((int)response.StatusCode < 500) subscriber.RenewAt = expiresAt;
            return;
        }
        var renewed = (await JsonSerializer.DeserializeAsync<AccessToken>(await response.Content.ReadAsStreamAsync(ct), Json.Options, ct))!;
        Caller caller;
        try
        {
            caller = await tokens.ValidateAsync(renewed.Token, ct);
        }
        catch (Unauthenticated)
        {
            return;
        }
        if (EndIfMoved(subscriber, caller)) return;
        subscriber.Renew(caller, renewed.Token);
        subscriber.RenewAt = GetDueTime(caller, clock.GetUtcNow() + RetryInterval);
        subscriber.Enqueue(StreamItem.OutOfStream(LiveEvent.TokenRenewed(caller.UserId, renewed.Token, caller.ExpiresAt)));
    }

    /// <summary>
    /// Replaces the token of a subscriber by exchanging its credential again, which it can use for its next connection as well: it is told nothing.
    /// </summary>
    private async Task ExchangeAsync(EventSubscriber subscriber, string credential, CancellationToken ct)
    {
        try
        {
            var (caller, token) = ApiKeyTokens.IsKey(credential)
                ? await apiKeys.ExchangeAsync(credential, client: null, ct)
                : await mcpTokens.ExchangeAsync(credential, ct);
            if (subscriber.Credential != credential || EndIfMoved(subscriber, caller)) return;
            subscriber.Renew(caller, token, credential);
            subscriber.RenewAt = GetDueTime(caller, clock.GetUtcNow() + RetryInterval);
        }
        catch (Unauthenticated)
        {
            subscriber.RenewAt = subscriber.Caller.ExpiresAt;
        }
    }

    /// <summary>Disconnects a user who was moved to another hospital, which has other streams. The client must reconnect.</summary>
    private static bool EndIfMoved(EventSubscriber subscriber, Caller caller)
    {
        if (caller.HospitalId == subscriber.Caller.HospitalId) return false;
        subscriber.Disconnect(DisconnectReason.Unauthenticated);
        return true;
    }

    public void Dispose() => _concurrency.Dispose();

    [LoggerMessage(6040, LogLevel.Warning, "Renewing a subscriber's token failed; the renewal is retried until the token expires: {Kind}")]
    private static partial void LogNotRenewed(ILogger log, string kind);
}
