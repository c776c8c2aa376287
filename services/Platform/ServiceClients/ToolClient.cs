using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Platform.Tenancy;
using MedCor.ServiceDefaults.Authentication;
using MedCor.ServiceDefaults.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace MedCor.Platform.ServiceClients;

/// <summary>
/// Calls tools and internal endpoints of other services with the caller's token, and so with the caller's rights: to read data whose events have not arrived
/// yet, or to perform an operation on behalf of the caller.
/// </summary>
public sealed class ToolClient(IHttpClientFactory clients, IHttpContextAccessor context)
{
    private const string ToolPath = "/tools";

    /// <summary>
    /// The path below which services answer the lookups of others, by the name of the tool. They check the caller's role and not the scopes of the token: a
    /// token that may only book must be able to book for a patient whom this service does not know yet.
    /// </summary>
    internal const string LookupPath = "/lookups";

    /// <summary>
    /// Looks up an entity of which this service needs a copy, by the tool that returns it; null when the entity does not exist or the caller's role may not see
    /// it.
    /// </summary>
    public async Task<TResult?> TryLookUpAsync<TResult>(ITool<TResult> request, CancellationToken ct) where TResult : class
    {
        // Replicas of earlier versions know only the path of the tool, where a token without scopes lacks none.
        var hasScopes = context.HttpContext?.RequestServices.GetRequiredService<TenantContext>().Caller.Scopes is not null;
        using var response = await SendAsync(request, null, ct, hasScopes ? LookupPath : ToolPath);
        return response.StatusCode switch
        {
            HttpStatusCode.OK => await response.Content.ReadFromJsonAsync<TResult>(Json.Options, ct),
            HttpStatusCode.NotFound or HttpStatusCode.Forbidden => null,
            _ => throw new Unavailable(),
        };
    }

    /// <summary>Calls a tool and returns its result. Throws <see cref="Refused"/> with the error of the tool.</summary>
    /// <param name="idempotencyKey">The idempotency key of a write: repeated calls with the same key take effect once.</param>
    public async Task<TResult> CallAsync<TResult>(ITool<TResult> request, string? idempotencyKey, CancellationToken ct)
    {
        using var response = await SendAsync(request, idempotencyKey, ct);
        return await ReadResultAsync<TResult>(response, ct);
    }

    /// <summary>
    /// Posts a request to an internal endpoint of another service and returns its result. Throws <see cref="Refused"/> when the caller lacks permission, and
    /// <see cref="Unavailable"/> when the service rejects the request for another reason: a replica of another version may not support it.
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

    private async Task<HttpResponseMessage> SendAsync(object parameters, string? idempotencyKey, CancellationToken ct, string path = ToolPath)
    {
        var tool = ToolCatalogue.ByParameterType[parameters.GetType()];
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{tool.Service}{path}/{tool.Name}") { Content = SerializeBody(parameters) };
        if (idempotencyKey is not null) request.Headers.TryAddWithoutValidation(IdempotencyHeaders.Key, idempotencyKey);
        return await SendAsync(request, ct);
    }

    private static ByteArrayContent SerializeBody(object parameters) =>
        new(JsonSerializer.SerializeToUtf8Bytes(parameters, parameters.GetType(), Json.Options)) { Headers = { ContentType = new("application/json") } };

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct)
    {
        var http = context.HttpContext ?? throw new InvalidOperationException("There is no caller.");
        request.Headers.TryAddWithoutValidation("Authorization", http.Request.Headers.Authorization.ToString());
        request.Headers.TryAddWithoutValidation(RequestIds.Header, http.RequestId());
        if (http.ForwardedAddress() is { } address) request.Headers.TryAddWithoutValidation(ClientAddress.Header, address);
        if (http.GetActingModel() is { } model) request.Headers.TryAddWithoutValidation(ActingModel.Header, model);
        return await clients.CreateClient().SendAsync(request, ct);
    }
}
