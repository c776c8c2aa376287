using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.ServiceDefaults.Access;
using MedCor.ServiceDefaults.Problems;
using Microsoft.AspNetCore.Http;

namespace MedCor.ServiceDefaults.Tools;

/// <summary>
/// Asks the owner of a fact that has not been heard here yet, with the caller's own token, so with no more than their rights.
/// For the moment between a change and its event; the answer is to be kept.
/// </summary>
public sealed class OtherServices(IHttpClientFactory clients, IHttpContextAccessor context)
{
    /// <summary>What the tool answers the caller; null when it answers that there is no such thing or that they may not see it.</summary>
    public async Task<TResult?> Ask<TResult>(ITool<TResult> asked, CancellationToken ct) where TResult : class
    {
        var http = context.HttpContext ?? throw new InvalidOperationException("Nobody is calling here.");
        var tool = ToolCatalogue.ByParams[asked.GetType()];
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/tools/{tool.Name}")
        {
            Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(asked, asked.GetType(), Json.Options)) { Headers = { ContentType = new("application/json") } },
        };
        request.Headers.TryAddWithoutValidation("Authorization", http.Request.Headers.Authorization.ToString());
        request.Headers.TryAddWithoutValidation(RequestIds.Header, http.RequestId());
        if (http.ToldAddress() is { } address) request.Headers.TryAddWithoutValidation(ClientAddress.Header, address);

        using var response = await clients.CreateClient(Upstream.Client(tool.Service)).SendAsync(request, ct);
        return response.StatusCode switch
        {
            HttpStatusCode.OK => await response.Content.ReadFromJsonAsync<TResult>(Json.Options, ct),
            HttpStatusCode.NotFound or HttpStatusCode.Forbidden => null,
            _ => throw new Unavailable("A part of MedCor is down at present. Try again shortly."),
        };
    }
}
