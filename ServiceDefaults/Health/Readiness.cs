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
    public const string Needed = "needed";

    /// <summary>How long a look may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    internal static readonly TimeSpan Period = TimeSpan.FromSeconds(2);
    internal const int LooksUntilLost = 3;
    internal const int LooksUntilBack = 2;

    private static readonly string[] NotLooked = ["it has only just started"];

    private readonly Lock turn = new();
    private volatile FrozenDictionary<string, Finding> found = FrozenDictionary<string, Finding>.Empty;

    /// <summary>Whether something that is depended on is known not to answer.</summary>
    /// <param name="dependency">The name of its check.</param>
    public bool Lacks(string dependency) => found.TryGetValue(dependency, out var finding) && finding.Wrong is not null;

    /// <summary>What is wrong, each by its name; nothing when all is well.</summary>
    /// <param name="needed">Whether only that counts without which this process answers nobody.</param>
    public IReadOnlyList<string> Reasons(bool needed)
    {
        var now = found;
        return now.Count == 0 ? NotLooked : [.. from finding in now where finding.Value.Wrong is not null && (finding.Value.IsNeeded || !needed) orderby finding.Key select finding.Value.Wrong];
    }

    /// <summary>Answers <c>{"ready": true}</c>, or 503 and <c>{"ready": false, "reasons": […]}</c>.</summary>
    /// <param name="needed">As of <see cref="Reasons"/>.</param>
    public Task Answer(HttpContext http, bool needed)
    {
        var reasons = Reasons(needed);
        http.Response.StatusCode = reasons.Count == 0 ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        object answer = reasons.Count == 0 ? new { Ready = true } : new { Ready = false, Reasons = reasons };
        return http.Response.WriteAsJsonAsync(answer, Json.Options, http.RequestAborted);
    }

    /// <summary>Takes note of a look.</summary>
    public Task PublishAsync(HealthReport report, CancellationToken cancellationToken)
    {
        lock (turn) found = report.Entries.ToFrozenDictionary(e => e.Key, e => Judge(e.Key, e.Value));
        return Task.CompletedTask;
    }

    private Finding Judge(string name, HealthReportEntry seen)
    {
        // An exception's text is for nobody outside.
        var wrong = seen.Status == HealthStatus.Healthy ? null : seen.Exception is null && seen.Description is { } said ? said : $"{name} does not answer";
        var before = found.GetValueOrDefault(name) ?? new(wrong, seen.Tags.Contains(Needed), HasAnswered: false, Looks: 0);
        if (!before.HasAnswered)
        {
            if (wrong is not null && before.Looks + 1 == LooksUntilLost) log.LogWarning("Not ready: {Reason}", wrong);
            return before with { Wrong = wrong, HasAnswered = wrong is null, Looks = wrong is null ? 0 : before.Looks + 1 };
        }
        if (wrong is null == before.Wrong is null) return before with { Wrong = wrong, Looks = 0 };

        var looks = before.Looks + 1;
        var enough = seen.Status switch { HealthStatus.Healthy => LooksUntilBack, HealthStatus.Degraded => 1, _ => LooksUntilLost };
        if (looks < enough) return before with { Looks = looks };
        if (wrong is null) log.LogInformation("Ready again: {Dependency}", name);
        else log.LogWarning("Not ready: {Reason}", wrong);
        return before with { Wrong = wrong, Looks = 0 };
    }

    /// <summary>What is believed of a dependency.</summary>
    /// <param name="Wrong">What is wrong with it; nothing when it answers.</param>
    /// <param name="HasAnswered">Whether it ever did.</param>
    /// <param name="Looks">How many looks in a row said otherwise; before its first answer, how many there were.</param>
    private sealed record Finding(string? Wrong, bool IsNeeded, bool HasAnswered, int Looks);
}
