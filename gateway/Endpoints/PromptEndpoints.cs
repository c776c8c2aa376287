using System.Buffers;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Gateway.HttpPipeline;
using MedCor.Gateway.Limits;
using MedCor.Gateway.ToolInvocation;
using MedCor.ServiceDefaults.Telemetry;

namespace MedCor.Gateway.Endpoints;

/// <summary>Maps <c>/api/mcp/prompts</c>: guided prompts. Each request is a tool call whose session id is part of the path.</summary>
internal sealed class PromptEndpoints(ToolInvoker invoker) : IEndpoints
{
    private const string SessionPath = "/api/mcp/prompts/sessions/{session_id}";
    private static readonly ReadOnlySequence<byte> EmptyParams = new("{}"u8.ToArray());

    public void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/api/mcp/prompts", http => InvokeAsync(http, "list_prompts", EmptyParams))
            .DescribePrompt("list_prompts", "List available prompts");
        app.MapPost("/api/mcp/prompts/invoke", http => InvokeWithBodyAsync(http, "invoke_prompt", body => body))
            .DescribePrompt("invoke_prompt", "Start a prompt", hasBody: true);
        app.MapPost(SessionPath, http => InvokeWithBodyAsync(http, "answer_prompt", body => WithSession(http, body)))
            .DescribePrompt("answer_prompt", "Answer the current step of a prompt", hasBody: true, hasSession: true);
        app.MapGet(SessionPath, http => InvokeAsync(http, "get_prompt_session", WithSession(http, EmptyParams)))
            .DescribePrompt("get_prompt_session", "Get the state of a prompt", hasSession: true);
        app.MapDelete(SessionPath, http => InvokeAsync(http, "abandon_prompt", WithSession(http, EmptyParams)))
            .DescribePrompt("abandon_prompt", "Abandon a prompt", hasSession: true);
    }

    private async Task InvokeWithBodyAsync(HttpContext http, string tool, Func<ReadOnlySequence<byte>, ReadOnlySequence<byte>> parameters)
    {
        using var body = await RequestBody.ReadJsonAsync(http);
        await InvokeAsync(http, tool, parameters(body.Bytes));
    }

    private async Task InvokeAsync(HttpContext http, string tool, ReadOnlySequence<byte> parameters)
    {
        http.SetToolTag(tool);
        using var response = await invoker.InvokeAsync(
            InvocationContext.FromRequest(http, "prompts"), new(ToolCatalogue.All[tool], parameters),
            IdempotencyKey.FromRequest(http.Request), http.RequestAborted);
        await response.WriteToAsync(http);
    }

    /// <summary>Returns the body with the session id as its first field. The service validates all other fields.</summary>
    private static ReadOnlySequence<byte> WithSession(HttpContext http, in ReadOnlySequence<byte> body)
    {
        var id = JsonEncodedText.Encode((string)http.Request.RouteValues["session_id"]!);
        try
        {
            var reader = new Utf8JsonReader(body);
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject) throw new ValidationFailed("body", "must be an object with the field input");
            var fields = body.Slice(reader.BytesConsumed);
            var isEmpty = reader.Read() && reader.TokenType == JsonTokenType.EndObject;
            return new([.. "{\"session_id\":\""u8, .. id.EncodedUtf8Bytes, .. (isEmpty ? "\""u8 : "\","u8), .. fields.ToArray()]);
        }
        catch (JsonException)
        {
            throw new ValidationFailed("body", "must be well-formed JSON");
        }
    }
}
