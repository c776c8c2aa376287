using System.Buffers;
using System.IO.Pipelines;
using MedCor.Gateway.Limits;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Problems;

namespace MedCor.Gateway.Surfaces;

/// <summary>A request's body, read to its end and left where it lies. Valid until it is disposed of.</summary>
internal readonly struct RequestBody : IDisposable
{
    /// <summary>
    /// A body up to this size is read to its end even when it is refused for its length: whose connection is cut while they still send
    /// may never see the answer. What is over the bound is dropped as it comes.
    /// </summary>
    public const int MostDropped = 16 * 1024 * 1024;

    /// <summary>A body must be there within this time, however long it is and whether or not it is refused for that.</summary>
    public static readonly TimeSpan Within = TimeSpan.FromSeconds(30);

    private readonly PipeReader reader;
    private readonly WaitingBytes.Held held;

    private RequestBody(PipeReader reader, ReadOnlySequence<byte> bytes, WaitingBytes.Held held) => (this.reader, Bytes, this.held) = (reader, WithoutMark(bytes), held);

    public ReadOnlySequence<byte> Bytes { get; }

    /// <summary>Reads a JSON body. Throws <see cref="WrongMediaType"/> when it says that it is something else, and as <see cref="Read"/> does.</summary>
    public static ValueTask<RequestBody> ReadJson(HttpContext http) => http.Request.HasJsonContentType() ? Read(http) : throw new WrongMediaType();

    /// <summary>
    /// Reads a body of whatever kind. Throws <see cref="TooLarge"/> over 1 MiB or the bound that is given, <see cref="TooSlow"/> when it does not come in time, <see cref="Unavailable"/> when too many
    /// others are in memory.
    /// </summary>
    public static async ValueTask<RequestBody> Read(HttpContext http, int most = MedCorService.LargestBody)
    {
        var (services, reader, aborted) = (http.RequestServices, http.Request.BodyReader, http.RequestAborted);
        var held = services.GetRequiredService<WaitingBytes>().Begin(http.Features.Get<Whose>()?.Name);
        CancellationTokenSource? patience = null, either = null;
        var isTooLarge = false;
        try
        {
            while (true)
            {
                if (!reader.TryRead(out var read))
                {
                    patience ??= new(Within, services.GetRequiredService<TimeProvider>());
                    either ??= CancellationTokenSource.CreateLinkedTokenSource(aborted, patience.Token);
                    read = await reader.ReadAsync(either.Token);
                }
                isTooLarge |= read.Buffer.Length > most;
                if (isTooLarge)
                {
                    held.Dispose();
                    reader.AdvanceTo(read.Buffer.End);
                    if (read.IsCompleted) throw new TooLarge(most);
                    continue;
                }
                try
                {
                    held.Be(read.Buffer.Length);
                }
                catch
                {
                    reader.AdvanceTo(read.Buffer.End);
                    throw;
                }
                if (read.IsCompleted) return new(reader, read.Buffer, held);
                reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            }
        }
        catch (OperationCanceledException) when (patience is { IsCancellationRequested: true } && !aborted.IsCancellationRequested)
        {
            held.Dispose();
            throw isTooLarge ? new TooLarge(most) : new TooSlow();
        }
        catch
        {
            held.Dispose();
            throw;
        }
        finally
        {
            either?.Dispose();
            patience?.Dispose();
        }
    }

    /// <summary>Some programs begin every text with a byte order mark, which RFC 8259 lets a reader pass over.</summary>
    private static ReadOnlySequence<byte> WithoutMark(in ReadOnlySequence<byte> bytes) =>
        bytes.FirstSpan.StartsWith("\uFEFF"u8) ? bytes.Slice(3) : bytes;

    public void Dispose()
    {
        reader.AdvanceTo(Bytes.End);
        held.Dispose();
    }
}
