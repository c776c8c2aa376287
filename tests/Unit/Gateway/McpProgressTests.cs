using MedCor.Gateway.Mcp;

namespace MedCor.Tests.Unit.Gateway;

public sealed class McpProgressTests
{
    [Fact]
    public async Task A_call_that_has_ended_is_not_reported()
    {
        var reports = new List<int>();

        await McpProgress.ReportUntilAsync(Task.CompletedTask, Report, TimeProvider.System);
        await McpProgress.ReportUntilAsync(Task.FromException(new InvalidOperationException()), Report, TimeProvider.System);

        Assert.Empty(reports);

        Task Report(int seconds)
        {
            reports.Add(seconds);
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task The_seconds_are_counted_until_the_call_ends()
    {
        var call = new TaskCompletionSource();
        var reports = new List<int>();

        await McpProgress.ReportUntilAsync(call.Task, Report, TimeProvider.System);

        Assert.Equal([1, 2], reports);

        Task Report(int seconds)
        {
            reports.Add(seconds);
            if (seconds == 2) call.SetResult();
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task A_report_that_fails_is_the_last_one_and_does_not_end_the_call()
    {
        var call = new TaskCompletionSource();

        await McpProgress.ReportUntilAsync(call.Task, _ => Task.FromException(new IOException()), TimeProvider.System);

        Assert.False(call.Task.IsCompleted);
    }
}
