using System.Globalization;
using MedCor.AppHost.Processes;

namespace MedCor.AppHost.Servers;

/// <summary>Finds the programs of the servers on this machine, and installs missing packages.</summary>
internal sealed class ServerPackages
{
    // policy-rc.d prevents Debian from starting a service during its installation. The units are disabled too, so that they do not start at the next boot.
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

    private readonly List<string> _required = [];

    /// <summary>Gets the path of RabbitMQ's start script.</summary>
    // Debian's wrapper in PATH is not used: it requires the user and the paths of the packaged service.
    public static string RabbitMQServer =>
        File.Exists(DebianRabbitMQ) || ExecutableLocator.Find("rabbitmq-server") is not { } installed ? DebianRabbitMQ : installed;

    private static string DebianRabbitMQ => "/usr/lib/rabbitmq/bin/rabbitmq-server";

    /// <summary>Returns the directory of PostgreSQL's programs, of the given major version if one is given.</summary>
    public static string GetPostgresDirectory(string? version) => FindPostgres(version)
        ?? throw new DistributedApplicationException($"{(version is null ? "postgresql" : $"postgresql-{version}")} is not installed.");

    /// <summary>Adds a Debian package to those that the application requires.</summary>
    public void Require(string package) => _required.Add(package);

    /// <summary>
    /// Installs missing packages on Debian and its derivatives, where this process is root or has sudo without a password. The packages' own services are
    /// not left running.
    /// </summary>
    /// <param name="note">Receives messages to the user.</param>
    /// <param name="progress">Receives lines of output of the installation.</param>
    /// <exception cref="DistributedApplicationException">
    /// The process may not install packages, or the installation failed. The message contains the command to run.
    /// </exception>
    public async Task InstallMissingAsync(Action<string> note, Action<string> progress, CancellationToken ct)
    {
        string[] missing = [.. _required.Where(package => !IsInstalled(package))];
        if (missing.Length == 0) return;
        var packages = string.Join(' ', missing);
        if (ExecutableLocator.Find("apt-get") is null)
        {
            throw new DistributedApplicationException($"Not installed: {packages}. " + (OperatingSystem.IsMacOS()
                ? "Run: brew install postgresql@17 redis rabbitmq"
                : "Install PostgreSQL (15 or later), Redis (7) and RabbitMQ (3.10 or later) with this system's package manager."));
        }

        var command = $"apt-get update && apt-get install -y --no-install-recommends {packages}";
        string[] asRoot = Environment.IsPrivilegedProcess ? []
            : ExecutableLocator.Find("sudo") is { } sudo && (await ProgramRunner.RunAsync([sudo, "-n", "true"], _ => { }, ct)).ExitCode == 0 ? [sudo, "-n"]
            : throw new DistributedApplicationException($"Not installed: {packages}. Run: sudo sh -c '{command}'");

        note($"Not installed: {packages}. Running: {command}");
        var (exitCode, lastLines) = await ProgramRunner.RunAsync([.. asRoot, "sh", "-c", Script, "sh", .. missing], progress, ct);
        if (exitCode != 0 || !missing.All(IsInstalled)) throw new DistributedApplicationException($"{packages} could not be installed:\n{lastLines}");
        note($"Installed: {packages}");
    }

    private static bool IsInstalled(string package) => package switch
    {
        "postgresql" => FindPostgres(null) is not null,
        "rabbitmq-server" => File.Exists(RabbitMQServer) && ExecutableLocator.Find("epmd") is not null,
        _ => ExecutableLocator.Find(package) is not null,
    };

    private static string? FindPostgres(string? version)
    {
        // Debian's wrappers in PATH choose among Debian's own clusters; the programs are in a directory per version.
        const string Debian = "/usr/lib/postgresql";
        var installed = Directory.Exists(Debian)
            ? Directory.GetDirectories(Debian)
                .OrderByDescending(directory => int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out var number) ? number : 0)
            : Enumerable.Empty<string>();
        return installed.Where(directory => version is null || Path.GetFileName(directory) == version)
            .Select(directory => Path.Combine(directory, "bin"))
            .Append(Path.GetDirectoryName(ExecutableLocator.Find("initdb")))
            .FirstOrDefault(directory => directory is not null && IsUsable(Path.Combine(directory, "postgres")));
    }

    // A removed package may have left dangling links.
    private static bool IsUsable(string path) => File.Exists(path) && (File.ResolveLinkTarget(path, returnFinalTarget: true)?.Exists ?? true);
}
