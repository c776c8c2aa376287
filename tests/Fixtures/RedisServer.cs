using System.Globalization;
using MedCor.ServiceDefaults;
using StackExchange.Redis;

namespace MedCor.Tests.Fixtures;

/// <summary>Runs a Redis server for tests of its loss.</summary>
/// <param name="keeps">Whether every write is on disk before it is acknowledged; otherwise the data is lost with the process.</param>
/// <param name="databases">The number of databases.</param>
internal sealed class RedisServer(bool keeps = false, int databases = 16) : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("medcor-redis-");
    private readonly int _port = ServiceProcess.FreePort();
    private ChildProcess? _process;

    /// <summary>Gets the address, as a connection string.</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_port}");

    /// <summary>Starts the server with the data that it kept, at the same address every time.</summary>
    public async Task<ConnectionMultiplexer> Start()
    {
        // The development host installs the Redis server where it is missing.
        await MedCorFixture.Get();
        string[] options = ["--port", _port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--databases",
            databases.ToString(CultureInfo.InvariantCulture), "--save", "", "--dir", _directory.FullName, "--appendonly", keeps ? "yes" : "no",
            "--appendfsync", "always"];
        _process = ChildProcess.Start(new("redis-server", options));
        var address = MedCorDefaults.ConfigureRedis(ConfigurationOptions.Parse(Address));
        address.AllowAdmin = true;
        var connection = await ConnectionMultiplexer.ConnectAsync(address);
        await Wait.Until(() => RespondsToPing(connection), "Redis is there");
        return connection;
    }

    /// <summary>Returns whether the server answers; an open connection alone may not be usable yet.</summary>
    private static async Task<bool> RespondsToPing(ConnectionMultiplexer connection)
    {
        try
        {
            await connection.GetDatabase().PingAsync();
            return true;
        }
        catch (RedisException)
        {
            return false;
        }
    }

    /// <summary>Returns the files that are on disk now.</summary>
    public IReadOnlyDictionary<string, byte[]> ReadDataFiles() =>
        Directory.GetFiles(_directory.FullName, "*", SearchOption.AllDirectories).ToDictionary(f => f, File.ReadAllBytes);

    /// <summary>Restores the files of an earlier time, as when a machine fails and the last writes are lost. The server must be down.</summary>
    public void RestoreDataFiles(IReadOnlyDictionary<string, byte[]> kept)
    {
        _directory.Delete(recursive: true);
        foreach (var (file, bytes) in kept)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllBytes(file, bytes);
        }
    }

    public async Task Kill()
    {
        KillWithoutWaiting();
        await _process!.WaitForExit(TimeSpan.FromSeconds(30));
    }

    /// <summary>Kills the server without waiting for its end.</summary>
    public void KillWithoutWaiting() => _process!.Kill();

    public async ValueTask DisposeAsync()
    {
        await Kill();
        _directory.Delete(recursive: true);
    }
}
