using System.Net.Http.Headers;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Authentication;

namespace MedCor.Gateway.LiveEvents;

/// <summary>
/// Requests a new token from Identity before a subscriber's token expires, for as long as Identity issues one, and sends it to the subscriber. A subscriber
/// whose renewal is refused keeps its token until it expires; while Identity is unavailable the request is retried.
/// </summary>
internal sealed partial class TokenRenewal(ServiceHttpInvoker upstream, TokenValidator tokens, IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<TokenRenewal> log) : IDisposable
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
    public void Start(EventSubscriber listener, DateTimeOffset now)
    {
        // The renewal is retried after this interval unless a token arrived in the meantime.
        listener.RenewAt = now + RetryInterval;
        _ = RenewAsync(listener);
    }

    private async Task RenewAsync(EventSubscriber listener)
    {
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(listener.Ended, lifetime.ApplicationStopping);
            patience.CancelAfter(RequestTimeout);
            await _concurrency.WaitAsync(patience.Token);
            try
            {
                await RequestTokenAsync(listener, patience.Token);
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

    private async Task RequestTokenAsync(EventSubscriber listener, CancellationToken ct)
    {
        var (token, ends) = (listener.Token, listener.Caller.ExpiresAt);
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://identity/sessions/token") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };
        using var response = await upstream.SendAsync(request, ct);
        // The client has sent another token in the meantime.
        if (listener.Token != token) return;
        if (!response.IsSuccessStatusCode)
        {
            // The refusal is final. The client can obtain another token by refreshing its session, which does not extend this one; the connection continues
            // if the client sends that token before this one expires.
            if ((int)response.StatusCode < 500) listener.RenewAt = ends;
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
        // A user who was moved to another hospital has other streams, and must reconnect.
        if (caller.HospitalId != listener.Caller.HospitalId)
        {
            listener.Disconnect(DisconnectReason.Unauthenticated);
            return;
        }
        listener.Renew(caller, renewed.Token);
        listener.RenewAt = GetDueTime(caller, clock.GetUtcNow() + RetryInterval);
        listener.Enqueue(StreamItem.OutOfStream(LiveEvent.TokenRenewed(caller.UserId, renewed.Token, caller.ExpiresAt)));
    }

    public void Dispose() => _concurrency.Dispose();

    [LoggerMessage(6040, LogLevel.Warning, "Renewing a listener's token failed and is retried until it expires: {Kind}")]
    private static partial void LogNotRenewed(ILogger log, string kind);
}
