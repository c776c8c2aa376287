using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Gateway.OpenApi;
using Microsoft.OpenApi;

namespace MedCor.Gateway.Endpoints;

/// <summary>Describes the operation that exports the audit trail.</summary>
internal static class AuditOperations
{
    public static IEndpointConventionBuilder DescribeAuditExport(this IEndpointConventionBuilder endpoint) => endpoint.Describe(
        "export_audit_events", ApiTags.Resources, "Export the audit trail",
        "Streams audit events as lines of JSON, in the order of their hospital's chain: each once, none left out, and none changed later. To continue, send "
        + "the `sequence` of the last line as `after`; no line means that there is nothing new. An event appears a few seconds after it was recorded. Only "
        + "administrators may export, and programs with their role. "
        + $"A token with scopes needs `{ToolCatalogue.ByParameterType[typeof(ListAuditEvents)].Scope.Name}`.",
        components =>
        {
            var line = components.ReferenceOutput(typeof(ExportedAuditEvent));
            return new()
            {
                Parameters =
                [
                    Query("after", "The sequence number after which the export begins; 0 for all events.", SchemaBuilder.Text(19), "0"),
                    Query("limit", "The maximum number of lines.", SchemaBuilder.Integer(1, ExportedAuditEvent.MaxLines), ExportedAuditEvent.MaxLines),
                    Query("hospital_id",
                        "The hospital whose events are exported: your own. Platform administrators may name any; what concerns no hospital by default.",
                        SchemaBuilder.Uuid(), example: null),
                ],
                ResponseDescription = "The events.",
                ResponseContents = OperationDetails.JsonLines(line, $"{ExampleValues.ForResponse(line, components)!.ToJsonString()}\n"),
                ErrorStatuses = [StatusCodes.Status403Forbidden, StatusCodes.Status404NotFound],
            };
        });

    private static OpenApiParameter Query(string name, string description, JsonObject schema, JsonNode? example) =>
        OperationDetails.Parameter(ParameterLocation.Query, name, description, schema, example);
}
