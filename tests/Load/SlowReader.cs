using System.Net.Sockets;
using System.Text;

namespace MedCor.Load;

/// <summary>Subscribes to live events and, once connected, reads nothing.</summary>
internal sealed class SlowReader : IDisposable
{
    /// <summary>The size of the connection's receive buffer, in bytes: as small as the system allows.</summary>
    private const int ReceiveBuffer = 4096;

    /// <summary>
    /// The segment size of Ethernet. Over loopback, segments are so large that megabytes are buffered before the server notices that nobody reads.
    /// </summary>
    private const int SegmentSize = 1460;

    /// <summary>TCP_MAXSEG, on Linux and macOS.</summary>
    private const int SegmentSizeOption = 2;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = ReceiveBuffer };
    private readonly PeriodicTimer _timer = new(PollInterval);

    private SlowReader() => _socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, SegmentSizeOption, BitConverter.GetBytes(SegmentSize));

    /// <summary>Gets the time at which the server closed the connection; null while it is open.</summary>
    public DateTime? CutAt { get; private set; }

    /// <summary>Connects, and reads only until the subscription is confirmed.</summary>
    public static async Task<SlowReader> Open(Uri address, string token)
    {
        var reader = new SlowReader();
        await reader._socket.ConnectAsync(address.Host, address.Port);
        await reader._socket.SendAsync(
            Encoding.ASCII.GetBytes($"GET {address.PathAndQuery} HTTP/1.1\r\nHost: {address.Authority}\r\nAuthorization: Bearer {token}\r\n\r\n"));
        var begin = new byte[1024];
        var length = 0;
        while (begin.AsSpan(0, length).IndexOf("\nid: "u8) < 0)
            length += await reader._socket.ReceiveAsync(begin.AsMemory(length)) is > 0 and var read
                ? read
                : throw new MeasurementException("The slow reader could not listen.");
        _ = reader.Watch();
        return reader;
    }

    public void Dispose()
    {
        _timer.Dispose();
        _socket.Dispose();
    }

    private async Task Watch()
    {
        while (await _timer.WaitForNextTickAsync())
        {
            if (!_socket.Poll(0, SelectMode.SelectError)) continue;
            CutAt = DateTime.UtcNow;
            return;
        }
    }
}
