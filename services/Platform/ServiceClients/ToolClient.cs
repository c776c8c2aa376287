using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.ServiceDefaults.Authentication;
using MedCor.ServiceDefaults.Telemetry;
using Microsoft.AspNetCore.Http;

namespace MedCor.Platform.ServiceClients;

/// <summary>
/// Calls the tools of other services, and asks what is no tool, with the caller's own token, so with no more than their rights: to ask the owner of a fact that has not been heard
/// here yet, whose answer is to be kept, and to do for a caller what they would otherwise do themselves.
/// </summary>
public sealed class ToolClient(IHttpClientFactory clients, IHttpContextAccessor context)
{
    /// <summary>What the tool answers the caller; null when it answers that there is no such thing or that they may not see it.</summary>
    public async Task<TResult?> TryCallAsync<TResult>(ITool<TResult> request, CancellationToken ct) where TResult : class
    {
        using var response = await SendAsync(request, null, ct);
        return response.StatusCode switch
        {
            HttpStatusCode.OK => await response.Content.ReadFromJsonAsync<TResult>(Json.Options, ct),
            HttpStatusCode.NotFound or HttpStatusCode.Forbidden => null,
            _ => throw new Unavailable(),
        };
    }

    /// <summary>What the tool answers the caller. Throws <see cref="Refused"/> when it refuses, with what it refuses with.</summary>
    /// <param name="idempotencyKey">Of a write: however often it is called with this, it happens once.</param>
    public async Task<TResult> CallAsync<TResult>(ITool<TResult> request, string? idempotencyKey, CancellationToken ct)
    {
        using var response = await SendAsync(request, idempotencyKey, ct);
        return await ReadResultAsync<TResult>(response, ct);
    }

    /// <summary>
    /// What a service answers the caller to a question that is no tool. Throws <see cref="Refused"/> when they may not ask it, and <see cref="Unavailable"/> when it is refused otherwise: the question
    /// is this service's own, so a replica that does not take it is of another version.
    /// </summary>
    public async Task<TResult> PostAsync<TResult>(string service, string path, object body, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{service}{path}") { Content = SerializeBody(body) };
        using var response = await SendAsync(request, ct);
        if (response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.NotFound) throw new Unavailable();
        return await ReadResultAsync<TResult>(response, ct);
    }

    private static async Task<TResult> ReadResultAsync<TResult>(HttpResponseMessage response, CancellationToken ct)
    {
        if (response.IsSuccessStatusCode) return (await response.Content.ReadFromJsonAsync<TResult>(Json.Options, ct))!;
        if (response.StatusCode >= HttpStatusCode.InternalServerError) throw new Unavailable();
        throw new Refused((int)response.StatusCode, (await response.Content.ReadFromJsonAsync<ErrorEnvelope>(Json.Options, ct))!.Error);
    }

    private async Task<HttpResponseMessage> SendAsync(object asked, string? idempotencyKey, CancellationToken ct)
    {
        var tool = ToolCatalogue.ByParameterType[asked.GetType()];
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{tool.Service}/tools/{tool.Name}") { Content = SerializeBody(asked) };
        if (idempotencyKey is not null) request.Headers.TryAddWithoutValidation(IdempotencyHeaders.Key, idempotencyKey);
        return await SendAsync(request, ct);
    }

    private static ByteArrayContent SerializeBody(object asked) => new(JsonSerializer.SerializeToUtf8Bytes(asked, asked.GetType(), Json.Options)) { Headers = { ContentType = new("application/json") } };

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct)
    {
        var http = context.HttpContext ?? throw new InvalidOperationException("Nobody is calling here.");
        request.Headers.TryAddWithoutValidation("Authorization", http.Request.Headers.Authorization.ToString());
        request.Headers.TryAddWithoutValidation(RequestIds.Header, http.RequestId());
        if (http.ForwardedAddress() is { } address) request.Headers.TryAddWithoutValidation(ClientAddress.Header, address);
        return await clients.CreateClient().SendAsync(request, ct);
    }
}
