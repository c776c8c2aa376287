using System.Diagnostics;
using MedCor.Gateway.Limits;
using MedCor.Gateway.Tools;

namespace MedCor.Gateway.Surfaces;

/// <summary><c>POST /api/mcp/tools/invoke {tool, params}</c>: one call, answered with the tool's bare result.</summary>
internal static class Invoke
{
    public static void MapInvoke(this IEndpointRouteBuilder app)
    {
        var services = app.ServiceProvider;
        var (entrance, door) = (services.GetRequiredService<Entrance>(), services.GetRequiredService<Door>());
        app.MapPost("/api/mcp/tools/invoke", async http =>
        {
            var visitor = await entrance.Visit(http, "invoke");
            var key = IdempotencyKey.Of(http.Request);
            using var body = await RequestBody.ReadJson(http);
            var call = ToolCall.Read(body.Bytes);
            Activity.Current?.SetTag("medcor.tool", call.Tool.Name);
            using var answer = await door.Invoke(visitor, call, key, http.RequestAborted);
            await answer.WriteTo(http);
        });
    }
}
