using MedCor.Contracts;
using MedCor.Gateway.Events;
using MedCor.ServiceDefaults.Access;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Resources;

namespace MedCor.Gateway.Tools;

/// <summary>
/// The one way to a tool, whatever surface a call came by. Checks the role and hands the parameters to the service that owns the tool,
/// as the bytes that they are; the answer comes back as the bytes that it is.
/// </summary>
internal sealed class Door(Passage passage, References references, Echo echo)
{
    /// <summary>
    /// What the tool answers: a result or a refusal of its own, told apart by the status. Throws <see cref="Forbidden"/> when the caller's role
    /// does not include the tool, <see cref="Unavailable"/> when its service does not answer.
    /// </summary>
    public async Task<ToolAnswer> Invoke(Visitor visitor, ToolCall call, string? idempotencyKey, CancellationToken ct)
    {
        var tool = call.Tool;
        try
        {
            var answer = await Measured(visitor, tool.Name, () => Pass(visitor, call, idempotencyKey, ct));
            echo.Answered(visitor, tool, answer);
            return answer;
        }
        catch (Refusal refusal)
        {
            echo.Refused(visitor, tool, refusal);
            throw;
        }
    }

    /// <summary>What a resource answers. Throws as <see cref="Invoke"/> does.</summary>
    /// <param name="pathAndQuery">What follows the resource's name.</param>
    public Task<ToolAnswer> Read(Visitor visitor, ResourceKind resource, string pathAndQuery, CancellationToken ct) => Measured(visitor, resource.Name, async () =>
    {
        if (!visitor.Caller.Is(resource.Callers)) throw new Forbidden($"Your role does not include {resource.Name}.");
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{resource.Service}/resources/{resource.Name}{pathAndQuery}");
        return await passage.Send(resource.Name, visitor.Sender, request, isChange: false, ct);
    });

    private static async Task<ToolAnswer> Measured(Visitor visitor, string name, Func<Task<ToolAnswer>> ask)
    {
        using var figures = new CallFigures(visitor.Surface, name);
        try
        {
            var answer = await ask();
            figures.Answered(answer.Status);
            return answer;
        }
        catch (Refusal refusal)
        {
            figures.Refused(refusal);
            throw;
        }
        catch (OperationCanceledException)
        {
            figures.Abandoned();
            throw;
        }
    }

    private Task<ToolAnswer> Pass(Visitor visitor, ToolCall call, string? idempotencyKey, CancellationToken ct)
    {
        var tool = call.Tool;
        // An attempt on clinical content is refused by its service, which puts it on record.
        if (!visitor.Caller.Is(tool.Callers) && tool.Content is null) throw new Forbidden($"Your role does not include {tool.Name}.");
        return tool.IsReference && references.AreKept ? Refer(visitor, call, idempotencyKey, ct) : Forward(visitor, call, idempotencyKey, ct);
    }

    private Task<ToolAnswer> Refer(Visitor visitor, ToolCall call, string? idempotencyKey, CancellationToken ct) => call.Tool.Effect == Effect.Read
        ? references.Read(visitor.Caller.Kind, call, () => Forward(visitor, call, idempotencyKey, ct))
        : references.Write(() => Forward(visitor, call, idempotencyKey, ct));

    private async Task<ToolAnswer> Forward(Visitor visitor, ToolCall call, string? idempotencyKey, CancellationToken ct)
    {
        var tool = call.Tool;
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{tool.Service}/tools/{tool.Name}") { Content = new JsonBytes(call.Params) };
        if (idempotencyKey is not null) request.Headers.TryAddWithoutValidation(IdempotencyKey.Header, idempotencyKey);
        return await passage.Send(tool.Name, visitor.Sender, request, tool.Effect != Effect.Read, ct);
    }
}
