using System.Diagnostics.Tracing;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Diagnostics.Tracing;

namespace MedCor.Tests;

/// <summary>Counts the bytes that a .NET process allocates, by the runtime's own counter, which reports once a second.</summary>
public sealed class AllocationCounter
{
    private long _bytes;
    private int _reports;

    private AllocationCounter()
    {
    }

    /// <summary>Gets the bytes that have been allocated since the start of counting.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Gets how often the process has reported.</summary>
    public int Reports => Volatile.Read(ref _reports);

    /// <summary>Starts counting until this program or the process ends.</summary>
    public static AllocationCounter Start(int process)
    {
        var counter = new AllocationCounter();
        var session = new DiagnosticsClient(process).StartEventPipeSession(
            new EventPipeProvider("System.Runtime", EventLevel.Informational, arguments: new Dictionary<string, string> { ["EventCounterIntervalSec"] = "1" }),
            requestRundown: false);
        new Thread(() =>
        {
            using var source = new EventPipeEventSource(session.EventStream);
            source.Dynamic.All += counter.Add;
            try
            {
                source.Process();
            }
            catch (Exception e) when (e is FormatException or IOException)
            {
                // The process has ended, and with it the stream.
            }
        })
        {
            IsBackground = true,
        }.Start();
        return counter;
    }

    private void Add(TraceEvent e)
    {
        if (e.EventName != "EventCounters") return;
        var counter = (IDictionary<string, object>)((IDictionary<string, object>)e.PayloadValue(0))["Payload"];
        if ((string)counter["Name"] != "alloc-rate") return;
        Interlocked.Add(ref _bytes, (long)(double)counter["Increment"]);
        Interlocked.Increment(ref _reports);
    }
}
