using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.LanguageModels;
using MedCor.Gateway.ToolInvocation;
using MedCor.ServiceDefaults.Errors;
using MedCor.ServiceDefaults.Telemetry;
using MedCor.Validation;
using Microsoft.Extensions.Options;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace MedCor.Gateway.Mcp;

/// <summary>
/// Lists and calls tools. A call is the same as on any other surface: the same invoker authorizes, forwards and records it, and the service validates it.
/// </summary>
internal sealed class McpTools(ToolInvoker invoker, McpToolCatalogue catalogue, ConfirmationRequests confirmations, IOptions<McpOptions> options,
    TimeProvider clock)
{
    /// <summary>The time for which clients may keep a list. It changes with the caller's role and with versions.</summary>
    internal static readonly TimeSpan ListLifetime = TimeSpan.FromMinutes(5);

    public ValueTask<ListToolsResult> ListAsync(RequestContext<ListToolsRequestParams> request, CancellationToken ct)
    {
        RefuseCursor(request.Params?.Cursor);
        return new(new ListToolsResult { Tools = catalogue.List(McpRequest.Of(request.User)), TimeToLive = ListLifetime, CacheScope = CacheScope.Private });
    }

    public async ValueTask<CallToolResult> CallAsync(RequestContext<CallToolRequestParams> request, CancellationToken ct)
    {
        var mcp = McpRequest.Of(request.User);
        var name = request.Params!.Name;
        // The same for a tool that the caller's role does not include: its existence is not confirmed.
        var tool = catalogue.Find(mcp, name) ?? throw new McpProtocolException($"Unknown tool: {name}", McpErrorCode.InvalidParams);
        mcp.Http.SetToolTag(tool.Name);
        try
        {
            var (parameters, key) = ReadArguments(mcp, tool);
            if (ConfirmationRequests.IsNeeded(tool))
            {
                var answer = await confirmations.RequireAsync(request, mcp, tool, parameters, key, ct);
                if (answer.Refusal is { } refusal) return refusal;
                key = answer.IdempotencyKey;
            }
            var call = invoker.InvokeAsync(mcp.Context, ToolRequest.ForTool(tool.Name, new(parameters)), key, ct);
            if (request.Params.ProgressToken is { } progressToken)
                await McpProgress.ReportUntilAsync(call, seconds => request.Server.NotifyProgressAsync(
                    progressToken, new ProgressNotificationValue { Progress = seconds, Message = $"calling {tool.Name}" }, cancellationToken: ct), clock);
            using var response = await call;
            return McpResults.FromResponse(response, tool, mcp, options.Value.ResultLimit);
        }
        catch (Exception e) when (e is not (OperationCanceledException or McpException or InputRequiredException))
        {
            var error = ErrorResponseWriter.ToApiException(e, mcp.Http);
            return McpResults.FromError(ErrorResponseWriter.ToProblem(error, mcp.Context.RequestId, clock.GetUtcNow()));
        }
    }

    /// <summary>A list is one page, so there is no cursor.</summary>
    internal static void RefuseCursor(string? cursor)
    {
        if (cursor is not null) throw new McpProtocolException("There is no such cursor: the list is one page.", McpErrorCode.InvalidParams);
    }

    /// <summary>Returns the parameters of a call, as the client wrote them but without the idempotency key, and that key.</summary>
    /// <exception cref="ValidationFailed">A key is not valid, two keys differ, or a secret is among the arguments.</exception>
    private static (ReadOnlyMemory<byte> Parameters, string? IdempotencyKey) ReadArguments(McpRequest request, ToolDescriptor tool)
    {
        var errors = new Dictionary<string, List<string>>();
        var (parameters, argument) = SplitArguments(request.Message.Arguments, tool, errors);
        if (errors.Count > 0) throw new ValidationFailed(errors);
        if (tool.Effect == Effect.Read) return (parameters, null);
        string?[] given = [request.Message.IdempotencyKey, argument, IdempotencyKey.FromRequest(request.Http.Request)];
        var keys = given.OfType<string>().Distinct().ToArray();
        if (keys.Length > 1) throw new ValidationFailed(McpToolCatalogue.IdempotencyKeyArgument, "must be the same wherever it is given");
        return keys is not [var key] ? (parameters, null)
            : IdempotencyKey.IsValid(key) ? (parameters, key)
            : throw new ValidationFailed(McpToolCatalogue.IdempotencyKeyArgument, IdempotencyKey.ErrorText);
    }

    private static (ReadOnlyMemory<byte> Parameters, string? IdempotencyKey) SplitArguments(ReadOnlyMemory<byte> arguments, ToolDescriptor tool,
        Dictionary<string, List<string>> errors)
    {
        if (arguments.IsEmpty) return (arguments, null);
        var (secrets, forUsersAlone) = (ModelTools.GetSecretParameters(tool).ToArray(), ModelTools.GetParametersForUsersAlone(tool).ToArray());
        using var document = JsonDocument.Parse(arguments);
        var (key, hasMember) = ((string?)null, false);
        foreach (var member in document.RootElement.EnumerateObject())
        {
            if (secrets.Contains(member.Name) || tool.Params == typeof(Contracts.Chat.AnswerPrompt) && member.Name == "input" && HasPassword(member.Value))
                errors.AddError(member.Name, "is not taken here, because no password passes a model: the person chooses one by the link in a mail");
            if (forUsersAlone.Contains(member.Name)) errors.AddError(member.Name, "is not taken here, because people alone decide who sees a record");
            if (member.Name != McpToolCatalogue.IdempotencyKeyArgument) continue;
            hasMember = true;
            if (member.Value.ValueKind == JsonValueKind.String) key = member.Value.GetString();
            else if (member.Value.ValueKind != JsonValueKind.Null && tool.Effect != Effect.Read) errors.AddError(member.Name, "must be text");
        }
        // No service knows the member, whatever its value is.
        if (!hasMember) return (arguments, null);
        var rest = new ArrayBufferWriter<byte>(arguments.Length);
        using (var json = new Utf8JsonWriter(rest, new() { Encoder = Json.Options.Encoder }))
        {
            json.WriteStartObject();
            foreach (var member in document.RootElement.EnumerateObject().Where(m => m.Name != McpToolCatalogue.IdempotencyKeyArgument)) member.WriteTo(json);
            json.WriteEndObject();
        }
        return (rest.WrittenMemory, key);
    }

    private static bool HasPassword(JsonElement input) => input.ValueKind == JsonValueKind.Object && input.TryGetProperty("password", out _);
}
