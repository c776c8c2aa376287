using System.Diagnostics;
using MedCor.AppHost.Processes;

namespace MedCor.AppHost.Data;

/// <summary>
/// Records the processes of the application. A killed host leaves them to the orchestrator, which terminates them within seconds; the next start terminates
/// them itself, so that the data and the ports are free.
/// </summary>
internal sealed class StartedProcesses(DataDirectory data)
{
    private static readonly TimeSpan TerminationTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<string, Started> _processes = [];

    /// <summary>Records the current process of a resource.</summary>
    public void Record(string resource, int? pid)
    {
        if (pid is not { } id || (_processes.TryGetValue(resource, out var recorded) && recorded.Pid == id)) return;
        _processes[resource] = new(id, ProcessTable.GetStartTime(id));
        PrivateFile.WriteJson(FileOf(data), _processes.Values);
    }

    /// <summary>Terminates the processes that a killed host with the same data directory left running.</summary>
    public static async Task TerminateLeftoversAsync(DataDirectory data, CancellationToken ct)
    {
        var leftovers = (PrivateFile.ReadJson<List<Started>>(FileOf(data)) ?? [])
            .Where(process => ProcessTable.IsAlive(process.Pid, process.StartedAt)).ToList();
        foreach (var process in leftovers) ProcessTable.SendSignal(process.Pid, Signal.Term);
        var began = Stopwatch.GetTimestamp();
        while (leftovers.Any(process => ProcessTable.IsAlive(process.Pid, process.StartedAt)))
        {
            if (Stopwatch.GetElapsedTime(began) > TerminationTimeout)
            {
                foreach (var process in leftovers.Where(process => ProcessTable.IsAlive(process.Pid, process.StartedAt)))
                    ProcessTable.SendSignal(process.Pid, Signal.Kill);
            }

            // The processes are not children of this one, so the kernel does not notify it when they exit.
            await Task.Delay(PollInterval, ct);
        }

        File.Delete(FileOf(data));
    }

    /// <summary>Deletes the record, because all processes have exited.</summary>
    public void Clear() => File.Delete(FileOf(data));

    private static string FileOf(DataDirectory data) => Path.Combine(data.FullPath, "processes.json");

    private sealed record Started(int Pid, long StartedAt);
}
