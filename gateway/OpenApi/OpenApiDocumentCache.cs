using System.Text;
using MedCor.Gateway.HttpPipeline;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace MedCor.Gateway.OpenApi;

/// <summary>
/// Holds the OpenAPI document, which is created once, when all endpoints are mapped and the server has started. A document that cannot be created stops the
/// gateway.
/// </summary>
internal sealed class OpenApiDocumentCache([FromKeyedServices(OpenApiDocumentCache.DocumentName)] IOpenApiDocumentProvider provider) : IHostedLifecycleService
{
    public const string DocumentName = "v1";

    private readonly Lock _lock = new();
    private Task<StaticResponse>? _response;

    /// <summary>Returns the response with the document.</summary>
    public Task<StaticResponse> GetResponseAsync()
    {
        lock (_lock) return _response ??= CreateResponseAsync();
    }

    /// <summary>Creates the document. The same gateway always creates the same bytes.</summary>
    public static async Task<byte[]> WriteAsync(IOpenApiDocumentProvider provider)
    {
        var document = await provider.GetOpenApiDocumentAsync();
        using var bytes = new MemoryStream();
        await using (var text = new StreamWriter(bytes, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true))
            document.SerializeAsV31(new OpenApiJsonWriter(text, new() { Terse = true }));
        return bytes.ToArray();
    }

    private async Task<StaticResponse> CreateResponseAsync() => new(await WriteAsync(provider), "application/json");

    public Task StartedAsync(CancellationToken cancellationToken) => GetResponseAsync();

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
