using System.Collections.Frozen;
using MedCor.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace MedCor.ServiceDefaults.Health;

/// <summary>
/// Which of the things that this process depends on answer, by looks that are taken every two seconds, so that whoever asks is told at once. What has not answered
/// yet is there with its first answer; from then on a change is believed when it was seen several times in a row: one late answer takes no replica out of use, and one good one brings none back.
/// What says of itself that it is not ready has looked several times already, and is believed at once.
/// </summary>
public sealed class Readiness(ILogger<Readiness> log) : IHealthCheckPublisher
{
    /// <summary>The tag of a check without which this process answers nobody.</summary>
    public const string RequiredTag = "needed";

    /// <summary>How long a look may take.</summary>
    public static readonly TimeSpan CheckTimeout = TimeSpan.FromSeconds(3);

    internal static readonly TimeSpan Period = TimeSpan.FromSeconds(2);
    internal const int FailuresUntilUnavailable = 3;
    internal const int SuccessesUntilAvailable = 2;

    private static readonly string[] NotCheckedYet = ["it has only just started"];

    private readonly Lock _turn = new();
    private volatile FrozenDictionary<string, DependencyState> _states = FrozenDictionary<string, DependencyState>.Empty;

    /// <summary>Whether something that is depended on is known not to answer.</summary>
    /// <param name="check">The name of its check.</param>
    public bool IsUnavailable(string check) => _states.TryGetValue(check, out var finding) && finding.Reason is not null;

    /// <summary>What is wrong, each by its name; nothing when all is well.</summary>
    /// <param name="requiredOnly">Whether only that counts without which this process answers nobody.</param>
    public IReadOnlyList<string> GetReasons(bool requiredOnly)
    {
        var now = _states;
        return now.Count == 0 ? NotCheckedYet : [.. from finding in now where finding.Value.Reason is not null && (finding.Value.IsRequired || !requiredOnly) orderby finding.Key select finding.Value.Reason];
    }

    /// <summary>Answers <c>{"ready": true}</c>, or 503 and <c>{"ready": false, "reasons": […]}</c>.</summary>
    /// <param name="requiredOnly">As of <see cref="GetReasons"/>.</param>
    public Task WriteResponseAsync(HttpContext http, bool requiredOnly)
    {
        var reasons = GetReasons(requiredOnly);
        http.Response.StatusCode = reasons.Count == 0 ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        object answer = reasons.Count == 0 ? new { Ready = true } : new { Ready = false, Reasons = reasons };
        return http.Response.WriteAsJsonAsync(answer, Json.Options, http.RequestAborted);
    }

    /// <summary>Takes note of a look.</summary>
    public Task PublishAsync(HealthReport report, CancellationToken cancellationToken)
    {
        lock (_turn) _states = report.Entries.ToFrozenDictionary(e => e.Key, e => Evaluate(e.Key, e.Value));
        return Task.CompletedTask;
    }

    private DependencyState Evaluate(string name, HealthReportEntry seen)
    {
        // An exception's text is for nobody outside.
        var wrong = seen.Status == HealthStatus.Healthy ? null : seen.Exception is null && seen.Description is { } said ? said : $"{name} does not answer";
        var before = _states.GetValueOrDefault(name) ?? new(wrong, seen.Tags.Contains(RequiredTag), HasAnswered: false, ConsecutiveChecks: 0);
        if (!before.HasAnswered)
        {
            if (wrong is not null && before.ConsecutiveChecks + 1 == FailuresUntilUnavailable) log.LogWarning("Not ready: {Reason}", wrong);
            return before with { Reason = wrong, HasAnswered = wrong is null, ConsecutiveChecks = wrong is null ? 0 : before.ConsecutiveChecks + 1 };
        }
        if (wrong is null == before.Reason is null) return before with { Reason = wrong, ConsecutiveChecks = 0 };

        var looks = before.ConsecutiveChecks + 1;
        var enough = seen.Status switch { HealthStatus.Healthy => SuccessesUntilAvailable, HealthStatus.Degraded => 1, _ => FailuresUntilUnavailable };
        if (looks < enough) return before with { ConsecutiveChecks = looks };
        if (wrong is null) log.LogInformation("Ready again: {Dependency}", name);
        else log.LogWarning("Not ready: {Reason}", wrong);
        return before with { Reason = wrong, ConsecutiveChecks = 0 };
    }

    /// <summary>What is believed of a dependency.</summary>
    /// <param name="Reason">What is wrong with it; nothing when it answers.</param>
    /// <param name="HasAnswered">Whether it ever did.</param>
    /// <param name="ConsecutiveChecks">How many looks in a row said otherwise; before its first answer, how many there were.</param>
    private sealed record DependencyState(string? Reason, bool IsRequired, bool HasAnswered, int ConsecutiveChecks);
}
