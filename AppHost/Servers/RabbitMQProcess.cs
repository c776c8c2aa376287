using System.Globalization;
using MedCor.AppHost.Data;
using MedCor.AppHost.Processes;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;

namespace MedCor.AppHost.Servers;

/// <summary>Runs RabbitMQ as a process, with the Erlang port mapper (epmd) that it registers with: each host has its own, on its own port.</summary>
internal sealed class RabbitMQProcess(string name, string directory, int port, ParameterResource password, bool hasTls)
    : ServerProcess(name, ServerPackages.RabbitMQServer, directory, port)
{
    private const int DefaultPort = 5672;

    private readonly string _scheme = hasTls ? "amqps" : "amqp";

    public override ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create(
        $"{_scheme}://guest:{password}@{Endpoint.Property(EndpointProperty.Host)}:{Endpoint.Property(EndpointProperty.Port)}");

    /// <summary>Returns the address of a program, without its password.</summary>
    public ReferenceExpression GetConnectionString(string program) => ReferenceExpression.Create(
        $"{_scheme}://{program}@{Endpoint.Property(EndpointProperty.Host)}:{Endpoint.Property(EndpointProperty.Port)}");

    public static IResourceBuilder<RabbitMQProcess> Add(IDistributedApplicationBuilder builder, string name, DataDirectory data, ParameterResource password,
        IReadOnlyList<string> programs, ServerLogins logins, DevelopmentCertificates? certificates)
    {
        var server = new RabbitMQProcess(name, data.FullPath, data.Ports.GetPort(name, DefaultPort), password, hasTls: certificates is not null);
        var (epmdPort, nodePort) = (Format(data.Ports.GetPort(name + "/epmd")), Format(data.Ports.GetPort(name + "/node")));
        var epmd = builder.AddExecutable($"{name}-epmd", ExecutableLocator.Find("epmd") ?? "epmd", data.FullPath, "-port", epmdPort, "-address", "127.0.0.1")
            .WithParentRelationship(server).WithHidden().KeepRunning(isReported: false);
        AddHealthCheck(builder, server, data.GetPassword(name), certificates);
        return Add(builder, server, "Mailbox")
            .WithEnvironment(context =>
            {
                foreach (var (variable, value) in Environment(Path.Combine(data.FullPath, name), epmdPort, nodePort))
                    context.EnvironmentVariables[variable] = value;
            })
            .WaitForStart(epmd)
            .OnBeforeResourceStarted((_, _, _) =>
            {
                var directory = data.GetDirectory(name);
                PrivateFile.Write(Path.Combine(directory, "rabbitmq.conf"), $"""
                    {(certificates is null ? $"listeners.tcp.default = 127.0.0.1:{server.Port}" : GetTlsSettings(server.Port, certificates))}
                    load_definitions = {Path.Combine(directory, "definitions.json")}
                    log.console = true
                    log.console.level = info
                    log.file = false
                    disk_free_limit.absolute = 64MB
                    """ + "\n");
                PrivateFile.Write(Path.Combine(directory, "definitions.json"), BrokerDefinitions.Create(data.GetPassword(name), programs, logins));
                PrivateFile.Write(Path.Combine(directory, "enabled_plugins"), "[].\n");
                return Task.CompletedTask;
            });
    }

    private static string GetTlsSettings(int port, DevelopmentCertificates certificates) => $"""
        listeners.tcp = none
        listeners.ssl.default = 127.0.0.1:{port}
        ssl_options.cacertfile = {certificates.AuthorityFile}
        ssl_options.certfile = {certificates.CertificateFile}
        ssl_options.keyfile = {certificates.KeyFile}
        ssl_options.verify = verify_none
        ssl_options.fail_if_no_peer_cert = false
        """;

    private static Dictionary<string, string> Environment(string directory, string epmdPort, string nodePort) => new()
    {
        // With this setting the start script executes the broker instead of starting a child process, so that its process id is the broker's.
        ["RUNNING_UNDER_SYSTEMD"] = "true",
        ["HOME"] = directory,
        ["RABBITMQ_NODENAME"] = "medcor@localhost",
        ["RABBITMQ_CONFIG_FILE"] = Path.Combine(directory, "rabbitmq.conf"),
        ["RABBITMQ_CONF_ENV_FILE"] = Path.Combine(directory, "rabbitmq-env.conf"),
        ["RABBITMQ_ADVANCED_CONFIG_FILE"] = Path.Combine(directory, "advanced.config"),
        ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(directory, "enabled_plugins"),
        ["RABBITMQ_MNESIA_BASE"] = Path.Combine(directory, "data"),
        ["RABBITMQ_LOG_BASE"] = Path.Combine(directory, "log"),
        ["RABBITMQ_LOGS"] = "-",
        ["RABBITMQ_PID_FILE"] = Path.Combine(directory, "pid"),
        ["RABBITMQ_DIST_PORT"] = nodePort,
        ["ERL_EPMD_PORT"] = epmdPort,
        ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
        ["ERL_CRASH_DUMP_BYTES"] = "0",
        // Two schedulers that do not busy-wait when idle, because the machine is shared.
        ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}",
    };

    // All checks share one connection, because RabbitMQ logs each connection.
    private static void AddHealthCheck(IDistributedApplicationBuilder builder, RabbitMQProcess server, string password, DevelopmentCertificates? certificates)
    {
        var factory = new ConnectionFactory
        {
            HostName = "localhost", Port = server.Port, UserName = "guest", Password = password, AutomaticRecoveryEnabled = false
        };
        if (certificates is not null)
            factory.Ssl = new() { Enabled = true, ServerName = "localhost", CertificateValidationCallback = certificates.IsTrusted };
        IConnection? connection = null;
        builder.Services.AddHealthChecks().AddRabbitMQ(
            async _ => connection is { IsOpen: true } ? connection : connection = await factory.CreateConnectionAsync("host"), GetHealthCheckName(server.Name));
    }

    private static string Format(int number) => number.ToString(CultureInfo.InvariantCulture);
}
