using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.ServiceDefaults.Chats;
using MedCor.ServiceDefaults.Problems;

namespace MedCor.Gateway.Chat;

/// <summary>The form that every error of the chat surface has, and what it calls them.</summary>
internal static class ChatProblem
{
    private const string Surface = "/mcp";

    /// <summary>The classes of errors that older clients know, by code.</summary>
    private static readonly Dictionary<string, string> Types = new()
    {
        [ChatErrors.Unauthenticated] = "AuthenticationError",
        [ChatErrors.Unauthorized] = "AuthorizationError",
        [ChatErrors.ToolNotFound] = "ToolNotFoundError",
        [ChatErrors.CallNotFound] = "CallNotFoundError",
        [ChatErrors.Validation] = "ValidationError",
        [ChatErrors.Model] = "OpenAIError",
        [ErrorCodes.ResourceNotFound] = "NotFoundError",
        [ErrorCodes.Conflict] = "ConflictError",
        [ErrorCodes.RateLimit] = "RateLimitError",
    };

    /// <summary>Answers what is refused on the chat surface in its form.</summary>
    public static IApplicationBuilder UseChatProblems(this IApplicationBuilder app) => app.UseWhen(
        http => http.Request.Path.StartsWithSegments(Surface, StringComparison.OrdinalIgnoreCase),
        chat => chat.UseProblems((http, refusal) =>
        {
            var known = Of(refusal);
            return http.WriteProblem(known, Envelope(known));
        }));

    /// <summary>The form as bytes.</summary>
    public static byte[] Envelope(Refusal refusal) =>
        JsonSerializer.SerializeToUtf8Bytes(new { Error = new { refusal.Message, ErrorCode = refusal.Code, Type = Types.GetValueOrDefault(refusal.Code, "ServerError") } }, Json.Options);

    /// <summary>A refusal as this surface knows it.</summary>
    public static Refusal Of(Refusal refusal) => refusal.Code switch
    {
        ErrorCodes.AuthRequired => new Known(401, ChatErrors.Unauthenticated, refusal.Message),
        ErrorCodes.AuthInvalid => new Known(403, ChatErrors.Unauthorized, "Invalid authentication token: it is wrong, has expired or was revoked."),
        ErrorCodes.ValidationError when refusal.Status == 400 => new Known(422, ChatErrors.Validation, AllThatIsWrong(refusal)),
        _ => refusal,
    };

    /// <summary>The form has no place for details, so the message names every field.</summary>
    private static string AllThatIsWrong(Refusal refusal)
    {
        var text = "Not valid: " + string.Join("; ",
            from field in refusal.Details
            where field.Value is JsonArray
            let name = field.Key == ProblemWriter.RequestIdField ? "request_id" : field.Key
            select $"{name} {string.Join(", ", field.Value.AsArray().Select(wrong => (string?)wrong))}");
        return text[^1] == '?' ? text : text + ".";
    }

    /// <summary>A refusal that has its name here alone.</summary>
    internal sealed class Known(int status, string code, string message) : Refusal(status, code, message);
}
