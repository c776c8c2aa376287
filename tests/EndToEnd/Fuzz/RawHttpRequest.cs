using System.Globalization;
using System.Text;

namespace MedCor.Tests.EndToEnd.Fuzz;

/// <summary>Represents a request as the bytes that are sent. Nothing ensures that it is well-formed.</summary>
internal sealed class RawHttpRequest(string method, string target, byte[]? body = null)
{
    public string Method { get; set; } = method;

    /// <summary>Gets or sets the path and query as they appear in the request line.</summary>
    public string Target { get; set; } = target;

    public List<(string Name, string Value)> Headers { get; } = [];

    public byte[]? Body { get; set; } = body;

    /// <summary>Gets or sets the claimed length of the body, where it differs from the actual one.</summary>
    public int? ClaimedLength { get; set; }

    /// <summary>Gets whether fewer bytes are sent than claimed. Then no response is awaited, and the connection is closed.</summary>
    public bool IsTruncated => ClaimedLength > (Body?.Length ?? 0);

    /// <summary>Gets the length of everything before the body, in bytes.</summary>
    public int HeadLength => ToBytes("host").Length - (Body?.Length ?? 0);

    public RawHttpRequest Clone()
    {
        var clone = new RawHttpRequest(Method, Target, Body?.ToArray()) { ClaimedLength = ClaimedLength };
        clone.Headers.AddRange(Headers);
        return clone;
    }

    public void SetHeader(string name, string value)
    {
        Headers.RemoveAll(h => h.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        Headers.Add((name, value));
    }

    /// <summary>Returns the bytes of the request, with one byte per character of the head.</summary>
    public byte[] ToBytes(string host)
    {
        var head = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{Method} {Target} HTTP/1.1\r\n");
        if (Headers.All(h => h.Name != "Host")) head.Append(CultureInfo.InvariantCulture, $"Host: {host}\r\n");
        foreach (var (name, value) in Headers) head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        if (Headers.All(h => h.Name != "Transfer-Encoding") && (Body is not null || ClaimedLength is not null))
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {ClaimedLength ?? Body!.Length}\r\n");
        return [.. Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()), .. Body ?? []];
    }

    /// <summary>Returns the request for a report, in printable characters and without its token.</summary>
    public override string ToString()
    {
        var shown = new StringBuilder();
        foreach (var b in ToBytes("host").Take(3000)) shown.Append(b is >= 32 and < 127 or (byte)'\n' ? ((char)b).ToString() : b == '\r' ? "" : $"\\x{b:x2}");
        var token = Headers.FirstOrDefault(h => h.Name == "Authorization").Value;
        return token is { Length: > 40 } ? shown.ToString().Replace(token, "Bearer (a token)", StringComparison.Ordinal) : shown.ToString();
    }
}
