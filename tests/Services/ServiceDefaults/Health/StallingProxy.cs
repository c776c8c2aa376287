using System.Net;
using System.Net.Sockets;

namespace MedCor.Tests.Services.ServiceDefaults.Health;

/// <summary>Forwards connections to a server and can stall them: data is then held until the proxy resumes, and no connection is closed.</summary>
internal sealed class StallingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private volatile TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _connections;

    public StallingProxy(string host, int port)
    {
        _gate.SetResult();
        _listener.Start();
        Accepting = Accept(host, port);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Gets the number of accepted connections.</summary>
    public int ConnectionCount => Volatile.Read(ref _connections);

    private Task Accepting { get; }

    public void Stall() => _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Resume() => _gate.TrySetResult();

    private async Task Accept(string host, int port)
    {
        try
        {
            while (true)
            {
                var near = await _listener.AcceptTcpClientAsync(_end.Token);
                Interlocked.Increment(ref _connections);
                _ = Connect(near, host, port);
            }
        }
        catch (OperationCanceledException)
        {
            _listener.Stop();
        }
    }

    private async Task Connect(TcpClient near, string host, int port)
    {
        using (near)
        using (var far = new TcpClient())
            try
            {
                await far.ConnectAsync(host, port, _end.Token);
                await Task.WhenAny(Forward(near.GetStream(), far.GetStream()), Forward(far.GetStream(), near.GetStream()));
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // One end closed the connection; nothing is left to forward.
            }
    }

    private async Task Forward(NetworkStream from, NetworkStream to)
    {
        var bytes = new byte[64 * 1024];
        while (await from.ReadAsync(bytes, _end.Token) is > 0 and var read)
        {
            await _gate.Task.WaitAsync(_end.Token);
            await to.WriteAsync(bytes.AsMemory(0, read), _end.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await Accepting;
        _end.Dispose();
    }
}
