using System.Net.Sockets;
using MedCor.Contracts;
using MedCor.Gateway.Limits;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Authentication;
using MedCor.ServiceDefaults.Telemetry;

namespace MedCor.Gateway.ToolInvocation;

/// <summary>Forwards calls to services and reads their responses.</summary>
internal sealed class ServiceForwarder(ServiceHttpInvoker upstream, BufferedBytesLimiter buffers)
{
    /// <summary>The maximum duration of a call. A service's own database statements time out earlier.</summary>
    public static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(20);

    /// <summary>
    /// The number of bytes reserved for the response of a write before the write is sent, so that the response of a write that may have taken effect is
    /// never rejected for lack of memory. A single entity, read into a buffer that doubles, needs no more.
    /// </summary>
    private const int WriteReservation = 2 * ResponseBuffer.MaxEntityLength;

    /// <summary>
    /// Sends a request and returns the service's response, whatever its status. Throws <see cref="Unavailable"/> when the service does not respond, and
    /// <see cref="Unavailable"/> or <see cref="RateLimited"/> when there is no memory for the response: for a write, before it is sent.
    /// </summary>
    /// <param name="name">The name of what is called, for error messages.</param>
    /// <param name="isWrite">Whether the request can change something.</param>
    /// <param name="retryHint">How to repeat a write so that it takes effect once, for error messages.</param>
    public async Task<ToolResponse> SendAsync(string name, ServiceCallHeaders headers, HttpRequestMessage request, bool isWrite, CancellationToken ct,
        string retryHint = "with the same Idempotency-Key")
    {
        request.Headers.TryAddWithoutValidation("Authorization", headers.Authorization);
        request.Headers.TryAddWithoutValidation(RequestIds.Header, headers.RequestId);
        request.Headers.TryAddWithoutValidation(ClientAddress.Header, headers.ClientAddress);

        var lease = buffers.CreateLease(headers.CallerKey);
        if (isWrite) lease.Reserve(WriteReservation);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct);
        timeout.CancelAfter(RequestTimeout);
        var isRead = false;
        try
        {
            using var response = await upstream.SendAsync(request, timeout.Token);
            var result = await ToolResponse.ReadAsync(response, lease, timeout.Token);
            isRead = true;
            return result;
        }
        catch (Exception e) when (e is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError }
            || !ct.IsCancellationRequested && e is HttpRequestException or IOException or SocketException or OperationCanceledException)
        {
            throw ToUnavailable(e, name, retryHint);
        }
        finally
        {
            if (!isRead) lease.Dispose();
        }
    }

    /// <summary>Returns the error of a call that got no complete response.</summary>
    /// <param name="failure">What ended the call.</param>
    public static Unavailable ToUnavailable(Exception? failure, string name, string retryHint) => failure switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } =>
            new($"{name} is unavailable and was not called. Retry shortly.", retryAfter: 1),
        OperationCanceledException =>
            new($"{name} did not complete within {RequestTimeout.TotalSeconds:0} seconds; the outcome is unknown. Retry shortly; a change {retryHint}."),
        _ => new($"The service closed the connection before {name} completed; the outcome is unknown. Retry shortly; a change {retryHint}."),
    };
}
