using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Gateway.Limits;
using Microsoft.OpenApi;

namespace MedCor.Gateway.OpenApi;

/// <summary>Describes the response headers.</summary>
internal static class ResponseHeaders
{
    /// <summary>The headers of every response to a rate-limited request.</summary>
    public static readonly string[] Common = ["X-Request-Id", "traceparent", Quota.Header, Quota.PolicyHeader];

    /// <summary>The headers of every response to a request that is not rate-limited.</summary>
    public static readonly string[] Uncounted = ["X-Request-Id", "traceparent"];

    /// <summary>The header that tells the client how to authenticate.</summary>
    public const string Challenge = "WWW-Authenticate";

    /// <summary>The header with the number of seconds to wait before a retry.</summary>
    public const string RetryAfter = "Retry-After";

    /// <summary>The header that marks a write's response as the recorded one.</summary>
    public const string Replayed = IdempotencyHeaders.Replayed;

    /// <summary>The header with the version of the response.</summary>
    public const string ETag = "ETag";

    /// <summary>Returns the headers of an error response.</summary>
    /// <param name="refusals">The errors that the response can contain.</param>
    public static IEnumerable<string> ForErrors(IReadOnlyCollection<ApiException> refusals) =>
    [
        .. Common,
        .. refusals.Any(r => r.RetryAfter is not null) ? [RetryAfter] : (string[])[],
        .. refusals.Any(r => r.Status == 401 || r.Code == ChatErrorCodes.Unauthorized) ? [Challenge] : (string[])[],
    ];

    /// <summary>Returns references to the named headers.</summary>
    public static Dictionary<string, IOpenApiHeader> Reference(IEnumerable<string> names, OpenApiDocument document) =>
        names.ToDictionary(name => name, name => (IOpenApiHeader)new OpenApiHeaderReference(name, document));

    /// <summary>Describes all headers.</summary>
    public static Dictionary<string, OpenApiHeader> DescribeAll() => new()
    {
        ["X-Request-Id"] = Text("The request's id: the one sent in the same header if it is plain and short, else one made for it.", 128,
            "01980a3c-5d2e-7b41-9c07-3f6a1e8b2d54"),
        ["traceparent"] = Text("The request's place in its trace, as W3C Trace Context writes it. The trace is MedCor's own, whatever the request named.", 55,
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ["RateLimit"] = Text("How many calls are left in this window (r) and after how many seconds it ends (t). Absent where calls are not limited.",
            200, "\"calls\";r=99;t=60"),
        ["RateLimit-Policy"] = Text("How many calls a window has (q) and how many seconds it lasts (w).", 200, "\"calls\";q=100;w=60"),
        [RetryAfter] = Header("After how many seconds a repetition may succeed; the same as retry_after.", SchemaBuilder.Integer(0, 86_400), 1),
        [Replayed] = Header(
            "true when the answer is that of an earlier call with the same Idempotency-Key, or of an earlier question with the same request_id.",
            new JsonObject { ["type"] = "string", ["enum"] = new JsonArray("true") }, "true"),
        [Challenge] = Text("How to make oneself known (RFC 6750). With `error` when a token was sent that does not count.", 300, "Bearer realm=\"medcor\""),
        [ETag] = Text("Names this state of the answer, for If-None-Match.", 128, "\"5f1d7a84\""),
    };

    private static OpenApiHeader Text(string description, int most, string example) => Header(description, SchemaBuilder.Text(most), example);

    private static OpenApiHeader Header(string description, JsonObject schema, JsonNode example) =>
        new() { Description = description, Schema = ComponentRegistry.ToOpenApi(schema, null), Example = example };
}
