using System.Globalization;
using MedCor.Hosting.ApplicationModel;
using MedCor.Hosting.Processes;
using MedCor.Hosting.Running;

namespace MedCor.Hosting.Servers;

/// <summary>Runs RabbitMQ, and the name server of Erlang (epmd) that it registers with: each host has its own, on a port of its own.</summary>
internal sealed class RabbitMQ(RabbitMQServerResource resource, DataDirectory data) : Server(resource, data)
{
    private readonly string _directory = data.For(resource.Name);
    private readonly int _epmdPort = data.Ports.For(resource.Name + "/epmd");
    private readonly int _nodePort = data.Ports.For(resource.Name + "/node");
    private ChildProcess? _epmd;
    private bool _isHealthy;

    public override async Task PrepareAsync(Log log, CancellationToken ct)
    {
        await base.PrepareAsync(log, ct);
        _isHealthy = false;
        DataDirectory.Write(Path.Combine(_directory, "rabbitmq.conf"), $"""
            listeners.tcp.default = 127.0.0.1:{resource.Port}
            default_user = guest
            default_pass = {resource.Password}
            log.console = true
            log.console.level = info
            log.file = false
            disk_free_limit.absolute = 64MB
            """ + "\n");
        DataDirectory.Write(Path.Combine(_directory, "enabled_plugins"), "[].\n");

        if (_epmd is null or { Exited.IsCompleted: true })
        {
            _epmd = await ChildProcess.StartAsync(
                new Command(Installation.Epmd, "-port", Number(_epmdPort), "-address", "127.0.0.1") { DeathSignal = Signal.Kill }, log);
        }
    }

    public override Command Command() => new(Installation.RabbitMQServer)
    {
        WorkingDirectory = _directory,
        Environment = new Dictionary<string, string>
        {
            // The script then becomes the broker instead of starting it, so that its process id is the broker's.
            ["RUNNING_UNDER_SYSTEMD"] = "true",
            ["HOME"] = _directory,
            ["RABBITMQ_NODENAME"] = "medcor@localhost",
            ["RABBITMQ_CONFIG_FILE"] = Path.Combine(_directory, "rabbitmq.conf"),
            ["RABBITMQ_CONF_ENV_FILE"] = Path.Combine(_directory, "rabbitmq-env.conf"),
            ["RABBITMQ_ADVANCED_CONFIG_FILE"] = Path.Combine(_directory, "advanced.config"),
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(_directory, "enabled_plugins"),
            ["RABBITMQ_MNESIA_BASE"] = Path.Combine(_directory, "data"),
            ["RABBITMQ_LOG_BASE"] = Path.Combine(_directory, "log"),
            ["RABBITMQ_LOGS"] = "-",
            ["RABBITMQ_PID_FILE"] = Path.Combine(_directory, "pid"),
            ["RABBITMQ_DIST_PORT"] = Number(_nodePort),
            ["ERL_EPMD_PORT"] = Number(_epmdPort),
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
            ["ERL_CRASH_DUMP_BYTES"] = "0",
            // Two schedulers that do not spin when idle: the machine is shared.
            ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}",
        },
        StopTimeout = TimeSpan.FromSeconds(15),
    };

    // The broker answers the protocol's header with its first method, Connection.Start, in a frame of type 1 on channel 0.
    // Once it has been healthy, a connection without a word is enough: half a handshake would be logged as an error.
    public override Task<bool> IsHealthyAsync(CancellationToken ct) => _isHealthy
        ? AsksAsync(resource.Port, [], 0, _ => true, ct)
        : AsksAsync(resource.Port, [.. "AMQP"u8, 0, 0, 9, 1], 3, answer => answer is [1, 0, 0], ct);

    public override async Task CompleteAsync(Log log, CancellationToken ct)
    {
        await base.CompleteAsync(log, ct);
        _isHealthy = true;
    }

    public override async ValueTask EndAsync()
    {
        if (_epmd is not null)
        {
            await _epmd.DisposeAsync();
        }
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
