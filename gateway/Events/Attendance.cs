using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using MedCor.ServiceDefaults.Access;
using Microsoft.Extensions.Options;

namespace MedCor.Gateway.Events;

/// <summary>
/// Looks after those who listen: a sign of life now and then, a fresh token before theirs ends, and the end of the connection when it has ended or was revoked,
/// or when this process stops.
/// </summary>
internal sealed class Attendance : BackgroundService
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<Listener, bool> listeners = new();
    private readonly TokenCheck tokens;
    private readonly Renewal renewal;
    private readonly IHostApplicationLifetime lifetime;
    private readonly TimeProvider clock;
    private readonly ILogger<Attendance> log;
    private readonly IOptions<LiveOptions> options;

    public Attendance(TokenCheck tokens, Renewal renewal, IOptions<LiveOptions> options, IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<Attendance> log)
    {
        (this.tokens, this.renewal, this.options, this.lifetime, this.clock, this.log) = (tokens, renewal, options, lifetime, clock, log);
        new Meter("MedCor").CreateObservableUpDownCounter("medcor.listeners", () => listeners.Count, "{listener}", "Connections that hear live events at this gateway.");
    }

    /// <summary>Looks after a listener until they leave.</summary>
    public void Enter(Listener listener)
    {
        var now = clock.GetUtcNow();
        listener.LastBeat = now;
        listener.RenewAt = Renewal.DueFor(listener.Caller, now);
        listeners[listener] = true;
        if (lifetime.ApplicationStopping.IsCancellationRequested) listener.End(Ending.Stopping);
    }

    public void Leave(Listener listener) => listeners.TryRemove(listener, out _);

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        // Before anything else stops, so that they find another replica while this one still answers what is under way.
        using var stopping = lifetime.ApplicationStopping.Register(() =>
        {
            foreach (var (listener, _) in listeners) listener.End(Ending.Stopping);
        });
        using var timer = new PeriodicTimer(Tick, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(ct)) LookAfterAll(clock.GetUtcNow());
        }
        catch (OperationCanceledException)
        {
            // The process stops.
        }
    }

    private void LookAfterAll(DateTimeOffset now)
    {
        var interval = TimeSpan.FromSeconds(options.Value.HeartbeatSeconds);
        LiveEvent? beat = null;
        foreach (var (listener, _) in listeners)
            try
            {
                if (!tokens.StillCounts(listener.Caller)) listener.End(Ending.Unauthenticated);
                if (now >= listener.RenewAt) renewal.Begin(listener, now);
                if (now - listener.LastBeat < interval) continue;
                listener.LastBeat = now;
                listener.Seat?.Mark();
                listener.Offer(Heard.Aside(beat ??= LiveEvent.Heartbeat(now)));
            }
            catch (Exception e) // whatever it is: one listener's trouble is not the others'
            {
                log.LogWarning("A listener is sent away: {Kind}", e.GetType().Name);
                listener.End(Ending.TooSlow);
            }
    }
}
