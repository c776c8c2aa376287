using System.Text;
using MedCor.Hosting.ApplicationModel;
using MedCor.Hosting.Processes;
using MedCor.Hosting.Running;

namespace MedCor.Hosting.Servers;

/// <summary>Runs Redis. Every write is in its append-only file before it is answered, so a kill loses nothing; unless the disk is behind, and then two seconds at most.</summary>
internal sealed class Redis(RedisResource resource, DataDirectory data) : Server(resource, data)
{
    private readonly string _directory = data.For(resource.Name);

    public override async Task PrepareAsync(Log log, CancellationToken ct)
    {
        await base.PrepareAsync(log, ct);
        DataDirectory.Write(Path.Combine(_directory, "redis.conf"), $"""
            bind 127.0.0.1
            port {resource.Port}
            requirepass {resource.Password}
            dir "{_directory}"
            daemonize no
            appendonly yes
            appendfsync everysec
            save ""
            maxmemory-policy noeviction
            """ + "\n");
    }

    public override Command Command() => new(Installation.RedisServer, Path.Combine(_directory, "redis.conf"));

    public override Task<bool> IsHealthyAsync(CancellationToken ct) => AsksAsync(
        resource.Port,
        Encoding.ASCII.GetBytes($"AUTH {resource.Password}\r\nPING\r\n"),
        "+OK\r\n+PONG\r\n".Length,
        answer => Encoding.ASCII.GetString(answer) == "+OK\r\n+PONG\r\n",
        ct);
}
