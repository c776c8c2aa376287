using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using MedCor.Gateway.Limits;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Access;
using MedCor.ServiceDefaults.Problems;

namespace MedCor.Gateway.Tools;

/// <summary>What goes along to a service with a call: nothing else that its sender sent does.</summary>
/// <param name="Authorization">Their token as they sent it; every service checks it for itself.</param>
/// <param name="RequestId">The label of what they are doing now.</param>
/// <param name="Address">Where their connection comes from.</param>
/// <param name="Whose">As whose their answers are counted in memory; none where nobody's.</param>
internal sealed record Sender(string Authorization, string RequestId, string? Address, string? Whose = null);

/// <summary>The way from the gateway to a service and back, for a call and its answer.</summary>
internal sealed class Passage(Upstream upstream, WaitingBytes waiting)
{
    /// <summary>No call takes longer; a service's own statements end before.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Room for the answer of a change, before it is sent: once it may be done, its answer is refused for no want of memory. One thing takes no more as it is read, in a buffer that doubles.</summary>
    private const int RoomForAChange = 2 * AnswerBuffer.LargestThing;

    /// <summary>
    /// What a service answers, whatever the status. Throws <see cref="Unavailable"/> when it does not, and <see cref="Unavailable"/> or <see cref="TooMany"/> when there is no memory for it: of a change
    /// before it is sent.
    /// </summary>
    /// <param name="name">What is called, for a person.</param>
    /// <param name="isChange">Whether something may be changed by it.</param>
    /// <param name="again">How a change is to be repeated so that it happens once.</param>
    public async Task<ToolAnswer> Send(string name, Sender sender, HttpRequestMessage request, bool isChange, CancellationToken ct, string again = "with the same Idempotency-Key")
    {
        request.Headers.TryAddWithoutValidation("Authorization", sender.Authorization);
        request.Headers.TryAddWithoutValidation(RequestIds.Header, sender.RequestId);
        request.Headers.TryAddWithoutValidation(ClientAddress.Header, sender.Address);

        var held = waiting.Begin(sender.Whose);
        if (isChange) held.Reserve(RoomForAChange);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        var isRead = false;
        try
        {
            using var response = await upstream.SendAsync(request, patience.Token);
            var answer = await ToolAnswer.Read(response, held, patience.Token);
            isRead = true;
            return answer;
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConnectionError)
        {
            throw new Unavailable($"{name} is down at present and was not called. Try again shortly.", retryAfter: 1);
        }
        catch (Exception e) when (!ct.IsCancellationRequested && e is HttpRequestException or IOException or SocketException or OperationCanceledException)
        {
            throw new Unavailable($"{name} broke off, and whether it was done is not known. Try again shortly; a change {again}.");
        }
        finally
        {
            if (!isRead) held.Dispose();
        }
    }
}

/// <summary>JSON, written from where it lies.</summary>
internal sealed class JsonBytes : HttpContent
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private readonly ReadOnlySequence<byte> bytes;

    public JsonBytes(in ReadOnlySequence<byte> bytes)
    {
        this.bytes = bytes;
        Headers.ContentType = Json;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken ct)
    {
        foreach (var segment in bytes) await stream.WriteAsync(segment, ct);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = bytes.Length;
        return true;
    }
}
