using System.Diagnostics;
using System.Globalization;
using MedCor.Tests.EndToEnd;
using StackExchange.Redis;

namespace MedCor.Tests.Gateway;

/// <summary>A Redis of a test's own, which keeps nothing on disk: for what happens when one is lost.</summary>
internal sealed class OwnRedis : IAsyncDisposable
{
    private readonly int port = OwnGateway.FreePort();
    private Process? process;

    /// <summary>Starts it, empty, at the same address each time.</summary>
    public async Task<ConnectionMultiplexer> Start()
    {
        // The house's host has installed the server where it was missing.
        await RunningHouse.Get();
        process = Process.Start(new ProcessStartInfo("redis-server", ["--port", port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]) { RedirectStandardOutput = true })!;
        process.BeginOutputReadLine();
        var connection = await ConnectionMultiplexer.ConnectAsync(string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port},abortConnect=false,connectTimeout=2000"));
        await Wait.Until(() => Answers(connection), "Redis is there");
        return connection;
    }

    /// <summary>That a connection stands does not say yet that it is used.</summary>
    private static async Task<bool> Answers(ConnectionMultiplexer connection)
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

    public async Task Kill()
    {
        process!.Kill();
        await process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync() => await Kill();
}
