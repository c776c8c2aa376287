using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.ServiceDefaults.Errors;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace MedCor.Gateway.Mcp;

/// <summary>
/// Adapts messages around the protocol layer: refuses parameters that no handler can read, reports every unexpected failure once, and offers only what MedCor
/// does.
/// </summary>
internal static class McpFilters
{
    private const string NewestVersionWithHandshake = "2025-11-25";
    private const string Initialize = "initialize";
    private const string Discover = "server/discover";

    /// <summary>The time for which clients may keep what the server offers: it changes with versions of MedCor.</summary>
    private static readonly TimeSpan DiscoveryLifetime = TimeSpan.FromHours(1);

    public static void AddTo(McpServerFilters filters)
    {
        filters.Message.IncomingFilters.Add(Receive);
        filters.Message.OutgoingFilters.Add(Send);
        // The handlers of tools, resources and subscriptions report their failures themselves.
        filters.Request.ListPromptsFilters.Add(ReportFailures);
        filters.Request.GetPromptFilters.Add(ReportFailures);
        filters.Request.CompleteFilters.Add(ReportFailures);
    }

    /// <summary>Converts an exception to the error that the client receives, and logs what the caller cannot correct.</summary>
    public static McpProtocolException ToProtocolError(Exception e, HttpContext http)
    {
        var error = ErrorResponseWriter.ToApiException(e, http);
        return new(error.Message, error.Status < StatusCodes.Status500InternalServerError ? McpErrorCode.InvalidParams : McpErrorCode.InternalError);
    }

    private static McpMessageHandler Receive(McpMessageHandler next) => async (context, ct) =>
    {
        if (context.User is null || context.JsonRpcMessage is not JsonRpcRequest message)
        {
            await next(context, ct);
            return;
        }
        var request = McpRequest.Of(context.User);
        try
        {
            Prepare(request, message);
            await next(context, ct);
        }
        catch (McpException e)
        {
            request.Outcome = GetOutcome(e);
            throw;
        }
        catch (Exception e) when (e is not OperationCanceledException && !ct.IsCancellationRequested)
        {
            // Handlers report what they cannot read themselves, so this is about the parameters.
            var error = e is JsonException
                ? new McpProtocolException($"The parameters of {message.Method} are not valid.", McpErrorCode.InvalidParams)
                : ToProtocolError(e, request.Http);
            request.Outcome = GetOutcome(error);
            throw error;
        }
    };

    private static void Prepare(McpRequest request, JsonRpcRequest message)
    {
        // They belong to capabilities that are not declared. The protocol layer would accept them, to no effect.
        if (message.Method is "logging/setLevel" or "resources/subscribe" or "resources/unsubscribe")
            throw new McpProtocolException($"Method '{message.Method}' is not available.", McpErrorCode.MethodNotFound);
        if (request.Message.FindWrongParameter() is { } wrong) throw new McpProtocolException(wrong, McpErrorCode.InvalidParams);
        // The handshake answers an unknown version with the newest that it can agree on. The protocol layer makes an exception of those without a handshake.
        if (message is { Method: Initialize, Params: JsonObject parameters } && parameters["protocolVersion"] is JsonValue version
            && version.TryGetValue(out string? text) && McpMessage.IsModernVersion(text))
            parameters["protocolVersion"] = NewestVersionWithHandshake;
    }

    private static McpMessageHandler Send(McpMessageHandler next) => (context, ct) =>
    {
        if (context is { JsonRpcMessage: JsonRpcResponse { Result: JsonObject result }, User: { } user }) Complete(McpRequest.Of(user), result);
        return next(context, ct);
    };

    private static void Complete(McpRequest request, JsonObject result)
    {
        request.Outcome = (bool?)result["isError"] == true ? McpMetrics.ToolFailed
            : (string?)result["resultType"] == "input_required" ? McpMetrics.Asked
            : McpMetrics.Succeeded;
        if (request.Message.Method is not (Initialize or Discover)) return;
        (result["capabilities"] as JsonObject)?.Remove("logging");
        if (request.Message.Method == Initialize) return;
        result["ttlMs"] = (long)DiscoveryLifetime.TotalMilliseconds;
        result["cacheScope"] = "public";
    }

    private static McpRequestHandler<TParams, TResult> ReportFailures<TParams, TResult>(McpRequestHandler<TParams, TResult> next) => async (request, ct) =>
    {
        try
        {
            return await next(request, ct);
        }
        catch (Exception e) when (e is not (OperationCanceledException or McpException))
        {
            throw ToProtocolError(e, McpRequest.Of(request.User).Http);
        }
    };

    private static string GetOutcome(McpException e) =>
        ((int)(e is McpProtocolException { ErrorCode: var code } ? code : McpErrorCode.InternalError)).ToString(CultureInfo.InvariantCulture);
}
