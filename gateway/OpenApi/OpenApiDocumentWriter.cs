using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using Microsoft.AspNetCore.Routing.Template;

namespace MedCor.Gateway.OpenApi;

/// <summary>Writes the OpenAPI 3.1 document of the gateway: its mapped endpoints and every tool of the catalogue.</summary>
internal static class OpenApiDocumentWriter
{
    /// <summary>Writes the document. The same gateway always produces the same bytes.</summary>
    /// <param name="endpoints">The mapped endpoints. Operations without an endpoint, because they are turned off, are left out.</param>
    public static byte[] Write(IEnumerable<Endpoint> endpoints)
    {
        var components = new ComponentRegistry();
        ApiOperation[] operations =
        [
            .. from operation in AccountOperations.All(components)
                   .Concat(ToolOperations.All(components))
                   .Concat(BatchOperations.All(components))
                   .Concat(ResourceOperations.All(components))
                   .Concat(PromptOperations.All(components))
                   .Concat(LiveEventOperations.All(components))
                   .Concat(ChatOperations.All(components))
                   .Concat(HealthOperations.All())
               where endpoints.Any(e => IsServedBy(e, operation))
               select operation,
        ];
        var tags = operations.Select(o => o.Tag).ToHashSet();

        var document = new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = "MedCor",
                ["version"] = "1.0.0",
                ["summary"] = "A healthcare back end that people, programs and AI agents drive through the same tools.",
                ["description"] = Introduction,
                ["contact"] = new JsonObject { ["name"] = "MedCor", ["email"] = "support@medcor.ai" },
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/", ["description"] = "The gateway that this document came from, be it a local one or production", ["x-internal"] = false }),
            ["security"] = new JsonArray(new JsonObject { ["bearer"] = new JsonArray() }),
            ["tags"] = new JsonArray([.. Tags.Where(t => tags.Contains(t.Name)).Select(t => new JsonObject { ["name"] = t.Name, ["description"] = t.Description })]),
            ["x-tagGroups"] = new JsonArray(
            [
                .. from tag in Tags
                   where tags.Contains(tag.Name)
                   group tag by tag.Group into tagged
                   select new JsonObject { ["name"] = tagged.Key, ["tags"] = new JsonArray([.. tagged.Select(t => (JsonNode)t.Name)]) },
            ]),
            ["paths"] = new JsonObject(operations.GroupBy(o => o.Path).Select(path =>
                KeyValuePair.Create(path.Key, (JsonNode?)new JsonObject(path.Select(o => KeyValuePair.Create(o.Method, (JsonNode?)o.Write())))))),
        };
        document["components"] = components.Write();
        ClientGeneratorTransformer.Transform(document);
        return JsonSerializer.SerializeToUtf8Bytes<JsonNode>(document, Json.Options);
    }

    /// <summary>Returns whether an endpoint serves an operation.</summary>
    internal static bool IsServedBy(Endpoint endpoint, ApiOperation operation) =>
        endpoint is RouteEndpoint { RoutePattern.RawText: { } route }
        && (endpoint.Metadata.GetMetadata<HttpMethodMetadata>() is not { } methods || methods.HttpMethods.Contains(operation.Method, StringComparer.OrdinalIgnoreCase))
        && new TemplateMatcher(TemplateParser.Parse(route), []).TryMatch(operation.Path, []);

    private const string Introduction =
        """
        Everything is done by calling **tools**: by their own operations below, all at once, or by name. Lists, entities and figures can also be read as resources, and
        what happens is told live.

        1. Call `POST /api/auth/login` as somebody of the demo data: `patient@general.example`, `doctor@general.example`, `nurse@general.example`,
           `admin@general.example` or `admin@medcor.example`, with the password `Demo-Medcor-2026`.
        2. Send the `access_token` with every further call as `Authorization: Bearer …`. On the page to try things out, *Authorize* does it.
        3. Call `get_current_user`, then whatever your role may.

        Fields are `snake_case`, ids UUIDs, instants RFC 3339 in UTC, wall-clock dates and times those of the hospital. Every error has one form,
        `{error: {code, message, details, timestamp}}`, and one that concerns fields names all of them at once. A slash at the end of a path is optional.
        """;

    private static readonly (string Group, string Name, string Description)[] Tags =
    [
        ("Begin", AccountOperations.Tag, "Log in, stay logged in, log out."),
        .. from service in ServiceCatalogue.All select ("Tools", ToolOperations.GetTag(service.Name), service.Description),
        ("Other ways", ToolOperations.GenericTag, "Tools by name, one or many at once."),
        ("Other ways", ResourceOperations.Tag, "Rows to read by address: filtered, sorted, cut to the fields that you want."),
        ("Other ways", PromptOperations.Tag, "Longer work, asked step by step."),
        ("Other ways", LiveEventOperations.Tag, "What happens, as it happens."),
        ("Other ways", ChatOperations.Tag, "Questions to a chat model, answered once and read by any number."),
        ("Running it", HealthOperations.Tag, "For monitors and programs."),
    ];
}
