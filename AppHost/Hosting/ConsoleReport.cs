using System.Diagnostics;
using System.Globalization;
using MedCor.AppHost.Data;
using MedCor.DemoData;

namespace MedCor.AppHost.Hosting;

/// <summary>Writes the startup progress, the addresses and later restarts to the terminal.</summary>
internal sealed class ConsoleReport(TextWriter output, bool isQuiet) : IDisposable
{
    private const int FailuresBeforeLogHint = 2;

    private static readonly TimeSpan ReminderInterval = TimeSpan.FromSeconds(5);

    private readonly Lock _writeLock = new();
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly bool _colors = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null;
    private long _lastLine = Stopwatch.GetTimestamp();
    private Func<string?> _waitingFor = () => "preparing";
    private Timer? _reminder;
    private string _data = "";
    private bool _isReady;

    public void ReportStarting(string directory)
    {
        _data = directory;
        Write();
        Write($"  {Bold("MedCor")}  {Dim("starting; data in " + directory)}");
        Write();
        _reminder = new(_ => WriteReminder(), null, ReminderInterval, TimeSpan.FromSeconds(1));
    }

    /// <summary>Reports a change of the state of a resource.</summary>
    public void ReportChange(string name, ResourceStatus before, ResourceStatus now, bool hasEndedByItself, string? address)
    {
        if (now.Healthy && !before.Healthy)
        {
            Write($"  {Green("✓")} {name,-14}{(_isReady ? "healthy again" : Seconds()),8}   {Dim(address ?? "")}");
        }
        else if (hasEndedByItself)
        {
            Write(
                $"  {Yellow("↻")} {name,-14}ended"
                + $"{(now.ExitCode is { } code ? string.Create(CultureInfo.InvariantCulture, $" with exit code {code}") : "")}"
                + $"; starting it again ({now.Restarts})");
            if (now.FailedStarts == FailuresBeforeLogHint) Write($"    {Dim($"what it says: {Path.Combine(_data, "logs", name + ".log")}")}");
        }
        else if (before.Healthy && now.State == KnownResourceStates.Running)
        {
            Write($"  {Yellow("!")} {name,-14}runs but is not healthy");
        }
    }

    /// <summary>Sets what the start waits for, which is shown when nothing else has been written for a while.</summary>
    public void SetWaitReason(Func<IReadOnlyList<string>> late) =>
        _waitingFor = () => late() is { Count: > 0 } names ? $"not healthy yet: {string.Join(", ", names)}" : null;

    public void ReportReady(ApplicationModel host, RunState.DashboardAddress? dashboard)
    {
        _isReady = true;
        _reminder?.Dispose();
        Write();
        Write($"  {Bold("MedCor is ready")} {Dim("after " + Seconds())}");
        Write();
        foreach (var project in host.Projects.Where(project => project.IsExternal))
        {
            var addresses = project.Replicas.Select(replica => replica.GetEndpoint("http").Url).ToArray();
            for (var index = 0; index < addresses.Length; index++)
                WriteRow(index == 0 ? char.ToUpperInvariant(project.Name[0]) + project.Name[1..] : "", addresses[index]);
            if (project.Replicas[0].Resource.Annotations.OfType<EndpointAnnotation>()
                .Any(endpoint => endpoint.TargetHost is not ("localhost" or "127.0.0.1" or "[::1]")))
                WriteNote("Other machines can reach it, and log in to the demo accounts with their public password. Use this only in a trusted network.");
            WriteRow("API docs", $"{addresses[0]}/api/docs/");
        }

        if (host.Projects.FirstOrDefault(project => project.Name == "mailbox") is { } mailbox)
            WriteRow("Mailbox", mailbox.Replicas[0].GetEndpoint("http").Url);
        if (dashboard is not null) WriteRow("Dashboard", dashboard.Login);
        Write();
        Write($"  Sign in with {Bold(DemoTenants.Password)} as");
        foreach (var (email, description) in DemoTenants.Accounts) Write($"    {email,-32}{Dim(description)}");
        Write();
        Write($"  {Dim($"Ctrl+C stops everything. The data stays in {_data}; logs are in {Path.Combine(_data, "logs")}.")}");
        Write();
    }

    /// <summary>Writes a note to the user.</summary>
    public void WriteNote(string text) => Write($"  {Yellow("!")} {text}");

    /// <summary>Writes a line of output of a long-running program.</summary>
    public void WriteProgress(string text) => Write($"    {Dim(text)}");

    public void ReportStopping()
    {
        _waitingFor = () => "stopping";
        Write();
        Write($"  {Dim("stopping: services first, then servers …")}");
    }

    public void ReportStopped()
    {
        _reminder?.Dispose();
        Write($"  {Dim(_isReady ? "stopped" : "stopped before it was up")}");
    }

    public void Dispose() => _reminder?.Dispose();

    private void WriteReminder()
    {
        if (Stopwatch.GetElapsedTime(_lastLine) >= ReminderInterval && _waitingFor() is { } what) Write($"  {Dim($"… {Seconds()}: {what}")}");
    }

    private void WriteRow(string title, string value) => Write($"  {title,-12}{value}");

    private string Seconds() => string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(_began).TotalSeconds:0.0} s");

    private void Write(string line = "")
    {
        if (isQuiet) return;
        lock (_writeLock)
        {
            _lastLine = Stopwatch.GetTimestamp();
            output.WriteLine(line);
        }
    }

    private string Bold(string text) => Styled("1", text);

    private string Dim(string text) => Styled("2", text);

    private string Green(string text) => Styled("32", text);

    private string Yellow(string text) => Styled("33", text);

    private string Styled(string style, string text) => _colors ? $"\e[{style}m{text}\e[0m" : text;
}
