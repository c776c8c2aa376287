using System.Diagnostics;
using MedCor.AppHost.Data;
using MedCor.AppHost.Processes;

namespace MedCor.AppHost.Servers;

/// <summary>Runs the servers as Aspire's containers, each with a volume, and publishes them as containers.</summary>
/// <param name="data">The data directory that stores the passwords; null when publishing.</param>
internal sealed class ContainerServerProvider(IDistributedApplicationBuilder builder, DataDirectory? data, bool reset) : ServerProvider
{
    private static readonly string[] Engines = ["docker", "podman"];
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Returns whether a container engine responds on this machine.</summary>
    public static bool IsEngineAvailable() => Engines.Any(engine => RunEngine(engine, "info"));

    public override IPostgresServer AddPostgres(string name) =>
        new Databases(builder.AddPostgres(name, password: Password(name), port: data?.Ports.GetPort(name)).WithDataVolume(Volume(name))
            .WithArgs("-c", "jit=off"));

    public override IResourceBuilder<IResourceWithConnectionString> AddRedis(string name) =>
        builder.AddRedis(name, data?.Ports.GetPort(name), Password(name)).WithDataVolume(Volume(name)).WithPersistence(interval: TimeSpan.FromSeconds(10));

    public override IResourceBuilder<IResourceWithConnectionString> AddRabbitMQ(string name) =>
        builder.AddRabbitMQ(name, password: Password(name), port: data?.Ports.GetPort(name)).WithDataVolume(Volume(name));

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
