using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.Extensions.Options;

namespace MedCor.Gateway.LiveEvents;

/// <summary>
/// Monitors the connections of subscribers: sends heartbeats, renews tokens before they expire, and ends a connection when its token has expired or was
/// revoked, or when this process stops.
/// </summary>
internal sealed partial class ConnectionMonitor : BackgroundService
{
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<EventSubscriber, bool> _subscribers = new();
    private readonly TokenValidator _tokens;
    private readonly TokenRenewal _renewal;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly TimeProvider _clock;
    private readonly ILogger<ConnectionMonitor> _log;
    private readonly IOptions<LiveEventOptions> _options;

    public ConnectionMonitor(TokenValidator tokens, TokenRenewal renewal, IOptions<LiveEventOptions> options, IHostApplicationLifetime lifetime,
        TimeProvider clock, ILogger<ConnectionMonitor> log)
    {
        (_tokens, _renewal, _options, _lifetime, _clock, _log) = (tokens, renewal, options, lifetime, clock, log);
        new Meter("MedCor").CreateObservableUpDownCounter("medcor.listeners", () => _subscribers.Count, "{listener}",
            "Connections at this gateway that receive live events.");
    }

    /// <summary>Monitors a subscriber until it is removed.</summary>
    public void Add(EventSubscriber subscriber)
    {
        var now = _clock.GetUtcNow();
        subscriber.LastHeartbeatAt = now;
        subscriber.RenewAt = TokenRenewal.GetDueTime(subscriber.Caller, now);
        _subscribers[subscriber] = true;
        if (_lifetime.ApplicationStopping.IsCancellationRequested) subscriber.Disconnect(DisconnectReason.ServerStopping);
    }

    public void Remove(EventSubscriber subscriber) => _subscribers.TryRemove(subscriber, out _);

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        // Before anything else stops, so that clients find another replica while this one still completes calls in progress.
        using var stopping = _lifetime.ApplicationStopping.Register(() =>
        {
            foreach (var (subscriber, _) in _subscribers) subscriber.Disconnect(DisconnectReason.ServerStopping);
        });
        using var timer = new PeriodicTimer(CheckInterval, _clock);
        try
        {
            while (await timer.WaitForNextTickAsync(ct)) CheckAll(_clock.GetUtcNow());
        }
        catch (OperationCanceledException)
        {
            // The process stops.
        }
    }

    private void CheckAll(DateTimeOffset now)
    {
        var interval = TimeSpan.FromSeconds(_options.Value.HeartbeatSeconds);
        LiveEvent? heartbeat = null;
        foreach (var (subscriber, _) in _subscribers)
            try
            {
                if (!_tokens.IsStillValid(subscriber.Caller)) subscriber.Disconnect(DisconnectReason.Unauthenticated);
                if (now >= subscriber.RenewAt) _renewal.Start(subscriber, now);
                if (now - subscriber.LastHeartbeatAt < interval) continue;
                subscriber.LastHeartbeatAt = now;
                subscriber.Subscription?.AdvanceToken();
                subscriber.Enqueue(StreamItem.OutOfStream(heartbeat ??= LiveEvent.Heartbeat(now)));
            }
            catch (Exception e) // any exception: the failure of one subscriber must not affect others
            {
                LogDisconnected(_log, e.GetType().Name);
                subscriber.Disconnect(DisconnectReason.TooSlow);
            }
    }

    [LoggerMessage(6030, LogLevel.Warning, "Checking a subscriber failed; it is disconnected: {Kind}")]
    private static partial void LogDisconnected(ILogger log, string kind);
}
