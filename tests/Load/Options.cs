using System.Globalization;

namespace MedCor.Load;

/// <summary>How much is measured.</summary>
/// <param name="Listeners">How many listen while single events are told.</param>
/// <param name="Events">How many of those are told, one after the other.</param>
/// <param name="BurstListeners">How many listen during a burst.</param>
/// <param name="Burst">How many events a burst has.</param>
/// <param name="Bursts">How many bursts there are with a slow reader, and as many without.</param>
/// <param name="Running">The data directory of a MedCor that runs already; null to start one.</param>
internal sealed record Options(int Listeners = 5000, int Events = 10, int BurstListeners = 50, int Burst = 2000, int Bursts = 3, string? Running = null)
{
    public const string Usage = """
        Measures live events with many listeners, of a MedCor that it starts for it.

          --listeners N        listeners to single events (5000)
          --events N           single events (10)
          --burst-listeners N  listeners to bursts (50)
          --burst N            events of a burst (2000)
          --bursts N           bursts with a slow reader, and as many without (3)
          --running DIR        measure the one that runs with its data in DIR and MCP_RATE_LIMIT=0; leaves departments there
        """;

    /// <summary>Null when it is no command line of this program.</summary>
    public static Options? Parse(string[] arguments)
    {
        var options = new Options();
        foreach (var pair in arguments.Chunk(2))
        {
            if (pair is ["--running", var data])
            {
                options = options with { Running = data };
                continue;
            }
            if (pair.Length < 2 || !int.TryParse(pair[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0) return null;
            var changed = pair[0] switch
            {
                "--listeners" => options with { Listeners = number },
                "--events" => options with { Events = number },
                "--burst-listeners" => options with { BurstListeners = number },
                "--burst" => options with { Burst = number },
                "--bursts" => options with { Bursts = number },
                _ => null,
            };
            if (changed is null) return null;
            options = changed;
        }
        return options;
    }
}
