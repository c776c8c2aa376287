namespace MedCor.Gateway.Mcp;

/// <summary>
/// Passes on what the protocol layer writes. An event stream gets signs of life while nothing is written; or, for a client that accepts JSON alone, is held
/// back and its last message is the response. Disposing of it leaves the stream to which it writes open.
/// </summary>
/// <param name="isJsonOnly">Whether the client accepts JSON alone.</param>
internal sealed class McpResponseStream(HttpResponse response, Stream inner, bool isJsonOnly) : Stream
{
    /// <summary>The media type of an event stream.</summary>
    public const string EventStream = "text/event-stream";

    private static readonly byte[] KeepAliveComment = ": keep-alive\n\n"u8.ToArray();
    private static readonly byte[] StartOfData = "\ndata: "u8.ToArray();

    private readonly MemoryStream _held = new();
    /// <summary>Keeps a sign of life out of the middle of an event, which the protocol layer writes as a whole.</summary>
    private readonly SemaphoreSlim _writing = new(1, 1);
    private volatile bool _hasStarted;

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    private bool IsEventStream => response.ContentType == EventStream;

    private bool IsHeld => isJsonOnly && IsEventStream;

    /// <summary>Writes a comment, which clients ignore, if an event stream has begun.</summary>
    public async Task KeepAliveAsync()
    {
        if (!_hasStarted || !IsEventStream) return;
        try
        {
            await WriteAsync(KeepAliveComment, response.HttpContext.RequestAborted);
            await FlushAsync(response.HttpContext.RequestAborted);
        }
        catch (Exception) // any failure: the protocol layer still writes to this stream, and learns of the failure as well
        {
            // Mostly the client has left.
        }
    }

    /// <summary>Responds with the last message of the event stream that was held back, if one was.</summary>
    public async Task CompleteAsync()
    {
        if (!IsHeld || _held.Length == 0) return;
        var events = _held.GetBuffer().AsMemory(0, (int)_held.Length);
        // A message is one line: JSON has its line breaks escaped.
        var message = events[(events.Span.LastIndexOf(StartOfData) + StartOfData.Length)..];
        message = message[..message.Span.IndexOf((byte)'\n')];
        response.ContentType = "application/json";
        response.ContentLength = message.Length;
        response.Headers.CacheControl = "no-store";
        response.Headers.Remove("X-Accel-Buffering");
        response.Headers.Remove("Content-Encoding");
        await inner.WriteAsync(message, response.HttpContext.RequestAborted);
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (IsHeld)
        {
            await _held.WriteAsync(buffer, cancellationToken);
            return;
        }
        await _writing.WaitAsync(cancellationToken);
        try
        {
            _hasStarted = true;
            await inner.WriteAsync(buffer, cancellationToken);
        }
        finally
        {
            _writing.Release();
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (IsHeld) return;
        await _writing.WaitAsync(cancellationToken);
        try
        {
            _hasStarted = true;
            await inner.FlushAsync(cancellationToken);
        }
        finally
        {
            _writing.Release();
        }
    }

    public override void Flush() => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _held.Dispose();
            _writing.Dispose();
        }
        base.Dispose(disposing);
    }
}
