using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using MedCor.Contracts;
using MedCor.Gateway.Tools;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Gateway.Events;

/// <summary>
/// Tells those who listen what tools answer them, whatever surface they called by. A copy: it holds up no call, and is given up while Redis is away or when
/// more come than can be written. Of an answer that may tell of a patient's health it says that it came, not what it says: of whoever reads that the record tells,
/// and of whom a copy was told it does not.
/// </summary>
internal sealed class Echo(WhoListens listening, LiveStreams streams, TimeProvider clock, ILogger<Echo> log) : BackgroundService
{
    /// <summary>How many copies may wait to be written, and how many bytes of them.</summary>
    private const int MostWaiting = 256;
    private const int MostWaitingBytes = 4 * 1024 * 1024;

    private readonly Channel<(Guid? Hospital, LiveEvent Event)> waiting = Channel.CreateBounded<(Guid?, LiveEvent)>(
        new BoundedChannelOptions(MostWaiting) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private long waitingBytes;

    /// <summary>A tool answered.</summary>
    public void Answered(Visitor visitor, Tool tool, ToolAnswer answer)
    {
        if (!listening.Includes(visitor.Caller.UserId)) return;
        try
        {
            if (answer.Status == 200) Tell(visitor, LiveEvent.Response(visitor.Caller.UserId, tool.Name, tool.TellsOfHealth ? [] : answer.Body.Span, visitor.RequestId, clock.GetUtcNow()));
            else if (JsonSerializer.Deserialize<ErrorEnvelope>(answer.Body.Span, Json.Options) is { } envelope) Failed(visitor, tool, envelope.Error.Code, envelope.Error.Message, envelope.Error.Details);
        }
        catch (JsonException)
        {
            // A service broke in a way of its own. The caller gets what it said; there is nothing to tell.
        }
    }

    /// <summary>A call was refused before its tool was reached, or its tool was not.</summary>
    public void Refused(Visitor visitor, Tool tool, Refusal refusal)
    {
        if (listening.Includes(visitor.Caller.UserId)) Failed(visitor, tool, refusal.Code, refusal.Message, refusal.Details);
    }

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        await foreach (var (hospital, told) in waiting.Reader.ReadAllAsync(ct))
            try
            {
                await streams.AppendAnswer(hospital, told);
            }
            catch (Exception e) // whatever it is: an exception that leaves here would end the process
            {
                log.LogWarning("A listener is not told of an answer: {Kind}", e.GetType().Name);
            }
            finally
            {
                Interlocked.Add(ref waitingBytes, -told.Frame.Length);
            }
    }

    private void Failed(Visitor visitor, Tool tool, string code, string message, JsonObject details)
    {
        var facts = (JsonObject)details.DeepClone();
        (facts["tool"], facts["code"], facts["request_id"]) = (tool.Name, code, visitor.RequestId);
        Tell(visitor, LiveEvent.Error(new(Callers.None, visitor.Caller.UserId), $"{code}: {message}", facts, clock.GetUtcNow(), "tool", "code", "request_id"));
    }

    private void Tell(Visitor visitor, LiveEvent told)
    {
        if (Interlocked.Add(ref waitingBytes, told.Frame.Length) > MostWaitingBytes || !waiting.Writer.TryWrite((visitor.Caller.HospitalId, told))) Interlocked.Add(ref waitingBytes, -told.Frame.Length);
    }
}
