using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Gateway.OpenApi;
using MedCor.Gateway.ToolInvocation;

namespace MedCor.Gateway.Endpoints;

/// <summary>Describes the list of tools, and the operations that call tools by name.</summary>
internal static class ToolOperations
{
    public static IEndpointConventionBuilder DescribeListTools(this IEndpointConventionBuilder endpoint) => endpoint.Describe(
        "list_tools", ApiTags.CallingTools, "The tools that your role may use",
        "Each with its description, the JSON Schemas (2020-12) of its parameters and its result, and what a call may change.",
        _ => new()
        {
            HasETag = true,
            ResponseDescription = "The tools, by name.",
            ResponseContents = OperationDetails.Json(
                SchemaBuilder.Object("Tools.", ("tools", SchemaBuilder.ArrayOf(SchemaBuilder.Object("A tool.",
                    ("name", SchemaBuilder.EnumOf("What it is called by.", [.. ToolCatalogue.All.Keys])),
                    ("service", SchemaBuilder.EnumOf("The service that owns it.", [.. ToolCatalogue.All.Values.Select(t => t.Service).Distinct().Order()])),
                    ("description", SchemaBuilder.Text(2000, "What it does, for people and models.")),
                    ("input_schema", SchemaBuilder.AnyObject("The JSON Schema of its parameters.")),
                    ("output_schema", SchemaBuilder.AnyObject("The JSON Schema of its result.")),
                    ("annotations", SchemaBuilder.Object("What a call may change.",
                        ("read_only", SchemaBuilder.Boolean("It changes nothing.")),
                        ("idempotent", SchemaBuilder.Boolean("Calling twice changes no more than calling once.")),
                        ("destructive", SchemaBuilder.Boolean("It takes something out of use."))))), 1000))),
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
        "invoke_tool", ApiTags.CallingTools, "Call any tool by its name",
        "The same as the tool's own operation, with the tool's name and its parameters in one envelope.",
        _ => new()
        {
            AcceptsIdempotencyKey = true,
            Body = RequestEnvelope(),
            BodyExamples = new()
            {
                ["who_am_i"] = OperationDetails.Example(new JsonObject { ["tool"] = "get_current_user", ["params"] = new JsonObject() }, "Who am I?"),
                ["doctors"] = OperationDetails.Example(new JsonObject { ["tool"] = "list_doctors", ["params"] = new JsonObject { ["limit"] = 3 } },
                    "Which doctors are there?"),
            },
            ResponseDescription = "The tool's bare result.",
            ResponseContents = OperationDetails.Json(
                SchemaBuilder.AnyObject("What the tool's own operation answers."),
                new JsonObject { ["id"] = "01980000-0000-7000-8001-000000000028", ["role"] = "PATIENT" }),
            ErrorStatuses = OperationDetails.ToolErrorStatuses,
        });

    public static IEndpointConventionBuilder DescribeInvokeTools(this IEndpointConventionBuilder endpoint) => endpoint.Describe(
        "invoke_tools", ApiTags.CallingTools, "Call many tools at once",
        "Up to 100 calls, answered in their order. They run at the same time, and one that fails stops no other: its place in the answer has its error. "
        + "Every call counts towards the limit.",
        components => new()
        {
            Body = SchemaBuilder.ClosedObject("Calls.", ("requests", new JsonObject
            {
                ["type"] = "array",
                ["items"] = RequestEnvelope(("idempotency_key?",
                    SchemaBuilder.Nullable(SchemaBuilder.Text(IdempotencyKey.MaxLength, "As the header Idempotency-Key of a single call.")))),
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
                    "Who am I, and which doctors are there?"),
            },
            ResponseDescription = "An answer for each call, in their order.",
            ResponseContents = OperationDetails.Json(
                SchemaBuilder.ArrayOf(SchemaBuilder.OneOf(
                    SchemaBuilder.Object("What the tool answers.",
                        ("result", SchemaBuilder.AnyObject("The tool's bare result.")),
                        ("idempotent_replayed?", SchemaBuilder.Boolean("Whether it is the answer to an earlier call with the same key."))),
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
    private static JsonObject RequestEnvelope(params (string, JsonObject)[] more) => SchemaBuilder.ClosedObject("A call of a tool.",
    [
        ("tool", SchemaBuilder.EnumOf("Which tool.", [.. ToolCatalogue.All.Keys])),
        ("params?", SchemaBuilder.Nullable(SchemaBuilder.AnyObject("Its parameters, as its own operation describes them; none unless given."))),
        .. more,
    ]);
}
