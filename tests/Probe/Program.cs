// A program that the host tests run. By default it is a service that can report its health and crash. With the name of an application model and options it is a
// small host of its own, in a process that a test can kill.

using MedCor.AppHost.Hosting;
using MedCor.Contracts;

switch (args)
{
    case ["servers", .. var options]:
        return await MedCorHost.RunAsync(options, host =>
        {
            host.Servers.AddPostgres("postgres").AddDatabase("clinicaldb");
            host.Servers.AddRedis("cache", maxMegabytes: 64, RedisAccess.Cache);
            host.Servers.AddRedis("control", maxMegabytes: 64, RedisAccess.Control);
            host.Servers.AddRabbitMQ("messaging", BrokerAccess.Programs);
        });

    case ["stores", .. var options]:
        return await MedCorHost.RunAsync(options, host =>
        {
            host.Servers.AddPostgres("postgres").AddDatabase("clinicaldb");
            host.Servers.AddRedis("cache", maxMegabytes: 64);
        });

    case ["services", .. var options]:
        return await MedCorHost.RunAsync(options, host =>
        {
            var database = host.Servers.AddPostgres("postgres").AddDatabase("clinicaldb");
            var cache = host.Servers.AddRedis("cache", maxMegabytes: 64);
            var messaging = host.Servers.AddRabbitMQ("messaging");
            var probe = host.AddProject<Probe>("probe", GatewayAddress.Port)
                .With(replica => replica.WithExternalHttpEndpoints().WithHttpHealthCheck("/health"));
            var caller = host.AddProject<Probe>("caller", isReplicated: false).WithDatabase(database).WithServer(cache)
                .WithServer(messaging).WithReference(probe)
                .With(replica => replica.WithHttpHealthCheck("/health"));
            host.ForwardSettings(_ => [caller]);
        });

    case ["service", .. var options]:
        return await MedCorHost.RunAsync(options, host =>
            host.AddProject<Probe>("probe", GatewayAddress.Port).With(replica => replica.WithExternalHttpEndpoints().WithHttpHealthCheck("/health")));

    case ["nothing", .. var options]:
        return await MedCorHost.RunAsync(options, host => host.AddProject<Nothing>("nothing"));
}

var app = WebApplication.CreateBuilder(args).Build();
app.MapGet("/health", () => "ok");
app.MapPost("/crash", () => Environment.FailFast("asked to"));
app.Run();
return 0;

internal sealed class Probe : IProjectMetadata
{
    // Three folders up from bin/Debug/net10.0.
    public string ProjectPath => Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../MedCor.Tests.Probe.csproj"));
}

/// <summary>Represents a project that is not built.</summary>
internal sealed class Nothing : IProjectMetadata
{
    public string ProjectPath => Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../Nothing.csproj"));
}
