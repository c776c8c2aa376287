using System.Net;
using System.Net.Sockets;

namespace MedCor.Tests.ServiceDefaults.Health;

/// <summary>A way to a server on which everything can get stuck: what is sent stays where it is until it is loosened again, and nobody hangs up.</summary>
internal sealed class Wire : IAsyncDisposable
{
    private readonly TcpListener entrance = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource end = new();
    private volatile TaskCompletionSource passage = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int opened;

    public Wire(string host, int port)
    {
        passage.SetResult();
        entrance.Start();
        Accepting = Accept(host, port);
    }

    public int Port => ((IPEndPoint)entrance.LocalEndpoint).Port;

    /// <summary>How many connections were taken.</summary>
    public int Opened => Volatile.Read(ref opened);

    private Task Accepting { get; }

    public void Block() => passage = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Loosen() => passage.TrySetResult();

    private async Task Accept(string host, int port)
    {
        try
        {
            while (true)
            {
                var near = await entrance.AcceptTcpClientAsync(end.Token);
                Interlocked.Increment(ref opened);
                _ = Join(near, host, port);
            }
        }
        catch (OperationCanceledException)
        {
            entrance.Stop();
        }
    }

    private async Task Join(TcpClient near, string host, int port)
    {
        using (near)
        using (var far = new TcpClient())
            try
            {
                await far.ConnectAsync(host, port, end.Token);
                await Task.WhenAny(Pass(near.GetStream(), far.GetStream()), Pass(far.GetStream(), near.GetStream()));
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // Whoever hung up knows.
            }
    }

    private async Task Pass(NetworkStream from, NetworkStream to)
    {
        var bytes = new byte[64 * 1024];
        while (await from.ReadAsync(bytes, end.Token) is > 0 and var read)
        {
            await passage.Task.WaitAsync(end.Token);
            await to.WriteAsync(bytes.AsMemory(0, read), end.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        await Accepting;
        end.Dispose();
    }
}
