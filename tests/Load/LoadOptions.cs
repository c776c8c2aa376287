using System.Globalization;

namespace MedCor.Load;

/// <summary>Configures what is measured, and how much.</summary>
/// <param name="Listeners">The number of subscribers while single events are measured.</param>
/// <param name="Events">The number of single events, sent one after the other.</param>
/// <param name="BurstListeners">The number of subscribers during a burst.</param>
/// <param name="Burst">The number of events in a burst.</param>
/// <param name="Bursts">The number of bursts with a slow reader, and of bursts without one.</param>
/// <param name="Running">The data directory of a MedCor that is already running; null to start one.</param>
/// <param name="Chat">Whether chat is measured, by the parameters below; otherwise live events, by the parameters above.</param>
/// <param name="Calls">The number of answers read one after the other, per route.</param>
/// <param name="AtOnce">The number of answers read concurrently, per route.</param>
/// <param name="Tokens">The number of tokens in an answer.</param>
/// <param name="TokensPerSecond">The rate at which the model writes tokens.</param>
/// <param name="Readers">The number of readers of the same answer, on the route with many readers.</param>
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
          --running DIR        measure the one that runs with its data in DIR and MCP_RATE_LIMIT=0 MCP_MAX_STREAMS=0 MCP_MAX_LISTENERS=0;
                               leaves departments there

        With chat as the first argument it measures instead what MedCor adds between the tokens of a model, which it brings, and their readers.

          --calls N              answers one after the other (20)
          --at-once N            answers at once (10)
          --tokens N             tokens of an answer (200)
          --tokens-per-second N  the model's pace (50)
          --readers N            readers of the same answer, over both gateways (20)
        """;

    /// <summary>Parses the command line. Returns null when it is invalid.</summary>
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
