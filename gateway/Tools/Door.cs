using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using MedCor.Contracts;
using MedCor.Gateway.Events;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Access;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Resources;

namespace MedCor.Gateway.Tools;

/// <summary>
/// The one way to a tool, whatever surface a call came by. Checks the role and hands the parameters to the service that owns the tool,
/// as the bytes that they are; the answer comes back as the bytes that it is.
/// </summary>
internal sealed class Door(Upstream upstream, References references, Echo echo)
{
    /// <summary>No call takes longer; a service's own statements end before.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>
    /// What the tool answers: a result or a refusal of its own, told apart by the status. Throws <see cref="Forbidden"/> when the caller's role
    /// does not include the tool, <see cref="Unavailable"/> when its service does not answer.
    /// </summary>
    public async Task<ToolAnswer> Invoke(Visitor visitor, ToolCall call, string? idempotencyKey, CancellationToken ct)
    {
        var tool = call.Tool.Name;
        try
        {
            var answer = await Measured(visitor, tool, () => Pass(visitor, call, idempotencyKey, ct));
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
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/resources/{resource.Name}{pathAndQuery}");
        return await Send(visitor, resource.Service, resource.Name, request, ct);
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
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/tools/{tool.Name}") { Content = new Bytes(call.Params) };
        if (idempotencyKey is not null) request.Headers.TryAddWithoutValidation(IdempotencyKey.Header, idempotencyKey);
        return await Send(visitor, tool.Service, tool.Name, request, ct);
    }

    private async Task<ToolAnswer> Send(Visitor visitor, string service, string name, HttpRequestMessage request, CancellationToken ct)
    {
        request.Headers.TryAddWithoutValidation("Authorization", visitor.Authorization);
        request.Headers.TryAddWithoutValidation(RequestIds.Header, visitor.RequestId);
        request.Headers.TryAddWithoutValidation(ClientAddress.Header, visitor.Address);

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        try
        {
            using var response = await upstream.To(service).SendAsync(request, patience.Token);
            return await ToolAnswer.Read(response, patience.Token);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConnectionError)
        {
            throw new Unavailable($"{name} is down at present and was not called. Try again shortly.", retryAfter: 1);
        }
        catch (Exception e) when (!ct.IsCancellationRequested && e is HttpRequestException or IOException or SocketException or OperationCanceledException)
        {
            throw new Unavailable($"{name} broke off, and whether it was done is not known. Try again shortly; a change with the same Idempotency-Key.");
        }
    }

    /// <summary>The parameters, written from where they lie.</summary>
    private sealed class Bytes : HttpContent
    {
        private static readonly MediaTypeHeaderValue Json = new("application/json");
        private readonly ReadOnlySequence<byte> bytes;

        public Bytes(in ReadOnlySequence<byte> bytes)
        {
            this.bytes = bytes;
            Headers.ContentType = Json;
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken ct)
        {
            foreach (var segment in bytes) await stream.WriteAsync(segment, ct);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = bytes.Length;
            return true;
        }
    }
}
