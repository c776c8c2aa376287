using System.Net;
using System.Net.Sockets;

namespace MedCor.Tests.ServiceDefaults.Health;

/// <summary>A way to a server on which everything can get stuck: what is sent stays where it is until it is loosened again, and nobody hangs up.</summary>
internal sealed class StallingProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource end = new();
    private volatile TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int connections;

    public StallingProxy(string host, int port)
    {
        gate.SetResult();
        listener.Start();
        Accepting = Accept(host, port);
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>How many connections were taken.</summary>
    public int ConnectionCount => Volatile.Read(ref connections);

    private Task Accepting { get; }

    public void Stall() => gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Resume() => gate.TrySetResult();

    private async Task Accept(string host, int port)
    {
        try
        {
            while (true)
            {
                var near = await listener.AcceptTcpClientAsync(end.Token);
                Interlocked.Increment(ref connections);
                _ = Connect(near, host, port);
            }
        }
        catch (OperationCanceledException)
        {
            listener.Stop();
        }
    }

    private async Task Connect(TcpClient near, string host, int port)
    {
        using (near)
        using (var far = new TcpClient())
            try
            {
                await far.ConnectAsync(host, port, end.Token);
                await Task.WhenAny(Forward(near.GetStream(), far.GetStream()), Forward(far.GetStream(), near.GetStream()));
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // Whoever hung up knows.
            }
    }

    private async Task Forward(NetworkStream from, NetworkStream to)
    {
        var bytes = new byte[64 * 1024];
        while (await from.ReadAsync(bytes, end.Token) is > 0 and var read)
        {
            await gate.Task.WaitAsync(end.Token);
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
