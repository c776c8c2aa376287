using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Gateway.OpenApi;
using MedCor.Gateway.ToolInvocation;

namespace MedCor.Gateway.Endpoints;

/// <summary>Describes the list of tools, and the operations that call tools by name.</summary>
internal static class ToolOperations
{
    public static IEndpointConventionBuilder DescribeListTools(this IEndpointConventionBuilder endpoint) => endpoint.Describe(
        "list_tools", ApiTags.CallingTools, "List available tools",
        "Returns the tools that your role may use, each with its description, the JSON Schemas (2020-12) of its parameters and result, and the effects "
        + "of a call.",
        _ => new()
        {
            HasETag = true,
            ResponseDescription = "The tools, ordered by name.",
            ResponseContents = OperationDetails.Json(
                SchemaBuilder.Object("The available tools.", ("tools", SchemaBuilder.ArrayOf(SchemaBuilder.Object("A tool.",
                    ("name", SchemaBuilder.EnumOf("The name of the tool.", [.. ToolCatalogue.All.Keys])),
                    ("service", SchemaBuilder.EnumOf(
                        "The service that owns the tool.", [.. ToolCatalogue.All.Values.Select(t => t.Service).Distinct().Order()])),
                    ("description", SchemaBuilder.Text(2000, "The description of the tool, for people and models.")),
                    ("input_schema", SchemaBuilder.AnyObject("The JSON Schema of the parameters.")),
                    ("output_schema", SchemaBuilder.AnyObject("The JSON Schema of the result.")),
                    ("annotations", SchemaBuilder.Object("The effects of a call.",
                        ("read_only", SchemaBuilder.Boolean("Whether the tool changes nothing.")),
                        ("idempotent", SchemaBuilder.Boolean("Whether repeating a call has no further effect.")),
                        ("destructive", SchemaBuilder.Boolean("Whether the tool ends or deactivates an entity."))))), 1000))),
                new JsonObject
                {
                    ["tools"] = new JsonArray(new JsonObject
                    {
                        ["name"] = "get_appointment",
                        ["service"] = "clinical",
                        ["description"] = "Shows one appointment.",
                        ["input_schema"] = new JsonObject { ["type"] = "object" },
                        ["output_schema"] = new JsonObject { ["type"] = "object" },
                        ["annotations"] = new JsonObject { ["read_only"] = true, ["idempotent"] = true, ["destructive"] = false },
                    }),
                }),
        });

    public static IEndpointConventionBuilder DescribeInvokeTool(this IEndpointConventionBuilder endpoint) => endpoint.Describe(
        "invoke_tool", ApiTags.CallingTools, "Call a tool by name",
        "Calls a tool as its own operation does, with the tool's name and parameters in one envelope.",
        _ => new()
        {
            AcceptsIdempotencyKey = true,
            Body = RequestEnvelope(),
            BodyExamples = new()
            {
                ["who_am_i"] = OperationDetails.Example(
                    new JsonObject { ["tool"] = "get_current_user", ["params"] = new JsonObject() }, "Get the current user"),
                ["doctors"] = OperationDetails.Example(
                    new JsonObject { ["tool"] = "list_doctors", ["params"] = new JsonObject { ["limit"] = 3 } }, "List doctors"),
            },
            ResponseDescription = "The result of the tool, without an envelope.",
            ResponseContents = OperationDetails.Json(
                SchemaBuilder.AnyObject("The result, as the tool's own operation returns it."),
                new JsonObject { ["id"] = "01980000-0000-7000-8001-000000000028", ["role"] = "PATIENT" }),
            ErrorStatuses = OperationDetails.ToolErrorStatuses,
        });

    public static IEndpointConventionBuilder DescribeInvokeTools(this IEndpointConventionBuilder endpoint) => endpoint.Describe(
        "invoke_tools", ApiTags.CallingTools, "Call several tools",
        "Executes up to 100 calls in parallel and returns their results in the order of the calls. A call that fails does not affect the others; its item in "
        + "the response is an error. Every call counts toward the rate limit.",
        components => new()
        {
            Body = SchemaBuilder.ClosedObject("A batch of calls.", ("requests", new JsonObject
            {
                ["type"] = "array",
                ["items"] = RequestEnvelope(("idempotency_key?", SchemaBuilder.Nullable(SchemaBuilder.Text(IdempotencyKey.MaxLength,
                    "The idempotency key of the call; corresponds to the Idempotency-Key header of a single call.")))),
                ["minItems"] = 1,
                ["maxItems"] = 100,
            })),
            BodyExamples = new()
            {
                ["two"] = OperationDetails.Example(
                    new JsonObject
                    {
                        ["requests"] = new JsonArray(
                            new JsonObject { ["tool"] = "get_current_user" },
                            new JsonObject { ["tool"] = "list_doctors", ["params"] = new JsonObject { ["limit"] = 3 } }),
                    },
                    "Get the current user and list doctors"),
            },
            ResponseDescription = "The result or error of each call, in the order of the calls.",
            ResponseContents = OperationDetails.Json(
                SchemaBuilder.ArrayOf(SchemaBuilder.OneOf(
                    SchemaBuilder.Object("The result of a call.",
                        ("result", SchemaBuilder.AnyObject("The result of the tool, without an envelope.")),
                        ("idempotent_replayed?", SchemaBuilder.Boolean("Whether the result is that of an earlier call with the same idempotency key."))),
                    components.ReferenceOutput(typeof(ErrorEnvelope))), 100),
                new JsonArray(
                    new JsonObject { ["result"] = new JsonObject { ["id"] = "01980000-0000-7000-8001-000000000028", ["role"] = "PATIENT" } },
                    new JsonObject
                    {
                        ["result"] = new JsonObject { ["results"] = new JsonArray(), ["total"] = 0, ["page"] = 1, ["limit"] = 3, ["has_more"] = false }
                    })),
        });

    /// <summary>Creates the schema of the envelope of a tool call.</summary>
    /// <param name="more">The additional fields of the envelope.</param>
    private static JsonObject RequestEnvelope(params (string, JsonObject)[] more) => SchemaBuilder.ClosedObject("A tool call.",
    [
        ("tool", SchemaBuilder.EnumOf("The name of the tool to call.", [.. ToolCatalogue.All.Keys])),
        ("params?", SchemaBuilder.Nullable(SchemaBuilder.AnyObject("The parameters of the tool, as its own operation documents them; none if omitted."))),
        .. more,
    ]);
}
