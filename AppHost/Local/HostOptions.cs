using System.Globalization;

namespace MedCor.Hosting;

/// <summary>How an application is created.</summary>
public sealed class DistributedApplicationOptions
{
    /// <summary>The command line; see <c>--help</c>.</summary>
    public IReadOnlyList<string> Args { get; init; } = [];

    /// <summary>Starts no dashboard. Services then send their telemetry nowhere, unless the host's environment names a place.</summary>
    public bool DisableDashboard { get; init; }

    /// <summary>Writes nothing to the terminal but errors.</summary>
    public bool Quiet { get; init; }
}

/// <summary>The command line, understood.</summary>
internal sealed record HostOptions
{
    public const string Usage = """
        Starts MedCor: its servers, its services and its gateway, as processes of this machine.

          --replicas N     run every service and the gateway N times (1)
          --data DIR       keep the data there (.medcor in the repository)
          --reset          forget the data first
          --no-dashboard   start no dashboard
          --quiet          write only errors
          --help           this text
          run COMMAND      do not start MedCor: have the one that runs do an operator's command, in every service that has it
          run SERVICE COMMAND [ARGUMENT ...]    in that service alone

        MCP_SERVER_HOST and MCP_SERVER_PORT say where the gateway listens (localhost, 8002; port 0 is any free one).
        All other MCP_* variables reach every service, and OPENAI_* the chat service.
        """;

    public required string Data { get; init; }

    public bool Reset { get; init; }

    public bool Quiet { get; init; }

    public bool Dashboard { get; init; } = true;

    public bool Help { get; init; }

    /// <summary>What follows <c>run</c>; null to start the application.</summary>
    public IReadOnlyList<string>? Operation { get; init; }

    /// <summary>What is wrong with the command line; told when the application starts.</summary>
    public string? Error { get; init; }

    /// <summary>What the model may read from its configuration.</summary>
    public Dictionary<string, string?> Settings { get; } = [];

    public static HostOptions Parse(DistributedApplicationOptions given)
    {
        var options = new HostOptions
        {
            Data = Path.Combine(RepositoryRoot(), ".medcor"), Quiet = given.Quiet, Dashboard = !given.DisableDashboard,
        };
        for (var index = 0; index < given.Args.Count; index++)
        {
            var argument = given.Args[index];
            if (argument == "run" && index + 1 < given.Args.Count)
            {
                return options with { Operation = [.. given.Args.Skip(index + 1)] };
            }

            options = argument switch
            {
                "--reset" => options with { Reset = true },
                "--quiet" => options with { Quiet = true },
                "--no-dashboard" => options with { Dashboard = false },
                "--help" or "-h" => options with { Help = true },
                "--data" when index + 1 < given.Args.Count => options with { Data = Path.GetFullPath(given.Args[++index]) },
                "--replicas" when index + 1 < given.Args.Count => options.WithReplicas(given.Args[++index]),
                "--data" or "--replicas" => options with { Error = $"{argument} needs a value." },
                _ => options with { Error = $"{argument} is not an option." },
            };
        }

        return options;
    }

    private HostOptions WithReplicas(string value)
    {
        if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var replicas) || replicas is < 1 or > 16)
        {
            return this with { Error = "--replicas is a number from 1 to 16." };
        }

        Settings["replicas"] = value;
        return this;
    }

    // The host may be started from anywhere, also as a built assembly.
    private static string RepositoryRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "MedCor.sln")))
            {
                return directory.FullName;
            }
        }

        return Environment.CurrentDirectory;
    }
}
