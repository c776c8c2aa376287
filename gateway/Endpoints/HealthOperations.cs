using System.Text.Json.Nodes;
using MedCor.Gateway.OpenApi;

namespace MedCor.Gateway.Endpoints;

/// <summary>Describes the health endpoints.</summary>
internal static class HealthOperations
{
    public static IEndpointConventionBuilder DescribeLiveness(this IEndpointConventionBuilder endpoint) => endpoint.Describe(
        "is_running", ApiTags.Operation, "Whether the gateway runs", "Answers as long as the process does, whatever it depends on.",
        _ => new()
        {
            ResponseDescription = "It runs.",
            ResponseContents = OperationDetails.Json(SchemaBuilder.Object("A sign of life.", ("status", SchemaBuilder.EnumOf(null, "ok"))),
                new JsonObject { ["status"] = "ok" }),
        });

    public static IEndpointConventionBuilder DescribeReadiness(this IEndpointConventionBuilder endpoint) => endpoint.Describe(
        "is_ready", ApiTags.Operation, "Whether all parts of MedCor run",
        "As looks at the services, Redis, the broker and the model found it, taken every two seconds. That something does not answer is told once it was seen "
        + "three times in a row, that it is back once it was seen twice.",
        _ => new()
        {
            ResponseDescription = "All parts run.",
            ResponseContents = OperationDetails.Json(ReadinessSchema(), new JsonObject { ["ready"] = true }),
            OtherResponses = new()
            {
                [StatusCodes.Status503ServiceUnavailable] = new("Not all parts run; `reasons` names those that do not.", new()
                {
                    ["application/json"] = new(ReadinessSchema(),
                        new JsonObject { ["ready"] = false, ["reasons"] = new JsonArray("clinical: database does not answer", "redis does not answer") }),
                }),
            },
        });

    private static JsonObject ReadinessSchema() =>
        SchemaBuilder.Object("What runs.", ("ready", SchemaBuilder.Boolean()),
            ("reasons?", SchemaBuilder.ArrayOf(SchemaBuilder.Text(100), 20, "What does not run.")));
}
