using System.Globalization;

namespace MedCor.Load;

/// <summary>How much is measured.</summary>
/// <param name="Listeners">How many listen while single events are told.</param>
/// <param name="Events">How many of those are told, one after the other.</param>
/// <param name="BurstListeners">How many listen during a burst.</param>
/// <param name="Burst">How many events a burst has.</param>
/// <param name="Bursts">How many bursts there are with a slow reader, and as many without.</param>
/// <param name="Running">The data directory of a MedCor that runs already; null to start one.</param>
/// <param name="Chat">Whether it is chat that is measured, and what follows; otherwise live events, and what stands above.</param>
/// <param name="Calls">How many answers are read one after the other, each way.</param>
/// <param name="AtOnce">How many answers are read at once, each way.</param>
/// <param name="Tokens">How many tokens an answer has.</param>
/// <param name="TokensPerSecond">How fast the model writes them.</param>
/// <param name="Readers">How many read the same answer, where many do.</param>
internal sealed record LoadOptions(
    int Listeners = 5000, int Events = 10, int BurstListeners = 50, int Burst = 2000, int Bursts = 3, string? Running = null,
    bool Chat = false, int Calls = 20, int AtOnce = 10, int Tokens = 200, int TokensPerSecond = 50, int Readers = 20)
{
    public const string Usage = """
        Measures live events with many listeners, of a MedCor that it starts for it.

          --listeners N        listeners to single events (5000)
          --events N           single events (10)
          --burst-listeners N  listeners to bursts (50)
          --burst N            events of a burst (2000)
          --bursts N           bursts with a slow reader, and as many without (3)
          --running DIR        measure the one that runs with its data in DIR and MCP_RATE_LIMIT=0 MCP_MAX_STREAMS=0 MCP_MAX_LISTENERS=0; leaves departments there

        With chat as the first argument it measures instead what MedCor adds between the tokens of a model, which it brings, and their readers.

          --calls N              answers one after the other (20)
          --at-once N            answers at once (10)
          --tokens N             tokens of an answer (200)
          --tokens-per-second N  the model's pace (50)
          --readers N            readers of the same answer, over both gateways (20)
        """;

    /// <summary>Null when it is no command line of this program.</summary>
    public static LoadOptions? Parse(string[] arguments)
    {
        var options = new LoadOptions(Chat: arguments is ["chat", ..]);
        foreach (var pair in arguments.Skip(options.Chat ? 1 : 0).Chunk(2))
        {
            if (!options.Chat && pair is ["--running", var data])
            {
                options = options with { Running = data };
                continue;
            }
            if (pair.Length < 2 || !int.TryParse(pair[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0) return null;
            var changed = (options.Chat, pair[0]) switch
            {
                (false, "--listeners") => options with { Listeners = number },
                (false, "--events") => options with { Events = number },
                (false, "--burst-listeners") => options with { BurstListeners = number },
                (false, "--burst") => options with { Burst = number },
                (false, "--bursts") => options with { Bursts = number },
                (true, "--calls") => options with { Calls = number },
                (true, "--at-once") => options with { AtOnce = number },
                (true, "--tokens") => options with { Tokens = number },
                (true, "--tokens-per-second") => options with { TokensPerSecond = number },
                (true, "--readers") => options with { Readers = number },
                _ => null,
            };
            if (changed is null) return null;
            options = changed;
        }
        return options;
    }
}
