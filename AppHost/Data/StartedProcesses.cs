using System.Diagnostics;
using MedCor.AppHost.Processes;

namespace MedCor.AppHost.Data;

/// <summary>
/// Remembers the processes that the application consists of. A killed host leaves them to the orchestrator, which ends them within
/// seconds; the next start ends them itself, so that it finds the data and the ports free.
/// </summary>
internal sealed class StartedProcesses(DataDirectory data)
{
    private static readonly TimeSpan TerminationTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<string, Started> _processes = [];

    /// <summary>Notes the process that a resource runs as now.</summary>
    public void Record(string resource, int? pid)
    {
        if (pid is not { } id || (_processes.TryGetValue(resource, out var known) && known.Pid == id)) return;
        _processes[resource] = new(id, ProcessTable.GetStartTime(id));
        PrivateFile.WriteJson(FileOf(data), _processes.Values);
    }

    /// <summary>Ends what a killed host on the same data has left.</summary>
    public static async Task TerminateLeftoversAsync(DataDirectory data, CancellationToken ct)
    {
        var left = (PrivateFile.ReadJson<List<Started>>(FileOf(data)) ?? []).Where(process => ProcessTable.IsAlive(process.Pid, process.StartedAt)).ToList();
        foreach (var process in left) ProcessTable.SendSignal(process.Pid, Signal.Term);
        var began = Stopwatch.GetTimestamp();
        while (left.Any(process => ProcessTable.IsAlive(process.Pid, process.StartedAt)))
        {
            if (Stopwatch.GetElapsedTime(began) > TerminationTimeout)
            {
                foreach (var process in left.Where(process => ProcessTable.IsAlive(process.Pid, process.StartedAt))) ProcessTable.SendSignal(process.Pid, Signal.Kill);
            }

            // They are not our children: the kernel tells us of their end by no other way.
            await Task.Delay(PollInterval, ct);
        }

        File.Delete(FileOf(data));
    }

    /// <summary>Forgets them all: they have ended.</summary>
    public void Clear() => File.Delete(FileOf(data));

    private static string FileOf(DataDirectory data) => Path.Combine(data.FullPath, "processes.json");

    private sealed record Started(int Pid, long StartedAt);
}
