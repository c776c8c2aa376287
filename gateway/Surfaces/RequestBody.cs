using System.Buffers;
using System.IO.Pipelines;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Problems;

namespace MedCor.Gateway.Surfaces;

/// <summary>A request's body, read to its end and left where it lies. Valid until it is disposed of.</summary>
internal readonly struct RequestBody : IDisposable
{
    /// <summary>
    /// A body up to this size is read to its end even when it is refused for its length: whose connection is cut while they still send
    /// may never see the answer. What is over 1 MiB is dropped as it comes.
    /// </summary>
    public const int MostDropped = 16 * 1024 * 1024;

    private readonly PipeReader reader;

    private RequestBody(PipeReader reader, ReadOnlySequence<byte> bytes) => (this.reader, Bytes) = (reader, WithoutMark(bytes));

    public ReadOnlySequence<byte> Bytes { get; }

    /// <summary>Reads a JSON body. Throws <see cref="WrongMediaType"/> when it says that it is something else, <see cref="TooLarge"/> over 1 MiB.</summary>
    public static ValueTask<RequestBody> ReadJson(HttpContext http) => http.Request.HasJsonContentType() ? Read(http) : throw new WrongMediaType();

    /// <summary>Reads a body of whatever kind. Throws <see cref="TooLarge"/> over 1 MiB.</summary>
    public static async ValueTask<RequestBody> Read(HttpContext http)
    {
        var reader = http.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(http.RequestAborted);
            if (read.Buffer.Length > MedCorService.LargestBody)
            {
                await Drop(reader, read, http.RequestAborted);
                throw new TooLarge();
            }
            if (read.IsCompleted) return new(reader, read.Buffer);
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>Some programs begin every text with a byte order mark, which RFC 8259 lets a reader pass over.</summary>
    private static ReadOnlySequence<byte> WithoutMark(in ReadOnlySequence<byte> bytes) =>
        bytes.FirstSpan.StartsWith("\uFEFF"u8) ? bytes.Slice(3) : bytes;

    private static async Task Drop(PipeReader reader, ReadResult read, CancellationToken ct)
    {
        while (true)
        {
            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted) return;
            read = await reader.ReadAsync(ct);
        }
    }

    public void Dispose() => reader.AdvanceTo(Bytes.End);
}
