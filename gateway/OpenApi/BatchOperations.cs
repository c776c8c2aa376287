using System.Text.Json.Nodes;
using MedCor.Contracts;

namespace MedCor.Gateway.OpenApi;

/// <summary>Describes the operation that calls several tools in one request.</summary>
internal static class BatchOperations
{
    public static IEnumerable<ApiOperation> All(ComponentRegistry components)
    {
        yield return new("/api/mcp/batch", "post", "invoke_tools", ToolOperations.GenericTag, "Call many tools at once",
            "Up to 100 calls, answered in their order. They run at the same time, and one that fails stops no other: its place in the answer has its error. "
            + "Every call counts towards the limit.")
        {
            Body = SchemaBuilder.ClosedObject("Calls.", ("requests", new JsonObject
            {
                ["type"] = "array",
                ["items"] = ToolOperations.RequestEnvelope(("idempotency_key?", SchemaBuilder.Nullable(SchemaBuilder.Text(ToolInvocation.IdempotencyKey.MaxLength, "As the header Idempotency-Key of a single call.")))),
                ["minItems"] = 1,
                ["maxItems"] = 100,
            })),
            BodyExamples = new()
            {
                ["two"] = new JsonObject
                {
                    ["summary"] = "Who am I, and which doctors are there?",
                    ["value"] = new JsonObject
                    {
                        ["requests"] = new JsonArray(
                            new JsonObject { ["tool"] = "get_current_user" },
                            new JsonObject { ["tool"] = "list_doctors", ["params"] = new JsonObject { ["limit"] = 3 } }),
                    },
                },
            },
            ResponseDescription = "An answer for each call, in their order.",
            ResponseSchema = SchemaBuilder.ArrayOf(SchemaBuilder.OneOf(
                SchemaBuilder.Object("What the tool answers.", ("result", SchemaBuilder.AnyObject("The tool's bare result.")), ("idempotent_replayed?", SchemaBuilder.Boolean("Whether it is the answer to an earlier call with the same key."))),
                components.ReferenceOutput(typeof(ErrorEnvelope))), 100),
            ResponseExample = new JsonArray(
                new JsonObject { ["result"] = new JsonObject { ["id"] = "01980000-0000-7000-8001-000000000028", ["role"] = "PATIENT" } },
                new JsonObject { ["result"] = new JsonObject { ["results"] = new JsonArray(), ["total"] = 0, ["page"] = 1, ["limit"] = 3, ["has_more"] = false } }),
            ErrorStatuses = [400, 401, 408, 413, 415, 429, 500, 503],
        };
    }
}
