using MedCor.Contracts;

namespace MedCor.Gateway.ToolInvocation;

/// <summary>
/// The one way to a tool, whatever surface a call came by. Checks the role and hands the parameters to the service that owns the tool,
/// as the bytes that they are; the answer comes back as the bytes that it is.
/// </summary>
internal sealed class ToolInvoker(ServiceForwarder passage, ReferenceDataCache references, IToolResponseObserver observer)
{
    /// <summary>
    /// What the tool answers: a result or a refusal of its own, told apart by the status. Throws <see cref="Forbidden"/> when the caller's role
    /// does not include the tool, <see cref="Unavailable"/> when its service does not answer.
    /// </summary>
    public async Task<ToolResponse> InvokeAsync(InvocationContext context, ToolRequest request, string? idempotencyKey, CancellationToken ct)
    {
        var tool = request.Tool;
        try
        {
            var answer = await MeasureAsync(context, tool.Name, () => DispatchAsync(context, request, idempotencyKey, ct));
            observer.OnResponse(context, tool, answer);
            return answer;
        }
        catch (ApiException refusal)
        {
            observer.OnError(context, tool, refusal);
            throw;
        }
    }

    /// <summary>What a resource answers. Throws as <see cref="InvokeAsync"/> does.</summary>
    /// <param name="pathAndQuery">What follows the resource's name.</param>
    public Task<ToolResponse> ReadResourceAsync(InvocationContext context, ResourceDescriptor resource, string pathAndQuery, CancellationToken ct) => MeasureAsync(context, resource.Name, async () =>
    {
        if (!context.Caller.IsOneOf(resource.Callers)) throw new Forbidden($"Your role does not include {resource.Name}.");
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{resource.Service}/resources/{resource.Name}{pathAndQuery}");
        return await passage.SendAsync(resource.Name, context.ServiceHeaders, request, isWrite: false, ct);
    });

    private static async Task<ToolResponse> MeasureAsync(InvocationContext visitor, string name, Func<Task<ToolResponse>> ask)
    {
        using var figures = new ToolMetrics(visitor.Surface, name);
        try
        {
            var answer = await ask();
            figures.RecordResponse(answer.Status);
            return answer;
        }
        catch (ApiException refusal)
        {
            figures.RecordError(refusal);
            throw;
        }
        catch (OperationCanceledException)
        {
            figures.RecordAbandoned();
            throw;
        }
    }

    private Task<ToolResponse> DispatchAsync(InvocationContext visitor, ToolRequest call, string? idempotencyKey, CancellationToken ct)
    {
        var tool = call.Tool;
        // An attempt on clinical content is refused by its service, which puts it on record.
        if (!visitor.Caller.IsOneOf(tool.Callers) && tool.ClinicalContent is null) throw new Forbidden($"Your role does not include {tool.Name}.");
        return tool.IsReferenceData && references.IsEnabled ? InvokeReferenceDataAsync(visitor, call, idempotencyKey, ct) : ForwardAsync(visitor, call, idempotencyKey, ct);
    }

    private Task<ToolResponse> InvokeReferenceDataAsync(InvocationContext visitor, ToolRequest call, string? idempotencyKey, CancellationToken ct) => call.Tool.Effect == Effect.Read
        ? references.ReadAsync(visitor.Caller.Kind, call, () => ForwardAsync(visitor, call, idempotencyKey, ct))
        : references.WriteAsync(() => ForwardAsync(visitor, call, idempotencyKey, ct));

    private async Task<ToolResponse> ForwardAsync(InvocationContext visitor, ToolRequest call, string? idempotencyKey, CancellationToken ct)
    {
        var tool = call.Tool;
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{tool.Service}/tools/{tool.Name}") { Content = new JsonBytesContent(call.Params) };
        if (idempotencyKey is not null) request.Headers.TryAddWithoutValidation(IdempotencyKey.Header, idempotencyKey);
        return await passage.SendAsync(tool.Name, visitor.ServiceHeaders, request, tool.Effect != Effect.Read, ct);
    }
}
