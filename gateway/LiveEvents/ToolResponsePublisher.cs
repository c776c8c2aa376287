using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using MedCor.Contracts;
using MedCor.Gateway.ToolInvocation;

namespace MedCor.Gateway.LiveEvents;

/// <summary>
/// Publishes copies of tool responses to the caller's live event connections, whatever surface the call came from. Publishing delays no call, and copies
/// are dropped while Redis is unavailable or when more arrive than can be written. If a response may contain health data, its copy omits the content:
/// reading health data is recorded in the audit trail, and delivery of a copy is not.
/// </summary>
internal sealed class ToolResponsePublisher(ListenerPresence listening, LiveEventStore streams, TimeProvider clock, ILogger<ToolResponsePublisher> log)
    : BackgroundService, IToolResponseObserver
{
    /// <summary>The maximum number of queued copies, and their maximum size in bytes.</summary>
    private const int MaxQueuedItems = 256;
    private const int MaxQueuedBytes = 4 * 1024 * 1024;

    private readonly Channel<(Guid? Hospital, LiveEvent Event)> _queue = Channel.CreateBounded<(Guid?, LiveEvent)>(
        new BoundedChannelOptions(MaxQueuedItems) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private long _queuedBytes;

    public void OnResponse(InvocationContext visitor, ToolDescriptor tool, ToolResponse answer)
    {
        if (!listening.IsListening(visitor.Caller.UserId)) return;
        try
        {
            if (answer.Status == 200) Enqueue(visitor, LiveEvent.ForToolResponse(visitor.Caller.UserId, tool.Name, tool.MayContainHealthData ? [] : answer.Body.Span, visitor.RequestId, clock.GetUtcNow()));
            else if (JsonSerializer.Deserialize<ErrorEnvelope>(answer.Body.Span, Json.Options) is { } envelope) EnqueueError(visitor, tool, envelope.Error.Code, envelope.Error.Message, envelope.Error.Details);
        }
        catch (JsonException)
        {
            // The error response of the service is not in the contract's format. The caller receives it as it is; there is nothing to publish.
        }
    }

    public void OnError(InvocationContext visitor, ToolDescriptor tool, ApiException refusal)
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
            catch (Exception e) // any exception: one that escapes would end the process
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
