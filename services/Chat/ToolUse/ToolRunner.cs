using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.ServiceDefaults.Authentication;
using MedCor.ServiceDefaults.Telemetry;

namespace MedCor.Chat.ToolUse;

/// <summary>Represents the caller for whom the model acts. It is kept in memory only, because it contains the caller's token.</summary>
/// <param name="Authorization">The header with the caller's token, with which services verify the caller's rights at every call.</param>
/// <param name="Model">The name of the model, for the audit trail.</param>
internal sealed record ToolCaller(
    Guid RunId, Guid HospitalId, Guid UserId, Callers Kind, string Authorization, string RequestId, string? ClientAddress, string Model);

/// <summary>Represents a user for whom a model may call tools.</summary>
/// <param name="Authorization">The header with the user's token.</param>
internal sealed record ToolUser(Caller Caller, string Authorization, string RequestId, string? ClientAddress)
{
    /// <summary>Returns the caller for whom the model of a run acts.</summary>
    public ToolCaller ForRun(Guid runId, string model) =>
        new(runId, Caller.HospitalId ?? Guid.Empty, Caller.UserId, Caller.Kind, Authorization, RequestId, ClientAddress, model);

    /// <summary>Returns the user of a request; null when a program without a user makes it.</summary>
    public static ToolUser? Of(HttpContext http, Caller? caller) =>
        caller is null ? null : new(caller, http.Request.Headers.Authorization.ToString(), http.RequestId(), http.ForwardedAddress());
}

/// <summary>
/// Calls tools of the services on behalf of a caller, with the caller's own token: the services validate, authorize and record the calls as any other.
/// </summary>
internal sealed class ToolRunner(IHttpClientFactory clients)
{
    /// <summary>The maximum duration of a call. A service's own statements time out earlier, and the gateway waits longer for a confirmation.</summary>
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(18);

    /// <summary>The greatest length of a response in bytes; a list of the largest entities has less.</summary>
    private const int MaxResponseLength = 16 * 1024 * 1024;

    /// <summary>
    /// Calls a tool and returns its result as JSON, or its error. Throws <see cref="Unavailable"/> when the outcome of the call is unknown.
    /// </summary>
    /// <param name="idempotencyKey">The idempotency key of a write: repeated calls with the same key take effect once.</param>
    public async Task<(string? Result, Problem? Error)> CallAsync(ToolCaller caller, ToolDescriptor tool, string arguments, string? idempotencyKey,
        CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{tool.Service}/tools/{tool.Name}")
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(arguments)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
        };
        request.Headers.TryAddWithoutValidation("Authorization", caller.Authorization);
        request.Headers.TryAddWithoutValidation(RequestIds.Header, caller.RequestId);
        request.Headers.TryAddWithoutValidation(ActingModel.Header, caller.Model);
        if (caller.ClientAddress is { } address) request.Headers.TryAddWithoutValidation(ClientAddress.Header, address);
        if (idempotencyKey is not null) request.Headers.TryAddWithoutValidation(IdempotencyHeaders.Key, idempotencyKey);

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct);
        timeout.CancelAfter(CallTimeout);
        try
        {
            using var client = clients.CreateClient();
            client.Timeout = Timeout.InfiniteTimeSpan;
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout.Token);
            await response.Content.LoadIntoBufferAsync(MaxResponseLength, timeout.Token);
            var body = await response.Content.ReadAsStringAsync(timeout.Token);
            if (response.StatusCode == HttpStatusCode.OK) return (body, null);
            return (null, JsonSerializer.Deserialize<ErrorEnvelope>(body, Json.Options)!.Error);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            throw new Unavailable($"{tool.Name} did not respond; the outcome is unknown. Retry shortly.");
        }
    }
}
