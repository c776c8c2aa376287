using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Gateway.Surfaces;

/// <summary><c>/api/openapi.json</c>, and <c>/api/docs/</c> to read and try it, from the gateway's own files. The tools in it are those of the catalogue.</summary>
internal static class OpenApi
{
    private static readonly byte[] Document = JsonSerializer.SerializeToUtf8Bytes<JsonNode>(Describe());

    public static void UseOpenApi(this WebApplication app)
    {
        app.MapGet("/api/openapi.json", http =>
        {
            http.Response.ContentType = "application/json";
            return http.Response.Body.WriteAsync(Document, http.RequestAborted).AsTask();
        });
        app.UseSwaggerUI(ui =>
        {
            ui.RoutePrefix = "api/docs";
            ui.DocumentTitle = "MedCor API";
            ui.SwaggerEndpoint("/api/openapi.json", "MedCor");
        });
    }

    private static JsonObject Describe() => new()
    {
        ["openapi"] = "3.1.0",
        ["info"] = new JsonObject { ["title"] = "MedCor", ["version"] = "1.0", ["description"] = Introduction() },
        ["paths"] = new JsonObject
        {
            ["/api/auth/login/"] = Post("Log in", "Answers an access token, a refresh token and who you are.",
                new JsonObject { ["email"] = Text("patient@general.example"), ["password"] = Text("Demo-Medcor-2026") }),
            ["/api/auth/refresh/"] = Post("Exchange a refresh token, once", "Answers new tokens. A refresh token that comes a second time ends its session.",
                new JsonObject { ["refresh_token"] = Text("…") }),
            ["/api/auth/logout/"] = Post("Log out", "Ends the session that the token belongs to.", new JsonObject { ["refresh_token"] = Text("…") }),
            ["/api/mcp/tools"] = Get("The tools that you may use", "Each with its description, the JSON Schemas of its parameters and its result, and what a call may change."),
            ["/api/mcp/tools/invoke"] = Post("Call a tool", "Answers the tool's bare result. A write may carry an Idempotency-Key header; repeated with it, it happens once.",
                new JsonObject { ["tool"] = Tools(), ["params"] = new JsonObject { ["type"] = "object" } }),
            ["/api/mcp/sse"] = Get("Hear live events", "A text/event-stream of what you may see, from now on. Narrow it with ?resources=appointments,…"),
            ["/api/mcp/sse/ticket"] = Post("A ticket for a browser", "For one connection within 60 seconds, as ?ticket=, where no header can be sent.", []),
        },
        ["components"] = new JsonObject
        {
            ["securitySchemes"] = new JsonObject { ["token"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer", ["bearerFormat"] = "JWT" } },
        },
        ["security"] = new JsonArray(new JsonObject { ["token"] = new JsonArray() }),
    };

    /// <summary>The tools as a table, in the order of their names.</summary>
    private static string Introduction() =>
        "Everything is done by calling tools. Log in, press *Authorize* and paste the access token.\n\n| tool | what it does |\n|---|---|\n"
        + string.Concat(ToolCatalogue.All.Values.Select(t => $"| `{t.Name}` | {t.Description.Replace('|', '/')} |\n"));

    private static JsonObject Tools() => new()
    {
        ["type"] = "string",
        ["enum"] = new JsonArray([.. ToolCatalogue.All.Keys.Select(name => (JsonNode)name)]),
        ["example"] = "get_current_user",
    };

    private static JsonObject Text(string example) => new() { ["type"] = "string", ["example"] = example };

    private static JsonObject Get(string summary, string description) => new() { ["get"] = Operation(summary, description) };

    private static JsonObject Post(string summary, string description, JsonObject properties)
    {
        var operation = Operation(summary, description);
        if (properties.Count > 0)
            operation["requestBody"] = new JsonObject
            {
                ["required"] = true,
                ["content"] = new JsonObject { ["application/json"] = new JsonObject { ["schema"] = new JsonObject { ["type"] = "object", ["properties"] = properties } } },
            };
        return new() { ["post"] = operation };
    }

    private static JsonObject Operation(string summary, string description) => new()
    {
        ["summary"] = summary,
        ["description"] = description,
        ["responses"] = new JsonObject
        {
            ["200"] = new JsonObject { ["description"] = "Done." },
            ["default"] = new JsonObject { ["description"] = $"Not done: the error envelope, with a code such as {ErrorCodes.ValidationError}, a message, and details." },
        },
    };
}
