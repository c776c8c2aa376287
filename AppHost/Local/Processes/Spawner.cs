using System.Collections.Concurrent;
using System.Diagnostics;

namespace MedCor.Hosting.Processes;

/// <summary>
/// Starts processes on a thread that lives as long as this process: the kernel sends a child its parent-death signal when
/// the thread that started it ends, and threads of the pool come and go.
/// </summary>
internal static class Spawner
{
    private static readonly BlockingCollection<(ProcessStartInfo Start, TaskCompletionSource<Process> Started)> Asked = new(boundedCapacity: 256);

    static Spawner() => new Thread(Work) { IsBackground = true, Name = nameof(Spawner) }.Start();

    public static Task<Process> StartAsync(ProcessStartInfo start)
    {
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        Asked.Add((start, started));
        return started.Task;
    }

    private static void Work()
    {
        foreach (var (start, started) in Asked.GetConsumingEnumerable())
        {
            try
            {
                started.SetResult(Process.Start(start)!);
            }
            catch (Exception failed) when (failed is System.ComponentModel.Win32Exception or IOException or InvalidOperationException)
            {
                started.SetException(new DistributedApplicationException($"{start.FileName} could not be started: {failed.Message}", failed));
            }
        }
    }
}
