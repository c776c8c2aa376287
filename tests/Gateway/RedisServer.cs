using System.Diagnostics;
using System.Globalization;
using MedCor.ServiceDefaults;
using MedCor.Tests.EndToEnd;
using StackExchange.Redis;

namespace MedCor.Tests.Gateway;

/// <summary>A Redis of a test's own, for what happens when one is lost.</summary>
/// <param name="keeps">Whether every write is on disk before it is answered; otherwise all is gone with the process.</param>
/// <param name="databases">How many databases it has.</param>
internal sealed class RedisServer(bool keeps = false, int databases = 16) : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("medcor-redis-");
    private readonly int _port = ServiceProcess.FreePort();
    private Process? _process;

    /// <summary>Where it is, as a connection string.</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_port}");

    /// <summary>Starts it, with what it kept, at the same address each time.</summary>
    public async Task<ConnectionMultiplexer> Start()
    {
        // The house's host has installed the server where it was missing.
        await MedCorFixture.Get();
        string[] options = ["--port", _port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--databases", databases.ToString(CultureInfo.InvariantCulture), "--save", "", "--dir", _directory.FullName, "--appendonly", keeps ? "yes" : "no", "--appendfsync", "always"];
        _process = Process.Start(new ProcessStartInfo("redis-server", options) { RedirectStandardOutput = true })!;
        _process.BeginOutputReadLine();
        var address = MedCorDefaults.ConfigureRedis(ConfigurationOptions.Parse(Address));
        address.AllowAdmin = true;
        var connection = await ConnectionMultiplexer.ConnectAsync(address);
        await Wait.Until(() => RespondsToPing(connection), "Redis is there");
        return connection;
    }

    /// <summary>That a connection stands does not say yet that it is used.</summary>
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

    /// <summary>What is on disk now.</summary>
    public IReadOnlyDictionary<string, byte[]> ReadDataFiles() =>
        Directory.GetFiles(_directory.FullName, "*", SearchOption.AllDirectories).ToDictionary(f => f, File.ReadAllBytes);

    /// <summary>Puts back what was on disk at an earlier time, as when the last writes are lost with a machine. To be called while it is down.</summary>
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
        await _process!.WaitForExitAsync();
    }

    /// <summary>Ends it, and does not wait for that.</summary>
    public void KillWithoutWaiting() => _process!.Kill();

    public async ValueTask DisposeAsync()
    {
        await Kill();
        _directory.Delete(recursive: true);
    }
}
