using MedCor.Hosting.ApplicationModel;
using MedCor.Hosting.Processes;

namespace MedCor.Hosting.Servers;

/// <summary>Where the servers are installed on this machine, and how they get there.</summary>
internal static class Installation
{
    private static readonly (Type Resource, string Package, Func<bool> IsPresent)[] Needs =
    [
        (typeof(PostgresServerResource), "postgresql", () => FindPostgres(null) is not null),
        (typeof(RedisResource), "redis-server", () => Programs.Find("redis-server") is not null),
        (typeof(RabbitMQServerResource), "rabbitmq-server", () => FindRabbitMQ() is not null && Programs.Find("epmd") is not null),
    ];

    public static string RedisServer => Programs.Find("redis-server") ?? throw Missing("redis-server");

    public static string RabbitMQServer => FindRabbitMQ() ?? throw Missing("rabbitmq-server");

    public static string Epmd => Programs.Find("epmd") ?? throw Missing("erlang");

    /// <summary>The directory of PostgreSQL's programs; of that major version when one is asked for.</summary>
    public static string PostgresPrograms(string? version) => FindPostgres(version) ?? throw Missing(version is null ? "postgresql" : $"postgresql-{version}");

    /// <summary>The Debian packages that these resources need and the machine lacks.</summary>
    public static IReadOnlyList<string> MissingFor(IEnumerable<IResource> resources)
    {
        var types = resources.Select(resource => resource.GetType()).ToHashSet();
        return [.. Needs.Where(need => types.Contains(need.Resource) && !need.IsPresent()).Select(need => need.Package)];
    }

    /// <summary>
    /// Installs what is missing, where this process may: on Debian and its kin, as root or with sudo that asks for no
    /// password. Throws with the command to run where it may not. The packages' own services are not left running.
    /// </summary>
    public static async Task EnsureAsync(IEnumerable<IResource> resources, Log log, Action<string> tell, CancellationToken ct)
    {
        var missing = MissingFor(resources);
        if (missing.Count == 0)
        {
            return;
        }

        var packages = string.Join(' ', missing);
        if (Programs.Find("apt-get") is null)
        {
            throw new DistributedApplicationException($"Not installed: {packages}. " + (OperatingSystem.IsMacOS()
                ? "Run: brew install postgresql@17 redis rabbitmq"
                : "Install PostgreSQL (15 or later), Redis (7) and RabbitMQ (3.10 or later) with this system's package manager."));
        }

        string[]? asRoot = Environment.IsPrivilegedProcess ? []
            : Programs.Find("sudo") is { } sudo && await ChildProcess.RunAsync(new Command(sudo, "-n", "true"), log, ct) == 0 ? [sudo, "-n"]
            : null;
        if (asRoot is null)
        {
            throw new DistributedApplicationException(
                $"Not installed: {packages}. Run: sudo apt-get update && sudo apt-get install -y --no-install-recommends {packages}");
        }

        tell($"Not installed: {packages}. Running: apt-get update && apt-get install -y --no-install-recommends {packages}");
        string[] line = [.. asRoot, "sh", "-c", Script, "sh", .. missing];
        if (await ChildProcess.RunAsync(new Command(line[0], line[1..]) { StopTimeout = TimeSpan.FromMinutes(1) }, log, ct) != 0 || MissingFor(resources).Count > 0)
        {
            throw new DistributedApplicationException($"{packages} could not be installed:\n{string.Join('\n', log.Tail(15))}");
        }

        tell($"Installed: {packages}");
    }

    // policy-rc.d is how Debian is told not to start a service while installing it; the units are also kept from the next boot.
    private const string Script = """
        set -e
        export DEBIAN_FRONTEND=noninteractive
        if [ ! -e /usr/sbin/policy-rc.d ]; then
            trap 'rm -f /usr/sbin/policy-rc.d' EXIT
            printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
            chmod 755 /usr/sbin/policy-rc.d
        fi
        apt-get -q -o DPkg::Lock::Timeout=300 update
        apt-get -q -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@"
        if [ -d /run/systemd/system ]; then
            for package in "$@"; do systemctl disable --now "$package.service" || true; done
        fi
        """;

    private static string? FindPostgres(string? version)
    {
        // Debian's wrappers in PATH choose among clusters of their own; the programs lie by version.
        const string debian = "/usr/lib/postgresql";
        var installed = Directory.Exists(debian)
            ? Directory.GetDirectories(debian).OrderByDescending(directory => int.TryParse(Path.GetFileName(directory), out var number) ? number : 0)
            : Enumerable.Empty<string>();
        return installed.Where(directory => version is null || Path.GetFileName(directory) == version)
            .Select(directory => Path.Combine(directory, "bin"))
            .Append(Path.GetDirectoryName(Programs.Find("initdb")))
            .FirstOrDefault(directory => directory is not null && File.Exists(Path.Combine(directory, "postgres")) && File.Exists(Path.Combine(directory, "psql")));
    }

    private static string? FindRabbitMQ()
    {
        // Not Debian's wrapper in PATH: that one insists on the user and the paths of the packaged service.
        const string debian = "/usr/lib/rabbitmq/bin/rabbitmq-server";
        return File.Exists(debian) ? debian : Programs.Find("rabbitmq-server");
    }

    private static DistributedApplicationException Missing(string package) => new($"{package} is not installed.");
}
