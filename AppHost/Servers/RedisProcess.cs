using MedCor.AppHost.Data;
using MedCor.AppHost.Processes;
using MedCor.Contracts;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace MedCor.AppHost.Servers;

/// <summary>
/// Runs Redis as a process. Redis writes each change to its append-only file before it responds, so a kill loses nothing; only a disk that lags behind can
/// lose up to two seconds of writes.
/// </summary>
internal sealed class RedisProcess(string name, string directory, int port, ParameterResource password, bool hasTls)
    : ServerProcess(name, ExecutableLocator.Find("redis-server") ?? "redis-server", directory, port)
{
    private const int DefaultPort = 6379;
    private const string TlsOptions = ",ssl=true,sslHost=localhost";

    private readonly string _options = hasTls ? TlsOptions : "";

    public override ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create(
        $"{Endpoint.Property(EndpointProperty.Host)}:{Endpoint.Property(EndpointProperty.Port)},password={password}{_options}");

    /// <summary>Returns the connection string of a program, without its password.</summary>
    public ReferenceExpression GetConnectionString(string program) => ReferenceExpression.Create(
        $"{Endpoint.Property(EndpointProperty.Host)}:{Endpoint.Property(EndpointProperty.Port)},user={program}{_options}");

    public static IResourceBuilder<RedisProcess> Add(IDistributedApplicationBuilder builder, string name, DataDirectory data, ParameterResource password,
        int maxMegabytes, IReadOnlyList<RedisLogin> logins, ServerLogins passwords, DevelopmentCertificates? certificates)
    {
        var server = new RedisProcess(name, data.FullPath, data.Ports.GetPort(name, DefaultPort), password, hasTls: certificates is not null);
        AddHealthCheck(builder, server, $"localhost:{server.Port},password={data.GetPassword(name)}", certificates);
        return Add(builder, server, "DatabaseLightning")
            .WithArgs(Path.Combine(data.FullPath, name, "redis.conf"))
            .OnBeforeResourceStarted((_, _, _) =>
            {
                var directory = data.GetDirectory(name);
                var users = logins.Select(login => $"user {login.User} on #{passwords.GetPasswordHash(login.User)} {login.Rules}");
                PrivateFile.Write(Path.Combine(directory, "redis.conf"), $"""
                    bind 127.0.0.1
                    {(certificates is null ? $"port {server.Port}" : GetTlsSettings(server.Port, certificates))}
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

    private static string GetTlsSettings(int port, DevelopmentCertificates certificates) => $"""
        port 0
        tls-port {port}
        tls-cert-file "{certificates.CertificateFile}"
        tls-key-file "{certificates.KeyFile}"
        tls-ca-cert-file "{certificates.AuthorityFile}"
        tls-auth-clients no
        """;

    private static void AddHealthCheck(IDistributedApplicationBuilder builder, RedisProcess server, string address, DevelopmentCertificates? certificates)
    {
        if (certificates is null)
        {
            builder.Services.AddHealthChecks().AddRedis(address, GetHealthCheckName(server.Name));
            return;
        }

        var connection = new Lazy<IConnectionMultiplexer>(() =>
        {
            var options = ConfigurationOptions.Parse($"{address}{TlsOptions},abortConnect=false");
            options.CertificateValidation += certificates.IsTrusted;
            return ConnectionMultiplexer.Connect(options);
        });
        builder.Services.AddHealthChecks().AddRedis(_ => connection.Value, GetHealthCheckName(server.Name));
    }
}
