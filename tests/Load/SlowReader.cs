using System.Net.Sockets;
using System.Text;

namespace MedCor.Load;

/// <summary>A listener who, once connected, reads nothing.</summary>
internal sealed class SlowReader : IDisposable
{
    /// <summary>Of the connection, in bytes: as small as the system lets it be.</summary>
    private const int ReceiveBuffer = 4096;

    /// <summary>As over an Ethernet. The system gives a connection within the machine segments so large that megabytes wait in it before the server sees that nobody reads.</summary>
    private const int SegmentSize = 1460;

    /// <summary>TCP_MAXSEG, on Linux and macOS.</summary>
    private const int SegmentSizeOption = 2;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = ReceiveBuffer };
    private readonly PeriodicTimer _timer = new(PollInterval);

    private SlowReader() => _socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, SegmentSizeOption, BitConverter.GetBytes(SegmentSize));

    /// <summary>When the other side cut the connection; null while it has not.</summary>
    public DateTime? CutAt { get; private set; }

    /// <summary>Connects, and reads no further than to know that they listen.</summary>
    public static async Task<SlowReader> Open(Uri address, string token)
    {
        var reader = new SlowReader();
        await reader._socket.ConnectAsync(address.Host, address.Port);
        await reader._socket.SendAsync(Encoding.ASCII.GetBytes($"GET {address.PathAndQuery} HTTP/1.1\r\nHost: {address.Authority}\r\nAuthorization: Bearer {token}\r\n\r\n"));
        var begin = new byte[1024];
        var length = 0;
        while (begin.AsSpan(0, length).IndexOf("\nid: "u8) < 0)
            length += await reader._socket.ReceiveAsync(begin.AsMemory(length)) is > 0 and var read ? read : throw new MeasurementException("The slow reader could not listen.");
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
