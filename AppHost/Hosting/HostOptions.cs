using System.Globalization;

namespace MedCor.AppHost.Hosting;

/// <summary>Specifies how PostgreSQL, Redis and RabbitMQ are run.</summary>
internal enum ServerKind
{
    /// <summary>Runs them as containers when a container engine responds, otherwise as processes.</summary>
    Automatic,

    /// <summary>Runs them as containers.</summary>
    Containers,

    /// <summary>Runs them as processes of this machine.</summary>
    Processes,
}

/// <summary>Represents the parsed command line.</summary>
internal sealed record HostOptions
{
    public const string Usage = """
        Starts MedCor: its servers, its services and its gateway.

          --replicas N     run every service and the gateway N times (1)
          --servers KIND   run the servers as "containers" or as "processes" (containers where an engine answers)
          --data DIR       keep the data there (.medcor in the repository)
          --reset          forget the data first
          --tls            encrypt what goes between the gateway, the services, RabbitMQ and Redis, which then run as processes
          --no-dashboard   start no dashboard
          --quiet          write only errors
          --help           this text
          run COMMAND      behind all options: have the MedCor that runs do an operator's command, in every service that has it, and start nothing
          run SERVICE COMMAND [ARGUMENT ...]    in that service alone
          --operation publish --publisher manifest --output-path FILE    write Aspire's manifest and start nothing

        MCP_SERVER_HOST and MCP_SERVER_PORT say where the gateway listens (localhost, 8002; port 0 is any free one).
        All other MCP_* variables reach every service, and OPENAI_* the chat service.
        """;

    private const int MaxReplicas = 16;

    public string Data { get; init; } = Path.Combine(RepositoryRoot(), ".medcor");

    public bool Reset { get; init; }

    public bool Quiet { get; init; }

    public bool Tls { get; init; }

    public bool Dashboard { get; init; } = true;

    public bool Help { get; init; }

    public int Replicas { get; init; } = 1;

    public ServerKind Servers { get; init; }

    /// <summary>Gets the arguments after <c>run</c>; null to start the application.</summary>
    public IReadOnlyList<string>? Command { get; init; }

    /// <summary>Gets Aspire's own arguments, which are used to publish.</summary>
    public IReadOnlyList<string> AspireArguments { get; init; } = [];

    /// <summary>Gets the error in the command line; null when there is none.</summary>
    public string? Error { get; init; }

    public static HostOptions Parse(IReadOnlyList<string> arguments)
    {
        if (arguments.Contains("--operation")) return ParsePublishing(arguments);
        var options = new HostOptions();
        var remaining = new Queue<string>(arguments);
        while (remaining.TryDequeue(out var argument))
        {
            if (argument == "run") return options.WithCommand([.. remaining]);
            options = options.WithOption(argument, remaining) ?? options with { Error = $"{argument} is not an option." };
        }

        return options;
    }

    // Publishing does not run the application, so the options that say how to run it have no meaning.
    private static HostOptions ParsePublishing(IReadOnlyList<string> arguments)
    {
        foreach (var option in arguments.Chunk(2))
        {
            if (option[0] is not ("--operation" or "--publisher" or "--output-path")) return new() { Error = $"{option[0]} is not an option of publishing." };
            if (option is not [_, var value]) return new() { Error = $"{option[0]} needs a value." };
            if (option[0] == "--operation" && value != "publish") return new() { Error = "--operation is publish." };
        }

        return new() { AspireArguments = arguments };
    }

    /// <summary>Applies an option, taking its value from the following arguments. Returns null when there is no option of that name.</summary>
    private HostOptions? WithOption(string name, Queue<string> values) => name switch
    {
        "--reset" => this with { Reset = true },
        "--quiet" => this with { Quiet = true },
        "--tls" => this with { Tls = true },
        "--no-dashboard" => this with { Dashboard = false },
        "--help" or "-h" => this with { Help = true },
        "--data" or "--replicas" or "--servers" when values.Count == 0 => this with { Error = $"{name} needs a value." },
        "--data" => this with { Data = Path.GetFullPath(values.Dequeue()) },
        "--replicas" => WithReplicas(values.Dequeue()),
        "--servers" => WithServers(values.Dequeue()),
        _ => null,
    };

    // A command has its own options, and the host's options must come before it.
    private HostOptions WithCommand(string[] command) =>
        command.FirstOrDefault(argument => WithOption(argument, values: new()) is not null) is { } misplaced
            ? this with { Error = $"{misplaced} is an option of the host: put it before run." }
        : command is [] or [['-', ..], ..] ? this with { Error = "run needs a command." }
        : this with { Command = command };

    private HostOptions WithReplicas(string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var replicas) && replicas is >= 1 and <= MaxReplicas
            ? this with { Replicas = replicas }
            : this with { Error = $"--replicas is a number from 1 to {MaxReplicas}." };

    private HostOptions WithServers(string value) => value switch
    {
        "containers" => this with { Servers = ServerKind.Containers },
        "processes" => this with { Servers = ServerKind.Processes },
        _ => this with { Error = "--servers is containers or processes." },
    };

    // The host can be started from any directory, also as a built assembly.
    private static string RepositoryRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "MedCor.sln"))) return directory.FullName;
        }

        return Environment.CurrentDirectory;
    }
}
