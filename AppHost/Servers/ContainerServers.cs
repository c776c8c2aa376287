using System.Diagnostics;
using MedCor.AppHost.Hosting;
using MedCor.AppHost.Processes;

namespace MedCor.AppHost.Servers;

/// <summary>Runs the servers as Aspire's own containers, each with a volume, and publishes them as such.</summary>
/// <param name="data">Where the passwords are kept; null to publish.</param>
internal sealed class ContainerServers(IDistributedApplicationBuilder builder, DataDirectory? data, bool reset) : ServerModel
{
    private static readonly string[] Engines = ["docker", "podman"];
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(5);

    /// <summary>Returns whether a container engine answers on this machine.</summary>
    public static bool EngineAnswers() => Engines.Any(engine => Ask(engine, "info"));

    public override IPostgresServer AddPostgres(string name) =>
        new Databases(builder.AddPostgres(name, password: Password(name), port: data?.Ports.For(name)).WithDataVolume(Volume(name)));

    public override IResourceBuilder<IResourceWithConnectionString> AddRedis(string name) =>
        builder.AddRedis(name, data?.Ports.For(name), Password(name)).WithDataVolume(Volume(name)).WithPersistence(interval: TimeSpan.FromSeconds(10));

    public override IResourceBuilder<IResourceWithConnectionString> AddRabbitMQ(string name) =>
        builder.AddRabbitMQ(name, password: Password(name), port: data?.Ports.For(name)).WithDataVolume(Volume(name));

    private IResourceBuilder<ParameterResource>? Password(string name) =>
        data is null ? null : builder.AddParameter($"{name}-password", () => data.PasswordOf(name), secret: true);

    private string? Volume(string name)
    {
        if (data is null) return null;
        var volume = $"medcor-{data.Key}-{name}";
        if (reset) _ = Engines.Any(engine => Ask(engine, "volume", "rm", "--force", volume));
        return volume;
    }

    private static bool Ask(string engine, params string[] arguments)
    {
        if (Programs.Find(engine) is not { } program) return false;
        using var asked = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        if (asked.WaitForExit(AnswersWithin)) return asked.ExitCode == 0;
        asked.Kill();
        return false;
    }

    private sealed class Databases(IResourceBuilder<PostgresServerResource> server) : IPostgresServer
    {
        public IResourceBuilder<IResourceWithConnectionString> AddDatabase(string name) => server.AddDatabase(name);
    }
}
