using System.Text.Json;
using MedCor.ServiceDefaults.Health;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging.Abstractions;

namespace MedCor.Tests.ServiceDefaults.Health;

public class ReadinessTests
{
    private readonly Readiness readiness = new(NullLogger<Readiness>.Instance);

    [Fact]
    public void Nothing_is_ready_that_was_not_looked_at() => Assert.Single(readiness.Reasons(needed: true));

    [Fact]
    public async Task The_first_look_decides()
    {
        await Look(("database", false), ("redis", true));

        Assert.Equal(["database does not answer"], readiness.Reasons(needed: true));
        Assert.True(readiness.Lacks("database"));
        Assert.False(readiness.Lacks("redis"));
    }

    [Fact]
    public async Task What_has_not_answered_yet_is_there_with_its_first_answer()
    {
        foreach (var answers in (bool[])[false, false, false, false]) await Look(("database", answers));
        Assert.True(readiness.Lacks("database"));

        await Look(("database", true));
        Assert.False(readiness.Lacks("database"));
        await Look(("database", false));
        Assert.False(readiness.Lacks("database"));
    }

    [Fact]
    public async Task What_fails_now_and_then_is_not_lost()
    {
        foreach (var answers in (bool[])[true, false, false, true, false, false, true]) await Look(("database", answers));

        Assert.Empty(readiness.Reasons(needed: true));
    }

    [Fact]
    public async Task What_fails_three_times_in_a_row_is_lost_until_it_answers_twice_in_a_row()
    {
        await Look(("database", true));
        foreach (var (answers, isReady) in ((bool, bool)[])[(false, true), (false, true), (false, false), (true, false), (false, false), (true, false), (true, true)])
        {
            await Look(("database", answers));
            Assert.Equal(isReady, readiness.Reasons(needed: true).Count == 0);
        }
    }

    [Fact]
    public async Task What_says_itself_that_it_is_not_ready_is_believed_at_once()
    {
        await Look(("clinical", true));
        await readiness.PublishAsync(Report(("clinical", new(HealthStatus.Degraded, "clinical: database does not answer", default, exception: null, data: null))), CancellationToken.None);

        Assert.Equal(["clinical: database does not answer"], readiness.Reasons(needed: false));
    }

    [Fact]
    public async Task What_can_be_done_without_is_told_and_takes_nothing_out_of_use()
    {
        await Look(("database", true), ("redis", false));

        Assert.Empty(readiness.Reasons(needed: true));
        Assert.Equal(["redis does not answer"], readiness.Reasons(needed: false));
    }

    [Fact]
    public async Task What_a_check_says_is_told_and_what_an_exception_says_is_not()
    {
        await readiness.PublishAsync(Report(
            ("chat", new(HealthStatus.Unhealthy, "chat: database does not answer", default, exception: null, data: null)),
            ("redis", new(HealthStatus.Unhealthy, "10.0.0.7:6379 refused", default, new InvalidOperationException("10.0.0.7:6379 refused"), data: null))), CancellationToken.None);

        Assert.Equal(["chat: database does not answer", "redis does not answer"], readiness.Reasons(needed: false));
    }

    [Fact]
    public async Task It_answers_with_a_status_and_with_reasons()
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
        await readiness.Answer(http, needed: true);
        return (http.Response.StatusCode, JsonSerializer.Serialize(JsonDocument.Parse(body.ToArray())));
    }

    private Task Look(params (string Name, bool Answers)[] seen) => readiness.PublishAsync(Report([.. seen.Select(s => (s.Name, new HealthReportEntry(
        s.Answers ? HealthStatus.Healthy : HealthStatus.Unhealthy, description: null, default, exception: null, data: null, s.Name == "database" ? [Readiness.Needed] : null)))]), CancellationToken.None);

    private static HealthReport Report(params (string Name, HealthReportEntry Seen)[] entries) => new(entries.ToDictionary(e => e.Name, e => e.Seen), default);
}
