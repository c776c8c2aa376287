namespace MedCor.Gateway.Mcp;

/// <summary>Tells a client that a call is still running, so that neither the client nor its user takes the call for lost.</summary>
internal static class McpProgress
{
    /// <summary>The time after which a call is reported to be running, and then again.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Reports the seconds for which a call has been running, each second until it ends. Returns earlier if a report fails. Throws nothing: the call itself
    /// tells how it ended.
    /// </summary>
    public static async Task ReportUntilAsync(Task call, Func<int, Task> report, TimeProvider clock)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            for (var seconds = 1; await Task.WhenAny(call, timer.WaitForNextTickAsync().AsTask()) != call; seconds++) await report(seconds);
        }
        catch (Exception)
        {
            // Any failure: the client has left, which the call learns itself. Its outcome must not be lost.
        }
    }
}
