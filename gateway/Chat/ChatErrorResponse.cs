using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.ServiceDefaults.Errors;

namespace MedCor.Gateway.Chat;

/// <summary>Writes the errors of the chat API in their own format, and maps error codes to the names that this API uses.</summary>
internal static class ChatErrorResponse
{
    private const string PathPrefix = "/mcp";

    /// <summary>The error types that older clients know, by error code.</summary>
    private static readonly Dictionary<string, string> LegacyTypes = new()
    {
        [ChatErrorCodes.Unauthenticated] = "AuthenticationError",
        [ChatErrorCodes.Unauthorized] = "AuthorizationError",
        [ChatErrorCodes.ToolNotFound] = "ToolNotFoundError",
        [ChatErrorCodes.CallNotFound] = "CallNotFoundError",
        [ChatErrorCodes.Validation] = "ValidationError",
        [ChatErrorCodes.Model] = "OpenAIError",
        [ErrorCodes.AuthStepUp] = "AuthenticationError",
        [ErrorCodes.PermissionDenied] = "AuthorizationError",
        [ErrorCodes.ResourceNotFound] = "NotFoundError",
        [ErrorCodes.Conflict] = "ConflictError",
        [ErrorCodes.RateLimit] = "RateLimitError",
    };

    /// <summary>Adds the middleware that writes error responses of the chat API in its own format.</summary>
    public static IApplicationBuilder UseChatErrorResponses(this IApplicationBuilder app) => app.UseWhen(
        // The path itself is that of MCP.
        http => http.Request.Path.StartsWithSegments(PathPrefix, StringComparison.OrdinalIgnoreCase, out var rest) && rest.Value is not (null or "" or "/"),
        chat => chat.UseErrorResponses((http, error) =>
        {
            var translated = Translate(error);
            return http.WriteErrorAsync(translated, Serialize(translated));
        }));

    /// <summary>Serializes an error in the format of the chat API.</summary>
    public static byte[] Serialize(ApiException error) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new { Error = new { error.Message, ErrorCode = error.Code, Type = LegacyTypes.GetValueOrDefault(error.Code, "ServerError") } }, Json.Options);

    /// <summary>Translates an error into the status code, error code and message that the chat API uses.</summary>
    public static ApiException Translate(ApiException error) => error.Code switch
    {
        ErrorCodes.AuthRequired => new ChatApiException(401, ChatErrorCodes.Unauthenticated, error.Message),
        ErrorCodes.AuthInvalid =>
            new ChatApiException(403, ChatErrorCodes.Unauthorized, "Invalid authentication token: it is wrong, has expired or was revoked."),
        ErrorCodes.ValidationError when error.Status == 400 => new ChatApiException(422, ChatErrorCodes.Validation, FormatFieldErrors(error)),
        _ => error,
    };

    /// <summary>Formats field errors as one message that names every field, because the format of the chat API has no details.</summary>
    private static string FormatFieldErrors(ApiException error)
    {
        var text = "Not valid: " + string.Join("; ",
            from field in error.Details
            where field.Value is JsonArray
            let name = field.Key == ErrorResponseWriter.RequestIdField ? "request_id" : field.Key
            select $"{name} {string.Join(", ", field.Value.AsArray().Select(message => (string?)message))}");
        return text[^1] == '?' ? text : text + ".";
    }

    /// <summary>Represents an error whose code is used only by the chat API.</summary>
    internal sealed class ChatApiException(int status, string code, string message) : ApiException(status, code, message);
}
