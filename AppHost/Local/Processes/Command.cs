namespace MedCor.Hosting.Processes;

/// <summary>A signal of POSIX, by its number.</summary>
internal enum Signal
{
    Int = 2,
    Kill = 9,
    Term = 15,
}

/// <summary>A program to start, and how it ends.</summary>
internal sealed record Command(string Program, params string[] Arguments)
{
    public string? WorkingDirectory { get; init; }

    /// <summary>Set on top of this process's own environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>The user to run as, when this process is root; null for this process's own.</summary>
    public string? User { get; init; }

    /// <summary>Asks the program to end.</summary>
    public Signal StopSignal { get; init; } = Signal.Term;

    /// <summary>What the program gets when this process dies without having stopped it.</summary>
    public Signal DeathSignal { get; init; } = Signal.Term;

    /// <summary>How long the program may take to end before it is killed.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
