using MedCor.Gateway.HttpPipeline;
using MedCor.Gateway.Limits;
using MedCor.Gateway.OpenApi;
using MedCor.Gateway.ToolInvocation;
using MedCor.ServiceDefaults.Errors;
using MedCor.ServiceDefaults.Telemetry;

namespace MedCor.Gateway.Endpoints;

/// <summary>
/// Maps <c>POST /api/mcp/tools/invoke {tool, params}</c> and <c>POST /api/mcp/tools/{tool}</c>, whose body is the parameters; an empty body means no
/// parameters. The response is the result of the tool without an envelope.
/// </summary>
internal sealed class InvokeToolEndpoints(ToolInvoker invoker) : IEndpoints
{
    public void Map(IEndpointRouteBuilder app)
    {
        app.MapPost("/api/mcp/tools/invoke", async http =>
        {
            var context = InvocationContext.FromRequest(http, "invoke");
            var key = IdempotencyKey.FromRequest(http.Request);
            using var body = await RequestBody.ReadJsonAsync(http);
            await InvokeAsync(http, context, ToolRequest.Parse(body.Bytes), key);
        }).DescribeInvokeTool();
        app.MapPost("/api/mcp/tools/{tool}", async http =>
        {
            var context = InvocationContext.FromRequest(http, "tool");
            var key = IdempotencyKey.FromRequest(http.Request);
            using var body = await RequestBody.ReadAsync(http);
            if (!body.Bytes.IsEmpty && !http.Request.HasJsonContentType()) throw new UnsupportedMediaType();
            await InvokeAsync(http, context, ToolRequest.ForTool((string)http.Request.RouteValues["tool"]!, body.Bytes), key);
        }).WithMetadata(ToolPathMetadata.Instance);
    }

    private async Task InvokeAsync(HttpContext http, InvocationContext context, ToolRequest request, string? key)
    {
        http.SetToolTag(request.Tool.Name);
        using var response = await invoker.InvokeAsync(context, request, key, http.RequestAborted);
        if (response.Status == StatusCodes.Status200OK && request.Tool.MayBeCompressed()) http.AllowCompression();
        await response.WriteToAsync(http);
    }
}
