using System.Text.Json.Nodes;
using MedCor.Gateway.OpenApi;

namespace MedCor.Gateway.Endpoints;

/// <summary>Describes the operations of the health endpoints.</summary>
internal static class HealthOperations
{
    public static IEndpointConventionBuilder DescribeLiveness(this IEndpointConventionBuilder endpoint) => endpoint.Describe(
        "is_running", ApiTags.Operation, "Check liveness", "Returns 200 as long as the gateway's process runs, whether or not its dependencies are available.",
        _ => new()
        {
            ResponseDescription = "The gateway is running.",
            ResponseContents = OperationDetails.Json(
                SchemaBuilder.Object("The status of the gateway.", ("status", SchemaBuilder.EnumOf(null, "ok"))), new JsonObject { ["status"] = "ok" }),
        });

    public static IEndpointConventionBuilder DescribeReadiness(this IEndpointConventionBuilder endpoint) => endpoint.Describe(
        "is_ready", ApiTags.Operation, "Check readiness",
        "Returns whether all parts of MedCor are available: the services, Redis, the broker and the model. Each is checked every two seconds. It is reported "
        + "as unavailable after three failed checks in a row, and as available again after two successful ones.",
        _ => new()
        {
            ResponseDescription = "All parts are available.",
            ResponseContents = OperationDetails.Json(ReadinessSchema(), new JsonObject { ["ready"] = true }),
            OtherResponses = new()
            {
                [StatusCodes.Status503ServiceUnavailable] = new("Some parts are unavailable; `reasons` names them.", new()
                {
                    ["application/json"] = new(ReadinessSchema(),
                        new JsonObject { ["ready"] = false, ["reasons"] = new JsonArray("clinical: database does not answer", "redis does not answer") }),
                }),
            },
        });

    private static JsonObject ReadinessSchema() => SchemaBuilder.Object("The readiness of MedCor.",
        ("ready", SchemaBuilder.Boolean("Whether all parts are available.")),
        ("reasons?", SchemaBuilder.ArrayOf(SchemaBuilder.Text(100), 20, "The reason for each unavailable part.")));
}
