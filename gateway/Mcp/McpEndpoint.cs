using System.Buffers;
using System.Globalization;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Gateway.Authentication;
using MedCor.Gateway.Endpoints;
using MedCor.Gateway.HttpPipeline;
using MedCor.Gateway.Limits;
using MedCor.Gateway.ToolInvocation;
using MedCor.ServiceDefaults.Errors;
using MedCor.ServiceDefaults.Telemetry;

namespace MedCor.Gateway.Mcp;

/// <summary>
/// Maps <c>POST /mcp</c>, the Model Context Protocol on streamable HTTP, without sessions: any replica answers any request, of the protocol's versions with a
/// handshake and of those without. The SDK is the protocol layer. What stands before it reads the body within the usual limits and answers, as HTTP demands
/// before a response begins, what the SDK leaves to others: a missing scope.
/// </summary>
internal sealed class McpEndpoint(ToolInvoker invoker, ResourceReader reader, McpToolCatalogue tools, TimeProvider clock) : IEndpoints
{
    internal const string Path = "/mcp";

    /// <summary>The maximum length of a message that subscribes, which stays in memory for as long as the subscription lasts.</summary>
    private const int MaxSubscriptionLength = 64 * 1024;

    /// <summary>The time after which an answer that still lasts gets a sign of life, so that no proxy takes its connection for a dead one.</summary>
    private static readonly TimeSpan KeepAliveInterval = TimeSpan.FromSeconds(15);

    public void Map(IEndpointRouteBuilder app)
    {
        app.MapMcp(Path).RequireMcpToken().WithMetadata(QueryParametersMetadata.Read).ExcludeFromDescription().Finally(endpoint =>
        {
            var protocol = endpoint.RequestDelegate!;
            endpoint.RequestDelegate = http => HandleAsync(http, protocol);
        });
        // Clients look at other methods too to find the authorization server, and older ones try to open and to end a session.
        app.MapMethods(Path, [HttpMethods.Get, HttpMethods.Delete], RefuseMethodAsync).RequireMcpToken().WithMetadata(QueryParametersMetadata.Read)
            .ExcludeFromDescription();
    }

    private static Task RefuseMethodAsync(HttpContext http)
    {
        http.Response.Headers.Allow = HttpMethods.Post;
        throw new MethodNotAllowed(HttpMethods.Post);
    }

    private async Task HandleAsync(HttpContext http, RequestDelegate protocol)
    {
        byte[] json;
        // The buffers are returned before the answer begins, which can last for hours.
        using (var body = await RequestBody.ReadJsonAsync(http)) json = body.Bytes.ToArray();
        var outcome = McpMetrics.Abandoned;
        try
        {
            var request = new McpRequest(http, InvocationContext.FromRequest(http, "mcp"), McpMessage.Read(http, json), ToolSelection.Read(http.Request));
            http.LinkTrace(request.Message.TraceParent);
            ThrowIfMalformed(request.Message, json.Length);
            await RequireScopeAsync(request);
            request.Attach();
            await AnswerAsync(request, json, protocol);
            outcome = request.Outcome ?? GetOutcome(http.Response.StatusCode);
        }
        catch (ApiException error)
        {
            outcome = McpErrorCodes.Of(error).ToString(CultureInfo.InvariantCulture);
            throw;
        }
        finally
        {
            if (http.Features.Get<McpMessage>() is { } message) McpMetrics.Record(message, outcome);
        }
    }

    /// <summary>Throws <see cref="McpRejection"/> when the protocol layer cannot answer a message as it should.</summary>
    private static void ThrowIfMalformed(McpMessage message, int length)
    {
        if (message is { Method: null, IsModern: true })
            throw new McpRejection(StatusCodes.Status400BadRequest, McpErrorCodes.InvalidRequest, "No response is expected here: the server asks nothing.");
        if (message.HasMistypedTarget && message.FindWrongParameter() is { } wrong)
            throw new McpRejection(StatusCodes.Status200OK, McpErrorCodes.InvalidParams, wrong);
        if (message.Method == McpMessage.SubscribeMethod && length > MaxSubscriptionLength) throw new PayloadTooLarge(MaxSubscriptionLength);
    }

    /// <summary>Returns how a request ended that the protocol layer has answered without a handler.</summary>
    private static string GetOutcome(int status) =>
        status >= StatusCodes.Status400BadRequest ? string.Create(CultureInfo.InvariantCulture, $"HTTP {status}")
        : status == StatusCodes.Status202Accepted ? McpMetrics.Succeeded
        : ErrorCodes.ServerError;

