using System.Globalization;
using MedCor.Hosting.ApplicationModel;
using MedCor.Hosting.Running;

namespace MedCor.Hosting.Terminal;

/// <summary>What the person at the terminal sees: how the start goes, where everything is, and what happens to it later.</summary>
internal sealed class Report(TextWriter output, bool quiet, DateTimeOffset since)
{
    private static readonly TimeSpan Reminder = TimeSpan.FromSeconds(20);

    private readonly Lock _lock = new();
    private readonly Dictionary<Instance, Status> _shown = [];
    private readonly bool _colors = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null;
    private string _data = "";
    private bool _ready;

    public void Starting(string data)
    {
        _data = data;
        Write();
        Write($"  {Bold("MedCor")}  {Dim("starting; data in " + data)}");
        Write();
    }

    public void Changed(Instance instance, Status now)
    {
        lock (_lock)
        {
            var before = _shown.GetValueOrDefault(instance);
            _shown[instance] = now;
            if (now.Healthy && before?.Healthy != true)
            {
                Write($"  {Green("✓")} {instance.Name,-14}{(now.Restarts > 0 && _ready ? "healthy again" : Seconds()),8}   {Dim(instance.Address ?? "")}");
            }
            else if (now.State == State.Restarting && before?.State != State.Restarting)
            {
                Write($"  {Yellow("↻")} {instance.Name,-14}ended{(now.ExitCode is { } code ? string.Create(CultureInfo.InvariantCulture, $" with exit code {code}") : "")}; starting it again ({now.Restarts})");
                if (instance.FailedStarts == 2)
                {
                    Write($"    {Dim($"what it says: {Path.Combine(_data, "logs", instance.Name + ".log")}")}");
                }
            }
            else if (now is { State: State.Running, Healthy: false } && before is { Healthy: true })
            {
                Write($"  {Yellow("!")} {instance.Name,-14}runs but is not healthy");
            }
        }
    }

    /// <summary>Reminds of what is still missing, until the work is done.</summary>
    public async Task UntilAsync(Task work, CancellationToken ct)
    {
        while (await Task.WhenAny(work, Task.Delay(Reminder, ct)) != work && !ct.IsCancellationRequested)
        {
            lock (_lock)
            {
                var late = _shown.Where(entry => !entry.Value.Healthy).Select(entry => entry.Key.Name).ToArray();
                if (late.Length > 0) Write($"  {Dim($"… {Seconds()}: not healthy yet: {string.Join(", ", late)}")}");
            }
        }

        await work;
    }

    public void Ready(IReadOnlyList<Instance> instances, string? dashboard, string data)
    {
        lock (_lock)
        {
            _ready = true;
            Write();
            Write($"  {Bold("MedCor is ready")} {Dim("after " + Seconds())}");
            Write();
            foreach (var project in instances.Select(instance => instance.Resource).OfType<ProjectResource>().Distinct().Where(project => project.Http?.IsExternal == true))
            {
                Row(Title(project.Name), [.. project.Addresses.Select(address => address.GetLeftPart(UriPartial.Authority))]);
                if (project.Addresses.Any(address => !address.IsLoopback))
                {
                    Note("Other machines can reach it, and the demo accounts with their public password. Do so only where you trust everybody.");
                }

                foreach (var url in project.Urls.Select(url => url()))
                {
                    Row(url.DisplayText ?? url.Url, new Uri(project.Addresses[0], url.Url).ToString());
                }
            }

            if (dashboard is not null)
            {
                Row("Dashboard", dashboard);
            }

            Write();
            Write($"  Sign in with {Bold(DemoAccounts.Password)} as");
            foreach (var (email, who) in DemoAccounts.All)
            {
                Write($"    {email,-32}{Dim(who)}");
            }

            Write();
            Write($"  {Dim($"Ctrl+C stops everything. The data stays in {data}; logs are in {Path.Combine(data, "logs")}.")}");
            Write();
        }
    }

    public void Note(string text) => Write($"  {Yellow("!")} {text}");

    public static void Error(string text) => Console.Error.WriteLine(text);

    public void Stopping(bool any)
    {
        if (any)
        {
            Write();
            Write($"  {Dim("stopping: services first, then servers …")}");
        }
    }

    public void Stopped(bool any)
    {
        if (any)
        {
            Write($"  {Dim("stopped")}");
        }
    }

    private static string Title(string name) => char.ToUpperInvariant(name[0]) + name[1..];

    private void Row(string title, params string[] values)
    {
        for (var index = 0; index < values.Length; index++)
        {
            Write($"  {(index == 0 ? title : ""),-12}{values[index]}");
        }
    }

    private string Seconds() => string.Create(CultureInfo.InvariantCulture, $"{(DateTimeOffset.UtcNow - since).TotalSeconds:0.0} s");

    private void Write(string line = "")
    {
        if (!quiet)
        {
            lock (_lock)
            {
                output.WriteLine(line);
            }
        }
    }

    private string Bold(string text) => Styled("1", text);

    private string Dim(string text) => Styled("2", text);

    private string Green(string text) => Styled("32", text);

    private string Yellow(string text) => Styled("33", text);

    private string Styled(string style, string text) => _colors ? $"\e[{style}m{text}\e[0m" : text;
}
