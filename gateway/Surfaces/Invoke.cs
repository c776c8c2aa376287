using MedCor.Gateway.Tools;
using MedCor.ServiceDefaults.Access;
using MedCor.ServiceDefaults.Problems;

namespace MedCor.Gateway.Surfaces;

/// <summary><c>POST /api/mcp/tools/invoke {tool, params}</c>: one call, answered with the tool's bare result.</summary>
internal static class Invoke
{
    private const int LongestKey = 255;

    public static void MapInvoke(this IEndpointRouteBuilder app)
    {
        var services = app.ServiceProvider;
        var (check, door) = (services.GetRequiredService<TokenCheck>(), services.GetRequiredService<Door>());
        app.MapPost("/api/mcp/tools/invoke", async http =>
        {
            var visitor = await Visitor.Of(http, check);
            var key = IdempotencyKey(http.Request);
            using var body = await RequestBody.ReadJson(http);
            using var answer = await door.Invoke(visitor, ToolCall.Read(body.Bytes), key, http.RequestAborted);
            await Write(http, answer);
        });
    }

    internal static string? IdempotencyKey(HttpRequest request)
    {
        if (!request.Headers.TryGetValue("Idempotency-Key", out var sent)) return null;
        var key = sent.ToString();
        return sent.Count == 1 && key.Length is > 0 and <= LongestKey && key.All(c => c is >= ' ' and <= '~')
            ? key
            : throw new Invalid("Idempotency-Key", $"must be given once and have 1 to {LongestKey} characters of printable ASCII");
    }

    internal static async Task Write(HttpContext http, ToolAnswer answer)
    {
        var response = http.Response;
        response.StatusCode = answer.Status;
        response.ContentType = answer.ContentType;
        response.ContentLength = answer.Body.Length;
        if (answer.IsReplay) response.Headers["Idempotent-Replayed"] = "true";
        if (answer.RetryAfter is { } seconds) response.Headers.RetryAfter = seconds;
        await response.BodyWriter.WriteAsync(answer.Body, http.RequestAborted);
    }
}
