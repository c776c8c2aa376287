using System.Net.Http.Headers;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Authentication;

namespace MedCor.Gateway.LiveEvents;

/// <summary>
/// Asks Identity for another token before a listener's ends, for as long as it gives one, and tells it to them. Who is refused keeps theirs to its
/// end; while Identity is away it is asked again.
/// </summary>
internal sealed class TokenRenewal(ServiceHttpInvoker upstream, TokenValidator tokens, IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<TokenRenewal> log) : IDisposable
{
    /// <summary>How long before a token's end it is renewed: a minute, or a quarter of a short life.</summary>
    private static readonly TimeSpan RenewBefore = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(4);

    /// <summary>All who listen may come due at once, as after a restart.</summary>
    private readonly SemaphoreSlim _concurrency = new(16);

    /// <summary>When a caller's token is to be renewed. Not twice within moments, however short tokens live.</summary>
    public static DateTimeOffset GetDueTime(Caller caller, DateTimeOffset now)
    {
        var quarter = (caller.ExpiresAt - caller.IssuedAt) / 4;
        var due = caller.ExpiresAt - (quarter < RenewBefore ? quarter : RenewBefore);
        return due > now ? due : now;
    }

    /// <summary>Renews a listener's token, beside whatever else is done.</summary>
    public void Start(EventSubscriber listener, DateTimeOffset now)
    {
        // Asked again after this, unless a token came meanwhile.
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
            // They left, or Identity is slow.
        }
        catch (Exception e) // whatever it is: they are asked for again, or their token ends
        {
            log.LogWarning("A listener's token was not renewed: {Kind}", e.GetType().Name);
        }
    }

    private async Task RequestTokenAsync(EventSubscriber listener, CancellationToken ct)
    {
        var (token, ends) = (listener.Token, listener.Caller.ExpiresAt);
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://identity/sessions/token") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };
        using var response = await upstream.SendAsync(request, ct);
        // They sent another themselves meanwhile.
        if (listener.Token != token) return;
        if (!response.IsSuccessStatusCode)
        {
            // For good: a refresh gives them another token, and renews none that is out. They go on if they send that one until then.
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
        // Who was moved to another hospital hears other streams: they come anew.
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
}
