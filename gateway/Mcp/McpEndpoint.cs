using System.Buffers;
using MedCor.Contracts;
using MedCor.Gateway.Authentication;
using MedCor.Gateway.HttpPipeline;
using MedCor.Gateway.Limits;
using MedCor.Gateway.ToolInvocation;
using MedCor.ServiceDefaults.Errors;

namespace MedCor.Gateway.Mcp;

/// <summary>
/// Maps <c>POST /mcp</c>, the Model Context Protocol on streamable HTTP, without sessions: any replica answers any request, of the protocol's versions with a
/// handshake and of those without. The SDK is the protocol layer. What stands before it reads the body within the usual limits and answers, as HTTP demands
/// before a response begins, what the SDK leaves to others: a missing scope.
/// </summary>
internal sealed class McpEndpoint(ToolInvoker invoker, McpToolCatalogue tools) : IEndpoints
{
    internal const string Path = "/mcp";

    public void Map(IEndpointRouteBuilder app) =>
        app.MapMcp(Path).RequireMcpToken().WithMetadata(QueryParametersMetadata.Read).ExcludeFromDescription().Finally(endpoint =>
        {
            var protocol = endpoint.RequestDelegate!;
            endpoint.RequestDelegate = http => HandleAsync(http, protocol);
        });

    private async Task HandleAsync(HttpContext http, RequestDelegate protocol)
    {
        var context = InvocationContext.FromRequest(http, "mcp");
        var selection = ToolSelection.Read(http.Request);
        using var body = await RequestBody.ReadJsonAsync(http);
        var json = body.Bytes.ToArray();
        var request = new McpRequest(http, context, McpMessage.Read(http, json), selection);
        await RequireScopeAsync(request);
        request.Attach();

        http.Request.Body = new MemoryStream(json, writable: false);
        var headers = http.Request.Headers;
        // The response is an event stream whatever a client says that it accepts; some say only one of the two, or nothing.
        headers.Accept = "application/json, text/event-stream";
        // A client may still have one from another server, or from a version that had sessions.
        headers.Remove("Mcp-Session-Id");
        headers.Remove("Last-Event-ID");
        await protocol(http);
    }

    /// <summary>Throws <see cref="InsufficientScope"/> when the token does not permit what the message asks for, although the caller's role does.</summary>
    private async Task RequireScopeAsync(McpRequest request)
    {
        var (caller, message) = (request.Context.Caller, request.Message);
        if (message.Method == "tools/call" && message.Name is { } name && tools.Find(request, name) is { } tool)
        {
            if (caller.Covers(tool.Scope)) return;
            // The service refuses the access too, and records it in the audit trail.
            if (tool.ClinicalContent is not null)
                (await invoker.InvokeAsync(request.Context, ToolRequest.ForTool(name, new(message.Arguments)), null, request.Http.RequestAborted)).Dispose();
            throw new InsufficientScope(tool.Scope);
        }
        if (message.Method == "resources/read" && ResourceUri.TryParse(message.Uri, caller) is { } uri) caller.RequireScope(uri.Resource.Scope);
        if (message.Method == "prompts/get") caller.RequireScope(McpPrompts.List.Scope);
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
            // Clients look at other methods first to find the authorization server.
            return HttpMethods.IsGet(http.Request.Method) && http.Request.Headers.Authorization.Count == 0
                ? throw new Unauthenticated(ErrorCodes.AuthRequired, "Authorize first: send Authorization: Bearer with an access token for MCP.")
                : next(http);
        }));
    }

    /// <summary>Returns whether a request is for MCP itself, and not for the chat, whose paths begin with the same segment.</summary>
    private static bool IsMcp(HttpContext http) => http.Request.Path.StartsWithSegments(McpEndpoint.Path, out var rest) && rest.Value is "" or "/" or null;
}