    private async Task AnswerAsync(McpRequest request, byte[] json, RequestDelegate protocol)
    {
        var http = request.Http;
        http.Request.Body = new MemoryStream(json, writable: false);
        var inner = http.Response.Body;
        await using var answer = new McpResponseStream(http.Response, inner,
            isJsonOnly: request.Message.Method != McpMessage.SubscribeMethod && !AcceptsEventStream(http.Request));
        var headers = http.Request.Headers;
        // The protocol layer answers with an event stream, and refuses clients that accept only one of the two.
        headers.Accept = "application/json, text/event-stream";
        // A client may still have one from another server, or from a version that had sessions.
        headers.Remove("Mcp-Session-Id");
        headers.Remove("Last-Event-ID");
        http.Response.Body = answer;
        try
        {
            using var timer = new PeriodicTimer(KeepAliveInterval, clock);
            var answered = protocol(http);
            while (await Task.WhenAny(answered, timer.WaitForNextTickAsync().AsTask()) != answered) await answer.KeepAliveAsync();
            await answered;
            await answer.CompleteAsync();
        }
        catch (JsonException) when (!http.Response.HasStarted)
        {
            // The parameters of the handshake, which are read before any handler.
            throw new McpRejection(StatusCodes.Status200OK, McpErrorCodes.InvalidParams, $"The parameters of {request.Message.Method} are not valid.");
        }
        finally
        {
            http.Response.Body = inner;
        }
    }

    /// <summary>Returns whether a client accepts an event stream. One that says nothing does.</summary>
    private static bool AcceptsEventStream(HttpRequest request) =>
        request.GetTypedHeaders().Accept is not { Count: > 0 } accepted || accepted.Any(type => type.MatchesMediaType(McpResponseStream.EventStream));

    /// <summary>Throws <see cref="InsufficientScope"/> when the token does not permit what the message asks for, although the caller's role does.</summary>
    private async Task RequireScopeAsync(McpRequest request)
    {
        var (caller, message, ct) = (request.Context.Caller, request.Message, request.Http.RequestAborted);
        switch (message.Method)
        {
            case "tools/call" when message.Name is { } name && tools.Find(request, name) is { } tool && !caller.Covers(tool.Scope):
                if (tool.Audit is not null)
                    await RecordRefusalAsync(async () => (await invoker.InvokeAsync(
                        request.Context, ToolRequest.ForTool(name, new(message.Arguments)), null, ct)).Dispose());
                throw new InsufficientScope(tool.Scope);
            case "resources/read" when ResourceUri.TryParse(message.Uri, caller) is { } uri && !caller.Covers(uri.Resource.Scope):
                if (uri.Resource.Audit is not null)
                    await RecordRefusalAsync(async () => (await reader.ReadAsync(request.Context, uri.Resource, uri.Path, uri.Query, ct)).Dispose());
                throw new InsufficientScope(uri.Resource.Scope);
            case "prompts/list" or "prompts/get":
                caller.RequireScope(McpPrompts.List.Scope);
                break;
            case McpMessage.SubscribeMethod:
                var missing = (message.Watched ?? []).Select(watched => ResourceUri.TryParse(watched, caller)?.Resource.Scope).OfType<Scope>()
                    .Where(scope => !caller.Covers(scope)).Distinct().ToArray();
                if (missing.Length > 0) throw new InsufficientScope(missing);
                break;
        }
    }

    /// <summary>Attempts an access that the service refuses too, and records in the audit trail.</summary>
    private static async Task RecordRefusalAsync(Func<Task> attempt)
    {
        try
        {
            await attempt();
        }
        catch (ApiException)
        {
            // The client learns what it lacks even while the service is unavailable.
        }
    }
}

internal static class McpExtensions
{
    /// <summary>
    /// Rejects requests to MCP that a web page sends without being allowed to (the specification's "Origin", and "Host" against DNS rebinding), and answers
    /// every error of such a request in the protocol's format.
    /// </summary>
    public static void UseMcpRequestRules(this WebApplication app)
    {
        var (errors, hosts) = (app.Services.GetRequiredService<McpErrorWriter>(), app.Services.GetRequiredService<McpHosts>());
        app.UseWhen(IsMcp, mcp => mcp.UseErrorResponses(errors.WriteAsync).Use((http, next) =>
        {
            hosts.ThrowIfForbidden(http.Request);
            return next(http);
        }));
    }

    /// <summary>Returns whether a request is for MCP itself, and not for the chat, whose paths begin with the same segment.</summary>
    private static bool IsMcp(HttpContext http) => http.Request.Path.StartsWithSegments(McpEndpoint.Path, out var rest) && rest.Value is "" or "/" or null;
}
