using System.Text.Json;
using MedCor.ServiceDefaults.Health;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging.Abstractions;

namespace MedCor.Tests.Unit.ServiceDefaults;

public class ReadinessTests
{
    private readonly Readiness _readiness = new(NullLogger<Readiness>.Instance);

    [Fact]
    public void A_dependency_is_not_ready_before_its_first_check() => Assert.Single(_readiness.GetReasons(requiredOnly: true));

    [Fact]
    public async Task The_first_check_decides()
    {
        await Look(("database", false), ("redis", true));

        Assert.Equal(["database does not answer"], _readiness.GetReasons(requiredOnly: true));
        Assert.True(_readiness.IsUnavailable("database"));
        Assert.False(_readiness.IsUnavailable("redis"));
    }

    [Fact]
    public async Task A_dependency_becomes_ready_with_its_first_success()
    {
        foreach (var answers in (bool[])[false, false, false, false]) await Look(("database", answers));
        Assert.True(_readiness.IsUnavailable("database"));

        await Look(("database", true));
        Assert.False(_readiness.IsUnavailable("database"));
        await Look(("database", false));
        Assert.False(_readiness.IsUnavailable("database"));
    }

    [Fact]
    public async Task Occasional_failures_keep_a_dependency_ready()
    {
        foreach (var answers in (bool[])[true, false, false, true, false, false, true]) await Look(("database", answers));

        Assert.Empty(_readiness.GetReasons(requiredOnly: true));
    }

    [Fact]
    public async Task Three_consecutive_failures_make_it_unready_until_two_consecutive_successes()
    {
        await Look(("database", true));
        foreach (var (answers, isReady) in ((bool, bool)[])[(false, true), (false, true), (false, false), (true, false), (false, false),
            (true, false), (true, true)])
        {
            await Look(("database", answers));
            Assert.Equal(isReady, _readiness.GetReasons(requiredOnly: true).Count == 0);
        }
    }

    [Fact]
    public async Task A_dependency_that_reports_itself_unready_is_unready_at_once()
    {
        await Look(("clinical", true));
        await _readiness.PublishAsync(
            Report(("clinical", new(HealthStatus.Degraded, "clinical: database does not answer", default, exception: null, data: null))),
            CancellationToken.None);

        Assert.Equal(["clinical: database does not answer"], _readiness.GetReasons(requiredOnly: false));
    }

    [Fact]
    public async Task An_optional_dependency_is_reported_and_does_not_affect_readiness()
    {
        await Look(("database", true), ("redis", false));

        Assert.Empty(_readiness.GetReasons(requiredOnly: true));
        Assert.Equal(["redis does not answer"], _readiness.GetReasons(requiredOnly: false));
    }

    [Fact]
    public async Task Descriptions_of_checks_are_reported_and_exception_messages_are_not()
    {
        await _readiness.PublishAsync(Report(
            ("chat", new(HealthStatus.Unhealthy, "chat: database does not answer", default, exception: null, data: null)),
            ("redis", new(HealthStatus.Unhealthy, "10.0.0.7:6379 refused", default, new InvalidOperationException("10.0.0.7:6379 refused"), data: null))),
            CancellationToken.None);

        Assert.Equal(["chat: database does not answer", "redis does not answer"], _readiness.GetReasons(requiredOnly: false));
    }

    [Fact]
    public async Task The_endpoint_answers_with_a_status_and_reasons()
    {
        await Look(("database", false));
        Assert.Equal((503, """{"ready":false,"reasons":["database does not answer"]}"""), await Answer());
        await Look(("database", true));
        Assert.Equal((200, """{"ready":true}"""), await Answer());
    }

    private async Task<(int Status, string Body)> Answer()
    {
        using var body = new MemoryStream();
        var http = new DefaultHttpContext { Response = { Body = body } };
        await _readiness.WriteResponseAsync(http, requiredOnly: true);
        return (http.Response.StatusCode, JsonSerializer.Serialize(JsonDocument.Parse(body.ToArray())));
    }

    private Task Look(params (string Name, bool Answers)[] seen) => _readiness.PublishAsync(Report([.. seen.Select(s => (s.Name, new HealthReportEntry(
        s.Answers ? HealthStatus.Healthy : HealthStatus.Unhealthy, description: null, default, exception: null, data: null,
        s.Name == "database" ? [Readiness.RequiredTag] : null)))]), CancellationToken.None);

    private static HealthReport Report(params (string Name, HealthReportEntry Seen)[] entries) => new(entries.ToDictionary(e => e.Name, e => e.Seen), default);
}
