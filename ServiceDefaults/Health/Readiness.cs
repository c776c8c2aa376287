using System.Collections.Frozen;
using MedCor.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace MedCor.ServiceDefaults.Health;

/// <summary>
/// Keeps the state of this process's dependencies. The checks run every two seconds, so a state is returned without waiting. A dependency that has never
/// answered becomes available with its first answer. After that, a change counts only after several consecutive checks: one late answer does not take a replica
/// out of use, and one good answer does not bring it back. A degraded result, with which a dependency itself reports that it is not ready, follows from several
/// checks already and counts at once.
/// </summary>
public sealed partial class Readiness(ILogger<Readiness> log) : IHealthCheckPublisher
{
    /// <summary>The tag of a check of a dependency that the process requires to serve requests.</summary>
    public const string RequiredTag = "needed";

    /// <summary>The maximum duration of a check.</summary>
    public static readonly TimeSpan CheckTimeout = TimeSpan.FromSeconds(3);

    internal static readonly TimeSpan Period = TimeSpan.FromSeconds(2);
    internal const int FailuresUntilUnavailable = 3;
    internal const int SuccessesUntilAvailable = 2;

    private static readonly string[] NotCheckedYet = ["it has only just started"];

    private readonly Lock _turn = new();
    private volatile FrozenDictionary<string, DependencyState> _states = FrozenDictionary<string, DependencyState>.Empty;

    /// <summary>Returns whether a dependency is known to be unavailable.</summary>
    /// <param name="check">The name of the dependency's check.</param>
    public bool IsUnavailable(string check) => _states.TryGetValue(check, out var state) && state.Reason is not null;

    /// <summary>Returns the reason for each unavailable dependency, ordered by the dependency's name; empty when all are available.</summary>
    /// <param name="requiredOnly">Whether to include only dependencies that the process requires to serve requests.</param>
    public IReadOnlyList<string> GetReasons(bool requiredOnly)
    {
        var now = _states;
        return now.Count == 0
            ? NotCheckedYet
            : [.. from state in now where state.Value.Reason is not null
                && (state.Value.IsRequired || !requiredOnly) orderby state.Key select state.Value.Reason];
    }

    /// <summary>Responds with <c>{"ready": true}</c>, or with 503 and <c>{"ready": false, "reasons": […]}</c>.</summary>
    /// <param name="requiredOnly">Whether to consider only dependencies that the process requires to serve requests.</param>
    public Task WriteResponseAsync(HttpContext http, bool requiredOnly)
    {
        var reasons = GetReasons(requiredOnly);
        http.Response.StatusCode = reasons.Count == 0 ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        object answer = reasons.Count == 0 ? new { Ready = true } : new { Ready = false, Reasons = reasons };
        return http.Response.WriteAsJsonAsync(answer, Json.Options, http.RequestAborted);
    }

    /// <summary>Records the results of a round of checks.</summary>
    public Task PublishAsync(HealthReport report, CancellationToken cancellationToken)
    {
        lock (_turn) _states = report.Entries.ToFrozenDictionary(e => e.Key, e => Evaluate(e.Key, e.Value));
        return Task.CompletedTask;
    }

    private DependencyState Evaluate(string name, HealthReportEntry entry)
    {
        // An exception's message must not be exposed.
        var reason = entry.Status == HealthStatus.Healthy ? null
            : entry.Exception is null && entry.Description is { } description ? description
            : $"{name} does not answer";
        var previous = _states.GetValueOrDefault(name) ?? new(reason, entry.Tags.Contains(RequiredTag), HasAnswered: false, ConsecutiveChecks: 0);
        if (!previous.HasAnswered)
        {
            if (reason is not null && previous.ConsecutiveChecks + 1 == FailuresUntilUnavailable) LogNotReady(log, reason);
            return previous with { Reason = reason, HasAnswered = reason is null, ConsecutiveChecks = reason is null ? 0 : previous.ConsecutiveChecks + 1 };
        }
        if (reason is null == previous.Reason is null) return previous with { Reason = reason, ConsecutiveChecks = 0 };

        var checks = previous.ConsecutiveChecks + 1;
        var enough = entry.Status switch { HealthStatus.Healthy => SuccessesUntilAvailable, HealthStatus.Degraded => 1, _ => FailuresUntilUnavailable };
        if (checks < enough) return previous with { ConsecutiveChecks = checks };
        if (reason is null) LogReadyAgain(log, name);
        else LogNotReady(log, reason);
        return previous with { Reason = reason, ConsecutiveChecks = 0 };
    }

    /// <summary>Represents the current state of a dependency.</summary>
    /// <param name="Reason">Why the dependency is unavailable; null when it is available.</param>
    /// <param name="IsRequired">Whether the process requires the dependency to serve requests.</param>
    /// <param name="HasAnswered">Whether the dependency has ever answered.</param>
    /// <param name="ConsecutiveChecks">
    /// The number of consecutive checks that contradict the current state; before the first answer, the number of all checks.
    /// </param>
    private sealed record DependencyState(string? Reason, bool IsRequired, bool HasAnswered, int ConsecutiveChecks);

    [LoggerMessage(1020, LogLevel.Warning, "Not ready: {Reason}")]
    private static partial void LogNotReady(ILogger log, string reason);

    [LoggerMessage(1021, LogLevel.Information, "Ready again: {Dependency}")]
    private static partial void LogReadyAgain(ILogger log, string dependency);
}
