using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace MedCor.Tests.EndToEnd.Fuzz;

/// <summary>Represents a response that was received over a connection of its own.</summary>
/// <param name="Status">The status code; 0 when the connection was closed without a response.</param>
internal sealed record RawHttpResponse(int Status, IReadOnlyDictionary<string, string> Headers, string Body)
{
    private const int MaxBytes = 4 * 1024 * 1024;

    /// <summary>Gets whether the application answered, rather than the web server because it could not parse the head of the request.</summary>
    public bool IsFromApplication => Headers.ContainsKey("X-Request-Id");

    /// <summary>
    /// Sends a request and reads the response; of a stream, only its beginning. Throws <see cref="OperationCanceledException"/> when there is no response in
    /// time.
    /// </summary>
    public static async Task<RawHttpResponse> Send(RawHttpRequest request, Uri gateway, TimeSpan patience)
    {
        using var enough = new CancellationTokenSource(patience);
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(gateway.Host, gateway.Port, enough.Token);
        var stream = client.GetStream();
        var received = new MemoryStream();
        try
        {
            await stream.WriteAsync(request.ToBytes(gateway.Authority), enough.Token);
            if (request.IsTruncated)
            {
                client.Client.LingerState = new(enable: true, 0);
                return new(0, new Dictionary<string, string>(), "");
            }
            var buffer = new byte[16 * 1024];
            while (received.Length < MaxBytes && TryParse(received, request.Method == "HEAD") is var found)
            {
                if (found is not null) return found;
                var read = await stream.ReadAsync(buffer, enough.Token);
                if (read == 0) break;
                received.Write(buffer, 0, read);
            }
        }
        catch (IOException)
        {
            // The server closed the connection; what it sent before counts.
        }
        return TryParse(received, isComplete: true) ?? new(0, new Dictionary<string, string>(), "");
    }

    /// <summary>Returns the response if it is complete.</summary>
    /// <param name="isComplete">Whether no more bytes follow, or none beyond the head.</param>
    private static RawHttpResponse? TryParse(MemoryStream received, bool isComplete)
    {
        var bytes = received.GetBuffer().AsSpan(0, (int)received.Length);
        if (bytes.StartsWith("HTTP/1.1 100"u8)) bytes = bytes[Math.Min(bytes.Length, bytes.IndexOf("\r\n\r\n"u8) + 4)..];
        var end = bytes.IndexOf("\r\n\r\n"u8);
        if (end < 0) return null;
        var lines = Encoding.Latin1.GetString(bytes[..end]).Split("\r\n");
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in lines.Skip(1))
            if (line.Split(':', 2) is [var name, var value]) headers[name] = value.Trim();
        var status = int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture);
        var rest = bytes[(end + 4)..];
        // It may be followed by the response to bytes that were sent beyond the claimed length.
        if (headers.TryGetValue("Content-Length", out var length) && int.Parse(length, CultureInfo.InvariantCulture) is var size && size < rest.Length)
            rest = rest[..size];
        var isWhole = isComplete || status is 101 or 204 or 304
            || headers.GetValueOrDefault("Content-Type")?.StartsWith("text/event-stream", StringComparison.Ordinal) is true
            || (length is not null
                ? rest.Length >= int.Parse(length, CultureInfo.InvariantCulture)
                : headers.ContainsKey("Transfer-Encoding") && rest.EndsWith("0\r\n\r\n"u8));
        return isWhole ? new(status, headers, headers.ContainsKey("Transfer-Encoding") ? DecodeChunks(rest) : Encoding.UTF8.GetString(rest)) : null;
    }

    private static string DecodeChunks(ReadOnlySpan<byte> chunks)
    {
        var body = new MemoryStream();
        while (chunks.IndexOf("\r\n"u8) is > 0 and var line
            && int.TryParse(Encoding.ASCII.GetString(chunks[..line]), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var size) && size > 0)
        {
            if (chunks.Length < line + 2 + size) break;
            body.Write(chunks.Slice(line + 2, size));
            chunks = chunks[Math.Min(chunks.Length, line + 4 + size)..];
        }
        return Encoding.UTF8.GetString(body.ToArray());
    }
}
