using System.Text.Json.Nodes;
using MedCor.Contracts;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace MedCor.Gateway.OpenApi;

/// <summary>Marks the endpoint that calls any tool by its path. In the document, one operation per tool replaces it.</summary>
internal sealed class ToolPathMetadata
{
    public static readonly ToolPathMetadata Instance = new();
}

/// <summary>Replaces the operation that calls any tool by its path with one operation for each tool of the catalogue.</summary>
internal sealed class ToolDocumentTransformer(OperationTransformer operations, ComponentRegistry components) : IOpenApiDocumentTransformer
{
    private const int MaxSummaryLength = 80;

    public Task TransformAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        var endpoint = context.DescriptionGroups.SelectMany(group => group.Items)
            .Single(item => item.ActionDescriptor.EndpointMetadata.Contains(ToolPathMetadata.Instance));
        var metadata = new EndpointMetadataCollection(endpoint.ActionDescriptor.EndpointMetadata);
        var path = $"/{endpoint.RelativePath}";
        document.Paths.Remove(path);
        foreach (var tool in ToolCatalogue.All.Values.OrderBy(GetNoun).ThenBy(t => t.Effect))
        {
            var operation = new OpenApiOperation
            {
                OperationId = tool.Name,
                Summary = GetSummary(tool.Description),
                Description = $"{tool.Description}\n\n{DescribeEffect(tool.Effect)} {DescribeCallers(tool.Callers)} "
                    + $"A token with scopes needs `{tool.Scope.Name}`."
                    + (tool.RequiresStepUp ? " Requires step-up: a hospital's sign-in policy can demand a recent login." : ""),
                Tags = new HashSet<OpenApiTagReference> { new(ApiTags.OfService(tool.Service), document) },
            };
            operations.Complete(operation, Describe(tool), metadata, document);
            document.Paths.Add(path.Replace("{tool}", tool.Name, StringComparison.Ordinal),
                new OpenApiPathItem { Operations = new() { [HttpMethod.Post] = operation } });
        }
        return Task.CompletedTask;
    }

    private OperationDetails Describe(ToolDescriptor tool)
    {
        var (input, output) = (components.ReferenceInput(tool.Params), components.ReferenceOutput(tool.Result));
        var (shortest, fullest) = (ExampleValues.ForRequiredOnly(input, components, tool.ExampleParameter), ExampleValues.ForAllFields(input, components));
        (string Name, IOpenApiExample Value)[] examples =
        [
            ("shortest", OperationDetails.Example(shortest, SummarizeShortest(tool, fullest, shortest))),
            ("fullest", OperationDetails.Example(fullest, "All parameters")),
        ];
        if (JsonNode.DeepEquals(shortest, fullest)) examples = examples[..1];
        // Documentation pages prefill the first example: for reads the simplest call, for creates and updates one with all fields.
        else if (tool.Effect is Effect.Create or Effect.Update) Array.Reverse(examples);

        return new()
        {
            Body = input,
            BodyIsOptional = shortest.Count == 0,
            BodyExamples = examples.ToDictionary(e => e.Name, e => e.Value),
            ResponseDescription = "The result of the tool, without an envelope.",
            ResponseContents = OperationDetails.Json(output, ExampleValues.ForResponse(output, components)),
            AcceptsIdempotencyKey = tool.Effect != Effect.Read,
            ErrorStatuses = OperationDetails.ToolErrorStatuses,
        };
    }

    /// <summary>
    /// Returns the summary of the shortest example. A platform administrator belongs to no hospital and must name one to create an entity in it; for such a
    /// tool, the summary states that the example applies to users of a hospital.
    /// </summary>
    private static string SummarizeShortest(ToolDescriptor tool, JsonObject fullest, JsonObject shortest) =>
        tool.Effect == Effect.Create && tool.Callers.HasFlag(Callers.Platform) && fullest.ContainsKey("hospital_id") && !shortest.ContainsKey("hospital_id")
            ? "Required parameters, for users of a hospital"
            : "Required parameters";

    /// <summary>Returns the noun in a tool's name: the part after the verb.</summary>
    private static string GetNoun(ToolDescriptor tool) => tool.Name[(tool.Name.IndexOf('_', StringComparison.Ordinal) + 1)..];

    /// <summary>Returns the first sentence of a description, or its main clause when the sentence is too long.</summary>
    private static string GetSummary(string description)
    {
        var end = description.IndexOfAny(['.', ':', ';']);
        var sentence = end < 0 ? description : description[..end];
        var comma = sentence.IndexOf(',', StringComparison.Ordinal);
        return sentence.Length <= MaxSummaryLength || comma < 0 ? sentence : sentence[..comma];
    }

    private static string DescribeEffect(Effect effect) => effect switch
    {
        Effect.Read => "Read-only.",
        Effect.Create => "Not idempotent: each call creates another entity, unless it repeats an Idempotency-Key.",
        Effect.Update => "Idempotent: repeating the call has no further effect.",
        _ => "Ends or deactivates the entity.",
    };

    private static string DescribeCallers(Callers callers)
    {
        if (callers == Callers.Everyone) return "Available to every role.";
        return $"Available to {string.Join(", ", CallerKinds.All.Where(k => callers.HasFlag(k.Value)).Select(k => $"{k.Label}s"))}.";
    }
}
