using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using MedCor.Contracts;
using MedCor.Gateway.Limits;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Authentication;
using MedCor.ServiceDefaults.Telemetry;

namespace MedCor.Gateway.ToolInvocation;

/// <summary>What goes along to a service with a call: nothing else that its sender sent does.</summary>
/// <param name="Authorization">Their token as they sent it; every service checks it for itself.</param>
/// <param name="RequestId">The label of what they are doing now.</param>
/// <param name="ClientAddress">Where their connection comes from.</param>
/// <param name="CallerKey">As whose their answers are counted in memory; none where nobody's.</param>
internal sealed record ServiceCallHeaders(string Authorization, string RequestId, string? ClientAddress, string? CallerKey = null);

/// <summary>The way from the gateway to a service and back, for a call and its answer.</summary>
internal sealed class ServiceForwarder(ServiceHttpInvoker upstream, BufferedBytesLimiter waiting)
{
    /// <summary>No call takes longer; a service's own statements end before.</summary>
    public static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(20);

    /// <summary>Room for the answer of a change, before it is sent: once it may be done, its answer is refused for no want of memory. One thing takes no more as it is read, in a buffer that doubles.</summary>
    private const int WriteReservation = 2 * ResponseBuffer.MaxEntityLength;

    /// <summary>
    /// What a service answers, whatever the status. Throws <see cref="Unavailable"/> when it does not, and <see cref="Unavailable"/> or <see cref="RateLimited"/> when there is no memory for it: of a change
    /// before it is sent.
    /// </summary>
    /// <param name="name">What is called, for a person.</param>
    /// <param name="isWrite">Whether something may be changed by it.</param>
    /// <param name="retryHint">How a change is to be repeated so that it happens once.</param>
    public async Task<ToolResponse> SendAsync(string name, ServiceCallHeaders headers, HttpRequestMessage request, bool isWrite, CancellationToken ct, string retryHint = "with the same Idempotency-Key")
    {
        request.Headers.TryAddWithoutValidation("Authorization", headers.Authorization);
        request.Headers.TryAddWithoutValidation(RequestIds.Header, headers.RequestId);
        request.Headers.TryAddWithoutValidation(ClientAddress.Header, headers.ClientAddress);

        var held = waiting.CreateLease(headers.CallerKey);
        if (isWrite) held.Reserve(WriteReservation);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(RequestTimeout);
        var isRead = false;
        try
        {
            using var response = await upstream.SendAsync(request, patience.Token);
            var answer = await ToolResponse.ReadAsync(response, held, patience.Token);
            isRead = true;
            return answer;
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConnectionError)
        {
            throw new Unavailable($"{name} is down at present and was not called. Try again shortly.", retryAfter: 1);
        }
        catch (Exception e) when (!ct.IsCancellationRequested && e is HttpRequestException or IOException or SocketException or OperationCanceledException)
        {
            throw new Unavailable($"{name} broke off, and whether it was done is not known. Try again shortly; a change {retryHint}.");
        }
        finally
        {
            if (!isRead) held.Dispose();
        }
    }
}

/// <summary>JSON, written from where it lies.</summary>
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
