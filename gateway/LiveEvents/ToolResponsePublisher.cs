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
internal sealed partial class ToolResponsePublisher(ListenerPresence presence, LiveEventStore streams, TimeProvider clock, ILogger<ToolResponsePublisher> log)
    : BackgroundService, IToolResponseObserver
{
    /// <summary>The maximum number of queued copies, and their maximum size in bytes.</summary>
    private const int MaxQueuedItems = 256;
    private const int MaxQueuedBytes = 4 * 1024 * 1024;

    private readonly Channel<(Guid? Hospital, LiveEvent Event)> _queue = Channel.CreateBounded<(Guid?, LiveEvent)>(
        new BoundedChannelOptions(MaxQueuedItems) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private long _queuedBytes;

    public void OnResponse(InvocationContext context, ToolDescriptor tool, ToolResponse response)
    {
        if (!presence.IsListening(context.Caller.UserId)) return;
        try
        {
            if (response.Status == 200)
                Enqueue(context, LiveEvent.ForToolResponse(context.Caller.UserId, tool.Name, tool.IsResultPrivate ? [] : response.Body.Span,
                    context.RequestId, clock.GetUtcNow()));
            else if (JsonSerializer.Deserialize<ErrorEnvelope>(response.Body.Span, Json.Options) is { } envelope)
                EnqueueError(context, tool, envelope.Error.Code, envelope.Error.Message, envelope.Error.Details);
        }
        catch (JsonException)
        {
            // The error response of the service is not in the contract's format. The caller receives it as it is; there is nothing to publish.
        }
    }

    public void OnError(InvocationContext context, ToolDescriptor tool, ApiException error)
    {
        if (presence.IsListening(context.Caller.UserId)) EnqueueError(context, tool, error.Code, error.Message, error.Details);
    }

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        await foreach (var (hospital, copy) in _queue.Reader.ReadAllAsync(ct))
            try
            {
                await streams.AppendToolResponseAsync(hospital, copy);
            }
            catch (Exception e) // any exception: one that escapes would end the process
            {
                LogPublishFailed(log, e.GetType().Name);
            }
            finally
            {
                Interlocked.Add(ref _queuedBytes, -copy.Frame.Length);
            }
    }

    private void EnqueueError(InvocationContext context, ToolDescriptor tool, string code, string message, JsonObject details)
    {
        var content = (JsonObject)details.DeepClone();
        (content["tool"], content["code"], content["request_id"]) = (tool.Name, code, context.RequestId);
        Enqueue(context,
            LiveEvent.ForToolError(context.Caller.UserId, tool.Name, $"{code}: {message}", content, clock.GetUtcNow(), "tool", "code", "request_id"));
    }

    private void Enqueue(InvocationContext context, LiveEvent copy)
    {
        if (Interlocked.Add(ref _queuedBytes, copy.Frame.Length) > MaxQueuedBytes || !_queue.Writer.TryWrite((context.Caller.HospitalId, copy)))
            Interlocked.Add(ref _queuedBytes, -copy.Frame.Length);
    }

    [LoggerMessage(6070, LogLevel.Warning, "Publishing a copy of a tool response failed; the copy is dropped: {Kind}")]
    private static partial void LogPublishFailed(ILogger log, string kind);
}
