using System.Text.Json;
using MedCor.Contracts;
using MedCor.Gateway.Authentication;
using MedCor.ServiceDefaults.Authentication;
using MedCor.ServiceDefaults.Errors;
using MedCor.ServiceDefaults.Telemetry;
using Microsoft.Extensions.Options;

namespace MedCor.Gateway.Mcp;

/// <summary>Defines the JSON-RPC error codes of the gateway itself. Those from -32768 to -32000 have the protocol's meaning.</summary>
internal static class McpErrorCodes
{
    public const int ParseError = -32700;
    public const int InvalidRequest = -32600;
    public const int InvalidParams = -32602;
    public const int InternalError = -32603;
    public const int Unauthenticated = -31001;
    public const int Forbidden = -31003;
    public const int RateLimited = -31029;

    /// <summary>Returns the code of an error that ends a request.</summary>
    public static int Of(ApiException error) => error switch
    {
        McpRejection rejection => rejection.RpcCode,
        ValidationFailed => InvalidParams,
        { Status: StatusCodes.Status401Unauthorized } => Unauthenticated,
        { Status: StatusCodes.Status403Forbidden } => Forbidden,
        { Status: StatusCodes.Status429TooManyRequests } => RateLimited,
        { Status: >= 500 } => InternalError,
        _ => InvalidRequest,
    };
}

/// <summary>Represents a message that is refused before the protocol layer sees it.</summary>
/// <param name="rpcCode">One of <see cref="McpErrorCodes"/>.</param>
internal sealed class McpRejection(int status, int rpcCode, string message) : ApiException(status, ErrorCodes.ValidationError, message)
{
    public int RpcCode => rpcCode;
}

/// <summary>
/// Writes the errors that end a request to MCP: as JSON-RPC errors, with the challenge by which clients find the authorization server (RFC 9728) and learn
/// which scopes they lack.
/// </summary>
internal sealed class McpErrorWriter(IOptions<TokenOptions> tokens)
{
    /// <summary>The scope that a client asks for first. It asks for others when a tool needs them.</summary>
    private const string FirstScope = "medcor.read";

    private readonly string _metadata = ProtectedResourceEndpoint.GetAddress(tokens.Value.McpAudience);

    public Task WriteAsync(HttpContext http, ApiException error) => http.WriteErrorAsync(error, Serialize(http, error), CreateChallenge(http, error));

    private static byte[] Serialize(HttpContext http, ApiException error)
    {
        var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new() { Encoder = Json.Options.Encoder }))
        {
            json.WriteStartObject();
            json.WriteString("jsonrpc", "2.0");
            WriteId(json, http);
            json.WriteStartObject("error");
            json.WriteNumber("code", McpErrorCodes.Of(error));
            json.WriteString("message", error.Message);
            json.WriteStartObject("data");
            json.WriteString("code", error.Code);
            json.WriteString("request_id", http.RequestId());
            if (error.RetryAfter is { } seconds) json.WriteNumber("retry_after", seconds);
            if (error is InsufficientScope lacking) WriteMissing(json, lacking);
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return buffer.ToArray();
    }

    /// <summary>Writes the ID of the message. Where it could not be read, versions with a handshake have null in its place and newer ones nothing.</summary>
    private static void WriteId(Utf8JsonWriter json, HttpContext http)
    {
        var message = http.Features.Get<McpMessage>();
        if (message is { Id.IsEmpty: false })
        {
            json.WritePropertyName("id");
            json.WriteRawValue(message.Id.Span, skipInputValidation: true);
        }
        else if (!(message?.IsModern ?? McpMessage.IsModernRequest(http.Request)))
        {
            json.WriteNull("id");
        }
    }

    private static void WriteMissing(Utf8JsonWriter json, InsufficientScope lacking)
    {
        json.WriteString(InsufficientScope.Detail, lacking.Missing);
        json.WriteStartArray("required");
        foreach (var scope in lacking.Missing.Split(' ')) json.WriteStringValue(scope);
        json.WriteEndArray();
    }

    private string? CreateChallenge(HttpContext http, ApiException error) => error switch
    {
        Unauthenticated { Code: ErrorCodes.AuthRequired } => $"Bearer resource_metadata=\"{_metadata}\", scope=\"{FirstScope}\"",
        Unauthenticated => "Bearer error=\"invalid_token\", error_description=\"The access token is malformed, expired, revoked or not for MCP\", "
            + $"resource_metadata=\"{_metadata}\", scope=\"{FirstScope}\"",
        // The new authorization replaces the present one, so it names what is permitted already as well.
        InsufficientScope lacking => $"Bearer error=\"{BearerChallenge.InsufficientScope}\", scope=\"{Unite(http.GetUser().Scopes, lacking)}\", "
            + $"resource_metadata=\"{_metadata}\", error_description=\"This needs a scope that the access token lacks\"",
        _ => null,
    };

    private static string Unite(ScopeSet? granted, InsufficientScope lacking) =>
        string.Join(' ', [.. granted?.All.Select(scope => scope.Name) ?? [], .. lacking.Missing.Split(' ')]);
}
