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
