using MedCor.Contracts;
using MedCor.Gateway.OpenApi;
using Microsoft.OpenApi;

namespace MedCor.Gateway.Endpoints;

/// <summary>Describes the operations that read resources: entities by URL, in the same format as in the results of tools.</summary>
internal static class ResourceOperations
{
    public static IEndpointConventionBuilder DescribeList(this IEndpointConventionBuilder endpoint, ResourceDescriptor resource) => endpoint.DescribeRead(
        resource, GetId(resource), $"List {GetWords(resource)}", typeof(Page<>).MakeGenericType(resource.Entity),
        [.. PagingParameters(), FilterParameter(), .. ShapingParameters(resource)], FilterErrors(resource));

    /// <summary>Describes the operation that reads one entity of a list.</summary>
    public static IEndpointConventionBuilder DescribeRow(this IEndpointConventionBuilder endpoint, ResourceDescriptor resource) => endpoint.DescribeRead(
        resource, $"{GetId(resource)}_by_id", $"Get one of the {GetWords(resource)}", resource.Entity,
        [OperationDetails.Parameter(ParameterLocation.Path, "id", "The ID of the entity.", SchemaBuilder.Uuid(), "01980a3c-5d2e-7b41-9c07-3f6a1e8b2d54"),
            .. ShapingParameters(resource)],
        [StatusCodes.Status404NotFound]);

    /// <summary>Describes the operation that reads a resource that is not a list.</summary>
    public static IEndpointConventionBuilder DescribeSingle(this IEndpointConventionBuilder endpoint, ResourceDescriptor resource) => endpoint.DescribeRead(
        resource, GetId(resource), $"Get the {GetWords(resource)}", resource.Entity, [FilterParameter(), .. ShapingParameters(resource)],
        FilterErrors(resource));

    private static IEndpointConventionBuilder DescribeRead(this IEndpointConventionBuilder endpoint, ResourceDescriptor resource, string id, string summary,
        Type result, OpenApiParameter[] parameters, int[] errorStatuses) =>
            endpoint.Describe(
                id, ApiTags.Resources, summary,
                $"{summary}. Returns the same data as the tools return to you. An unknown name in any of the parameters is rejected with an error that names "
                    + $"it. A token with scopes needs `{resource.Scope.Name}`.",
                components =>
                {
                    var answer = components.ReferenceOutput(result);
                    return new()
                    {
                        Parameters = parameters,
                        ResponseDescription = "The requested data: only the selected `fields` if given, and with the entities that `expand` names.",
                        ResponseContents = OperationDetails.Json(answer, ExampleValues.ForResponse(answer, components)),
                        HasETag = true,
                        ErrorStatuses = [StatusCodes.Status403Forbidden, .. errorStatuses],
                    };
                });

    /// <summary>Returns the status codes of errors in a filter, which may name a hospital that does not exist.</summary>
    private static int[] FilterErrors(ResourceDescriptor resource) => resource.Fields.Contains("hospital_id") ? [StatusCodes.Status404NotFound] : [];

    private static string GetId(ResourceDescriptor resource) => $"read_{resource.Name.Replace('/', '_')}";

    private static string GetWords(ResourceDescriptor resource) => resource.Name.Replace('_', ' ').Replace('/', ' ');

    private static OpenApiParameter[] PagingParameters() =>
    [
        Query("page", "The number of the page, starting at 1.", SchemaBuilder.Integer(1, 1_000_000), 1),
        Query("limit", "The number of entities per page.", SchemaBuilder.Integer(1, 100), 20),
        Query("sort", "The fields to sort by, separated by commas. A leading - sorts in descending order. An error lists the available orders.",
            SchemaBuilder.Text(ResourceQueryLimits.MaxSortLength)),
    ];

    private static OpenApiParameter FilterParameter() => Query("filter",
        "A JSON object with a condition for each field: a value, {\"gte\": …, \"lt\": …}, {\"in\": […]} or {\"contains\": …}. "
        + "An error lists the available fields.",
        SchemaBuilder.Text(ResourceQueryLimits.MaxFilterLength));

    private static OpenApiParameter[] ShapingParameters(ResourceDescriptor resource) =>
    [
        Query("fields", $"The fields to return, separated by commas; all if omitted. Available: {string.Join(", ", resource.Fields)}.",
            SchemaBuilder.CommaSeparatedNames(resource.Fields, ResourceQueryLimits.MaxFieldsLength)),
        .. resource.References.Count == 0 ? (OpenApiParameter[])[] :
            [Query("expand", $"The references to return as whole entities, separated by commas. Available: {string.Join(", ", resource.References.Keys)}.",
                SchemaBuilder.CommaSeparatedNames(resource.References.Keys, ResourceQueryLimits.MaxExpandLength))],
    ];

    private static OpenApiParameter Query(string name, string description, System.Text.Json.Nodes.JsonObject schema, int? example = null) =>
        OperationDetails.Parameter(ParameterLocation.Query, name, description, schema, example);
}
