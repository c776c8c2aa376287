using System.Buffers;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Gateway.Authentication;
using MedCor.Gateway.Limits;
using MedCor.Gateway.ToolInvocation;
using MedCor.ServiceDefaults.Telemetry;

namespace MedCor.Gateway.Endpoints;

/// <summary><c>/api/mcp/prompts</c>: guided prompts. Each request is the call of a tool, of whose parameters the session's id stands in the path.</summary>
internal static class PromptEndpoints
{
    private const string Surface = "prompts";
    private const string SessionPath = "/api/mcp/prompts/sessions/{session_id}";
    private static readonly ReadOnlySequence<byte> EmptyParams = new("{}"u8.ToArray());

    public static void MapPrompts(this IEndpointRouteBuilder app)
    {
        var services = app.ServiceProvider;
        var (entrance, door) = (services.GetRequiredService<RequestAdmission>(), services.GetRequiredService<ToolInvoker>());

        app.MapGet("/api/mcp/prompts", http => Call(http, "list_prompts", _ => EmptyParams));
        app.MapPost("/api/mcp/prompts/invoke", http => CallWithBody(http, "invoke_prompt", body => body));
        app.MapPost(SessionPath, http => CallWithBody(http, "answer_prompt", body => WithSession(http, body)));
        app.MapGet(SessionPath, http => Call(http, "get_prompt_session", body => WithSession(http, body)));
        app.MapDelete(SessionPath, http => Call(http, "abandon_prompt", body => WithSession(http, body)));

        async Task CallWithBody(HttpContext http, string tool, Func<ReadOnlySequence<byte>, ReadOnlySequence<byte>> parameters)
        {
            var visitor = await entrance.CreateContextAsync(http, Surface);
            using var body = await RequestBody.ReadJsonAsync(http);
            await Answer(http, visitor, tool, parameters(body.Bytes));
        }

        async Task Call(HttpContext http, string tool, Func<ReadOnlySequence<byte>, ReadOnlySequence<byte>> parameters) =>
            await Answer(http, await entrance.CreateContextAsync(http, Surface), tool, parameters(EmptyParams));

        async Task Answer(HttpContext http, InvocationContext visitor, string tool, ReadOnlySequence<byte> parameters)
        {
            http.SetToolTag(tool);
            using var answer = await door.InvokeAsync(visitor, new(ToolCatalogue.All[tool], parameters), IdempotencyKey.FromRequest(http.Request), http.RequestAborted);
            await answer.WriteToAsync(http);
        }
    }

    /// <summary>The fields of a body, behind the session's id. Whatever else is wrong with the body, its service says.</summary>
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
