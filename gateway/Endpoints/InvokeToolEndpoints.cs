using MedCor.Gateway.Authentication;
using MedCor.Gateway.HttpPipeline;
using MedCor.Gateway.Limits;
using MedCor.Gateway.ToolInvocation;
using MedCor.ServiceDefaults.Errors;
using MedCor.ServiceDefaults.Telemetry;

namespace MedCor.Gateway.Endpoints;

/// <summary>
/// One call, answered with the tool's bare result: <c>POST /api/mcp/tools/invoke {tool, params}</c>, or <c>POST /api/mcp/tools/{tool}</c> with
/// the parameters as the body, where no body means none.
/// </summary>
internal static class InvokeToolEndpoints
{
    public static void MapInvokeTool(this IEndpointRouteBuilder app)
    {
        var services = app.ServiceProvider;
        var (entrance, door) = (services.GetRequiredService<RequestAdmission>(), services.GetRequiredService<ToolInvoker>());
        app.MapPost("/api/mcp/tools/invoke", async http =>
        {
            var visitor = await entrance.CreateContextAsync(http, "invoke");
            var key = IdempotencyKey.FromRequest(http.Request);
            using var body = await RequestBody.ReadJsonAsync(http);
            await Answer(http, visitor, ToolRequest.Parse(body.Bytes), key);
        });
        app.MapPost("/api/mcp/tools/{tool}", async http =>
        {
            var visitor = await entrance.CreateContextAsync(http, "tool");
            var key = IdempotencyKey.FromRequest(http.Request);
            using var body = await RequestBody.ReadAsync(http);
            if (!body.Bytes.IsEmpty && !http.Request.HasJsonContentType()) throw new UnsupportedMediaType();
            await Answer(http, visitor, ToolRequest.ForTool((string)http.Request.RouteValues["tool"]!, body.Bytes), key);
        });

        async Task Answer(HttpContext http, InvocationContext visitor, ToolRequest call, string? key)
        {
            http.SetToolTag(call.Tool.Name);
            using var answer = await door.InvokeAsync(visitor, call, key, http.RequestAborted);
            if (answer.Status == StatusCodes.Status200OK && call.Tool.MayBeCompressed()) http.AllowCompression();
            await answer.WriteToAsync(http);
        }
    }
}
