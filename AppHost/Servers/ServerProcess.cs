using MedCor.AppHost.Processes;

namespace MedCor.AppHost.Servers;

/// <summary>Represents a server that runs as a process of this machine and keeps its address across restarts.</summary>
internal abstract class ServerProcess(string name, string command, string directory, int port)
    : ExecutableResource(name, command, directory), IResourceWithConnectionString
{
    public int Port { get; } = port;

    public abstract ReferenceExpression ConnectionStringExpression { get; }

    protected EndpointReference Endpoint => field ??= new(this, "tcp");

    /// <summary>Adds a server with its endpoint, its health check and automatic restarts.</summary>
    protected static IResourceBuilder<T> Add<T>(IDistributedApplicationBuilder builder, T server, string icon) where T : ServerProcess =>
        builder.AddResource(server)
            .WithEndpoint(server.Port, server.Port, scheme: "tcp", name: "tcp", isProxied: false)
            .WithHealthCheck(GetHealthCheckName(server.Name))
            .WithIconName(icon)
            .KeepRunning();

    protected static string GetHealthCheckName(string name) => $"{name}_check";
}
