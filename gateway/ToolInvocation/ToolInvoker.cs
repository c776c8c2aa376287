using MedCor.Contracts;

namespace MedCor.Gateway.ToolInvocation;

/// <summary>
/// Authorizes tool calls of every surface, records metrics and forwards the calls to the service that owns the tool. Parameters and responses are forwarded
/// unchanged, as bytes.
/// </summary>
internal sealed class ToolInvoker(ServiceForwarder forwarder, ReferenceDataCache referenceData, IToolResponseObserver observer, TimeProvider clock)
{
    /// <summary>
    /// Calls a tool and returns its response: a result or an error, which the status distinguishes. Throws <see cref="Forbidden"/>,
    /// <see cref="InsufficientScope"/> or <see cref="StepUpRequired"/> when the caller's role, token or login does not permit the tool, and
    /// <see cref="Unavailable"/> when its service does not respond.
    /// </summary>
    public async Task<ToolResponse> InvokeAsync(InvocationContext context, ToolRequest request, string? idempotencyKey, CancellationToken ct)
    {
        var tool = request.Tool;
        try
        {
            var response = await MeasureAsync(context, tool.Name, () => DispatchAsync(context, request, idempotencyKey, ct));
            observer.OnResponse(context, tool, response);
            return response;
        }
        catch (ApiException error)
        {
            observer.OnError(context, tool, error);
            throw;
        }
    }

    /// <summary>Reads a resource and returns its response. Throws as <see cref="InvokeAsync"/> does.</summary>
    /// <param name="pathAndQuery">The path after the resource's name, and the query.</param>
    public Task<ToolResponse> ReadResourceAsync(InvocationContext context, ResourceDescriptor resource, string pathAndQuery, CancellationToken ct) =>
        MeasureAsync(context, resource.Name, async () =>
        {
            // As for tools.
            if (resource.Audit is null) context.Caller.Require(resource.Callers, resource.Scope, resource.Name);
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{resource.Service}/resources/{resource.Name}{pathAndQuery}");
            return await forwarder.SendAsync(resource.Name, context.ServiceHeaders, request, isWrite: false, ct);
        });

    private static async Task<ToolResponse> MeasureAsync(InvocationContext context, string name, Func<Task<ToolResponse>> invoke)
    {
        using var metrics = new ToolMetrics(context.Surface, name);
        try
        {
            var response = await invoke();
            metrics.RecordResponse(response.Status);
            return response;
        }
        catch (ApiException error)
        {
            metrics.RecordError(error);
            throw;
        }
        catch (OperationCanceledException)
        {
            metrics.RecordAbandoned();
            throw;
        }
    }

    private Task<ToolResponse> DispatchAsync(InvocationContext context, ToolRequest request, string? idempotencyKey, CancellationToken ct)
    {
        var tool = request.Tool;
        // A forbidden access that is audited is rejected by the service, which records it in the audit trail.
        if (tool.Audit is null) context.Caller.Require(tool.Callers, tool.Scope, tool.Name);
        if (tool.RequiresStepUp) context.Caller.RequireStepUp(clock.GetUtcNow());
        return tool.IsReferenceData && referenceData.IsEnabled
            ? InvokeReferenceDataAsync(context, request, idempotencyKey, ct)
            : ForwardAsync(context, request, idempotencyKey, ct);
    }

    private Task<ToolResponse> InvokeReferenceDataAsync(InvocationContext context, ToolRequest request, string? idempotencyKey, CancellationToken ct) =>
        request.Tool.Effect == Effect.Read
            ? referenceData.ReadAsync(context.Caller.Kind, request, () => ForwardAsync(context, request, idempotencyKey, ct))
            : referenceData.WriteAsync(() => ForwardAsync(context, request, idempotencyKey, ct));

    private async Task<ToolResponse> ForwardAsync(InvocationContext context, ToolRequest request, string? idempotencyKey, CancellationToken ct)
    {
        var tool = request.Tool;
        using var message = new HttpRequestMessage(HttpMethod.Post, $"http://{tool.Service}/tools/{tool.Name}")
        {
            Content = new JsonBytesContent(request.Params)
        };
        if (idempotencyKey is not null) message.Headers.TryAddWithoutValidation(IdempotencyKey.Header, idempotencyKey);
        return await forwarder.SendAsync(tool.Name, context.ServiceHeaders, message, tool.Effect != Effect.Read, ct);
    }
}
