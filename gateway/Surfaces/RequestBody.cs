using System.Buffers;
using MedCor.ServiceDefaults.Problems;

namespace MedCor.Gateway.Surfaces;

/// <summary>A request's body, read to its end and left where it lies. Valid until it is disposed of.</summary>
internal readonly struct RequestBody : IDisposable
{
    private readonly System.IO.Pipelines.PipeReader reader;

    private RequestBody(System.IO.Pipelines.PipeReader reader, ReadOnlySequence<byte> bytes) => (this.reader, Bytes) = (reader, bytes);

    public ReadOnlySequence<byte> Bytes { get; }

    /// <summary>Reads a JSON body. Throws <see cref="WrongMediaType"/> when it says that it is something else; the server itself refuses more than 1 MiB.</summary>
    public static async ValueTask<RequestBody> Read(HttpContext http)
    {
        if (!http.Request.HasJsonContentType()) throw new WrongMediaType();
        var reader = http.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(http.RequestAborted);
            if (read.IsCompleted) return new(reader, read.Buffer);
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    public void Dispose() => reader.AdvanceTo(Bytes.End);
}
