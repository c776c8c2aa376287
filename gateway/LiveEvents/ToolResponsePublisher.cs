using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using MedCor.Contracts;
using MedCor.Gateway.ToolInvocation;

namespace MedCor.Gateway.LiveEvents;

/// <summary>
/// Tells those who listen what tools answer them, whatever surface they called by. A copy: it holds up no call, and is given up while Redis is away or when
/// more come than can be written. Of an answer that may tell of a patient's health it says that it came, not what it says: of whoever reads that the record tells,
/// and of whom a copy was told it does not.
/// </summary>
internal sealed class ToolResponsePublisher(ListenerPresence listening, LiveEventStore streams, TimeProvider clock, ILogger<ToolResponsePublisher> log) : BackgroundService
{
    /// <summary>How many copies may wait to be written, and how many bytes of them.</summary>
    private const int MaxQueuedItems = 256;
    private const int MaxQueuedBytes = 4 * 1024 * 1024;

    private readonly Channel<(Guid? Hospital, LiveEvent Event)> _queue = Channel.CreateBounded<(Guid?, LiveEvent)>(
        new BoundedChannelOptions(MaxQueuedItems) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private long _queuedBytes;

    /// <summary>A tool answered.</summary>
    public void PublishResponse(InvocationContext visitor, ToolDescriptor tool, ToolResponse answer)
    {
        if (!listening.IsListening(visitor.Caller.UserId)) return;
        try
        {
            if (answer.Status == 200) Enqueue(visitor, LiveEvent.ForToolResponse(visitor.Caller.UserId, tool.Name, tool.MayContainHealthData ? [] : answer.Body.Span, visitor.RequestId, clock.GetUtcNow()));
            else if (JsonSerializer.Deserialize<ErrorEnvelope>(answer.Body.Span, Json.Options) is { } envelope) EnqueueError(visitor, tool, envelope.Error.Code, envelope.Error.Message, envelope.Error.Details);
        }
        catch (JsonException)
        {
            // A service broke in a way of its own. The caller gets what it said; there is nothing to tell.
        }
    }

    /// <summary>A call was refused before its tool was reached, or its tool was not.</summary>
    public void PublishError(InvocationContext visitor, ToolDescriptor tool, ApiException refusal)
    {
        if (listening.IsListening(visitor.Caller.UserId)) EnqueueError(visitor, tool, refusal.Code, refusal.Message, refusal.Details);
    }

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        await foreach (var (hospital, told) in _queue.Reader.ReadAllAsync(ct))
            try
            {
                await streams.AppendToolResponseAsync(hospital, told);
            }
            catch (Exception e) // whatever it is: an exception that leaves here would end the process
            {
                log.LogWarning("A listener is not told of an answer: {Kind}", e.GetType().Name);
            }
            finally
            {
                Interlocked.Add(ref _queuedBytes, -told.Frame.Length);
            }
    }

    private void EnqueueError(InvocationContext visitor, ToolDescriptor tool, string code, string message, JsonObject details)
    {
        var facts = (JsonObject)details.DeepClone();
        (facts["tool"], facts["code"], facts["request_id"]) = (tool.Name, code, visitor.RequestId);
        Enqueue(visitor, LiveEvent.ForError(new(Callers.None, visitor.Caller.UserId), $"{code}: {message}", facts, clock.GetUtcNow(), "tool", "code", "request_id"));
    }

    private void Enqueue(InvocationContext visitor, LiveEvent told)
    {
        if (Interlocked.Add(ref _queuedBytes, told.Frame.Length) > MaxQueuedBytes || !_queue.Writer.TryWrite((visitor.Caller.HospitalId, told))) Interlocked.Add(ref _queuedBytes, -told.Frame.Length);
    }
}
