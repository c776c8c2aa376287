using MedCor.Contracts;
using MedCor.Gateway.OpenApi;
using Microsoft.OpenApi;

namespace MedCor.Gateway.Endpoints;

/// <summary>Describes the resources: rows that clients read by URL, in the same format as the tools' results.</summary>
internal static class ResourceOperations
{
    public static IEndpointConventionBuilder DescribeList(this IEndpointConventionBuilder endpoint, ResourceDescriptor resource) => endpoint.DescribeRead(
        GetId(resource), $"List {GetWords(resource)}", typeof(Page<>).MakeGenericType(resource.Entity),
        [.. PagingParameters(), FilterParameter(), .. ShapingParameters(resource)], FilterErrors(resource));

    /// <summary>Describes one of the rows of a list.</summary>
    public static IEndpointConventionBuilder DescribeRow(this IEndpointConventionBuilder endpoint, ResourceDescriptor resource) => endpoint.DescribeRead(
        $"{GetId(resource)}_by_id", $"Show one of {GetWords(resource)}", resource.Entity,
        [OperationDetails.Parameter(ParameterLocation.Path, "id", "Which one.", SchemaBuilder.Uuid(), "01980a3c-5d2e-7b41-9c07-3f6a1e8b2d54"),
            .. ShapingParameters(resource)],
        [StatusCodes.Status404NotFound]);

    /// <summary>Describes a resource that is not a list.</summary>
    public static IEndpointConventionBuilder DescribeSingle(this IEndpointConventionBuilder endpoint, ResourceDescriptor resource) => endpoint.DescribeRead(
        GetId(resource), $"Show the {GetWords(resource)}", resource.Entity, [FilterParameter(), .. ShapingParameters(resource)], FilterErrors(resource));

    private static IEndpointConventionBuilder DescribeRead(this IEndpointConventionBuilder endpoint, string id, string summary, Type result,
        OpenApiParameter[] parameters, int[] errorStatuses) =>
            endpoint.Describe(
                id, ApiTags.Resources, summary,
                $"{summary}. What the tools show you is what you see here; a name that is not known, in any of the parameters, is refused by name.",
                components =>
                {
                    var answer = components.ReferenceOutput(result);
                    return new()
                    {
                        Parameters = parameters,
                        ResponseDescription = "What was asked for; with fields or expand, less or more of it.",
                        ResponseContents = OperationDetails.Json(answer, ExampleValues.ForResponse(answer, components)),
                        HasETag = true,
                        ErrorStatuses = [StatusCodes.Status403Forbidden, .. errorStatuses],
                    };
                });

    /// <summary>Returns the statuses with which a filter is refused: it may name a hospital that does not exist.</summary>
    private static int[] FilterErrors(ResourceDescriptor resource) => resource.Fields.Contains("hospital_id") ? [StatusCodes.Status404NotFound] : [];

    private static string GetId(ResourceDescriptor resource) => $"read_{resource.Name.Replace('/', '_')}";

    private static string GetWords(ResourceDescriptor resource) => resource.Name.Replace('_', ' ').Replace('/', ' ');

    private static OpenApiParameter[] PagingParameters() =>
    [
        Query("page", "Which page, from 1.", SchemaBuilder.Integer(1, 1_000_000), 1),
        Query("limit", "How many on a page.", SchemaBuilder.Integer(1, 100), 20),
        Query("sort", "Fields to sort by, separated by commas; a leading - sorts downwards. A refusal names the orders that there are.",
            SchemaBuilder.Text(ResourceQueryLimits.MaxSortLength)),
    ];

    private static OpenApiParameter FilterParameter() => Query("filter",
        "A JSON object by field: a value, or {\"gte\": …, \"lt\": …}, {\"in\": […]}, {\"contains\": …}. A refusal names the fields that there are.",
        SchemaBuilder.Text(ResourceQueryLimits.MaxFilterLength));

    private static OpenApiParameter[] ShapingParameters(ResourceDescriptor resource) =>
    [
        Query("fields", $"Only these fields, separated by commas: {string.Join(", ", resource.Fields)}.",
            SchemaBuilder.CommaSeparatedNames(resource.Fields, ResourceQueryLimits.MaxFieldsLength)),
        .. resource.References.Count == 0 ? (OpenApiParameter[])[] :
            [Query("expand", $"What is named by its id is put in whole: {string.Join(", ", resource.References.Keys)}.",
                SchemaBuilder.CommaSeparatedNames(resource.References.Keys, ResourceQueryLimits.MaxExpandLength))],
    ];

    private static OpenApiParameter Query(string name, string description, System.Text.Json.Nodes.JsonObject schema, int? example = null) =>
        OperationDetails.Parameter(ParameterLocation.Query, name, description, schema, example);
}
