using System.Buffers;
using System.Net;
using System.Net.Http.Headers;

namespace MedCor.Gateway.ToolInvocation;

/// <summary>Represents a JSON body that is written from its original buffers without copying.</summary>
internal sealed class JsonBytesContent : HttpContent
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private readonly ReadOnlySequence<byte> _bytes;

    public JsonBytesContent(in ReadOnlySequence<byte> bytes)
    {
        _bytes = bytes;
        Headers.ContentType = Json;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken ct)
    {
        foreach (var segment in _bytes) await stream.WriteAsync(segment, ct);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _bytes.Length;
        return true;
    }
}
