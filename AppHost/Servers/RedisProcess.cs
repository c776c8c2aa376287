using MedCor.AppHost.Data;
using MedCor.AppHost.Processes;
using MedCor.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace MedCor.AppHost.Servers;

/// <summary>
/// Runs Redis as a process. Redis writes each change to its append-only file before it responds, so a kill loses nothing; only a disk that lags behind can
/// lose up to two seconds of writes.
/// </summary>
internal sealed class RedisProcess(string name, string directory, int port, ParameterResource password)
    : ServerProcess(name, ExecutableLocator.Find("redis-server") ?? "redis-server", directory, port)
{
    private const int DefaultPort = 6379;

    public override ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create(
        $"{Endpoint.Property(EndpointProperty.Host)}:{Endpoint.Property(EndpointProperty.Port)},password={password}");

    /// <summary>Returns the connection string of a program, without its password.</summary>
    public ReferenceExpression GetConnectionString(string program) => ReferenceExpression.Create(
        $"{Endpoint.Property(EndpointProperty.Host)}:{Endpoint.Property(EndpointProperty.Port)},user={program}");

    public static IResourceBuilder<RedisProcess> Add(IDistributedApplicationBuilder builder, string name, DataDirectory data, ParameterResource password,
        int maxMegabytes, IReadOnlyList<RedisLogin> logins, ServerLogins passwords)
    {
        var server = new RedisProcess(name, data.FullPath, data.Ports.GetPort(name, DefaultPort), password);
        builder.Services.AddHealthChecks().AddRedis($"localhost:{server.Port},password={data.GetPassword(name)}", GetHealthCheckName(name));
        return Add(builder, server, "DatabaseLightning")
            .WithArgs(Path.Combine(data.FullPath, name, "redis.conf"))
            .OnBeforeResourceStarted((_, _, _) =>
            {
                var directory = data.GetDirectory(name);
                var users = logins.Select(login => $"user {login.User} on #{passwords.GetPasswordHash(login.User)} {login.Rules}");
                PrivateFile.Write(Path.Combine(directory, "redis.conf"), $"""
                    bind 127.0.0.1
                    port {server.Port}
                    requirepass {data.GetPassword(name)}
                    dir "{directory}"
                    daemonize no
                    appendonly yes
                    appendfsync everysec
                    save ""
                    maxmemory {maxMegabytes}mb
                    maxmemory-policy noeviction
                    {string.Join('\n', users)}
                    """ + "\n");
                return Task.CompletedTask;
            });
    }
}
