using System.Diagnostics;
using MedCor.AppHost.Data;
using MedCor.AppHost.Processes;
using MedCor.Contracts;

namespace MedCor.AppHost.Servers;

/// <summary>Runs the servers as Aspire's containers, each with a volume, and publishes them as containers.</summary>
/// <param name="data">The data directory that stores the passwords; null when publishing.</param>
internal sealed class ContainerServerProvider(IDistributedApplicationBuilder builder, DataDirectory? data, bool reset) : ServerProvider
{
    private static readonly string[] Engines = ["docker", "podman"];
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(5);

    private ServerLogins? Logins => data is null ? null : (field ??= new(data));

    /// <summary>Returns whether a container engine responds on this machine.</summary>
    public static bool IsEngineAvailable() => Engines.Any(engine => RunEngine(engine, "info"));

    public override IPostgresServer AddPostgres(string name) =>
        new Databases(builder.AddPostgres(name, password: Password(name), port: data?.Ports.GetPort(name)).WithDataVolume(Volume(name))
            .WithArgs("-c", "jit=off"));

    public override SharedServer AddRedis(string name, int maxMegabytes, IReadOnlyList<RedisLogin>? logins = null)
    {
        var users = Logins is not { } passwords || logins is null ? "" : string.Concat(logins.Select(login =>
            $" --user {login.User} on '#{passwords.GetPasswordHash(login.User)}' {string.Join(' ', login.Rules.Split(' ').Select(rule => $"'{rule}'"))}"));
        var server = builder.AddRedis(name, data?.Ports.GetPort(name), Password(name)).WithDataVolume(Volume(name))
            .WithPersistence(interval: TimeSpan.FromSeconds(10))
            // Aspire's last argument is the command line of the server.
            .WithArgs(context =>
                context.Args[^1] = $"{context.Args[^1]} --maxmemory {maxMegabytes}mb --maxmemory-policy noeviction{users}");
        var endpoint = server.Resource.PrimaryEndpoint;
        return new(server, logins?.Select(login => login.User).ToArray(), program => ReferenceExpression.Create(
            $"{endpoint.Property(EndpointProperty.Host)}:{endpoint.Property(EndpointProperty.Port)},user={program}"), Logins);
    }

    public override SharedServer AddRabbitMQ(string name, IReadOnlyList<string>? programs = null)
    {
        var server = builder.AddRabbitMQ(name, password: Password(name), port: data?.Ports.GetPort(name)).WithDataVolume(Volume(name));
        if (data is not null && Logins is { } passwords && programs is not null)
        {
            // The directory is closed to others, and the user of the container can read the files.
            var directory = data.GetDirectory($"{name}-definitions");
            var (definitions, configuration) = (Path.Combine(directory, "definitions.json"), Path.Combine(directory, "definitions.conf"));
            File.WriteAllText(definitions, BrokerDefinitions.Create(data.GetPassword(name), programs, passwords));
            File.WriteAllText(configuration, "load_definitions = /etc/rabbitmq/definitions.json\n");
            server.WithBindMount(definitions, "/etc/rabbitmq/definitions.json", isReadOnly: true)
                .WithBindMount(configuration, "/etc/rabbitmq/conf.d/20-definitions.conf", isReadOnly: true);
        }

        var endpoint = server.Resource.PrimaryEndpoint;
        return new(server, programs, program => ReferenceExpression.Create(
            $"amqp://{program}@{endpoint.Property(EndpointProperty.Host)}:{endpoint.Property(EndpointProperty.Port)}"), Logins);
    }

    private IResourceBuilder<ParameterResource>? Password(string name) =>
        data is null ? null : builder.AddParameter($"{name}-password", () => data.GetPassword(name), secret: true);

    private string? Volume(string name)
    {
        if (data is null) return null;
        var volume = $"medcor-{data.DirectoryHash}-{name}";
        if (reset) _ = Engines.Any(engine => RunEngine(engine, "volume", "rm", "--force", volume));
        return volume;
    }

    private static bool RunEngine(string engine, params string[] arguments)
    {
        if (ExecutableLocator.Find(engine) is not { } program) return false;
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        if (process.WaitForExit(ProbeTimeout)) return process.ExitCode == 0;
        process.Kill();
        return false;
    }

    private sealed class Databases(IResourceBuilder<PostgresServerResource> server) : IPostgresServer
    {
        public IResourceBuilder<IResourceWithConnectionString> AddDatabase(string name) => server.AddDatabase(name);
    }
}
