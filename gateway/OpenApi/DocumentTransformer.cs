using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace MedCor.Gateway.OpenApi;

/// <summary>
/// Adds the introduction, tags and components to the document. Runs last, because components of operations that are added later would be missing.
/// </summary>
internal sealed class DocumentTransformer(ComponentRegistry components, IHostEnvironment environment) : IOpenApiDocumentTransformer
{
    private const string SecurityScheme = "bearer";

    public Task TransformAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new()
        {
            Title = "MedCor",
            Version = "1.0.0",
            Summary = "A healthcare back end that people, programs and AI agents use through the same tools.",
            Description = DescribeUse(),
            Contact = new() { Name = "MedCor", Email = "support@medcor.ai" },
        };
        document.Servers =
        [
            // Spectral's OWASP ruleset requires the name of an environment.
            new() { Url = "/", Description = "The gateway that serves this document, local or in production", Extensions = Extension("x-internal", false) },
        ];
        document.AddComponent<IOpenApiSecurityScheme>(SecurityScheme, new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            BearerFormat = "JWT",
            // Spectral's OWASP ruleset requires the text "RFC8725", without a space.
            Description = "An access_token that the login returns. Validated as RFC8725 recommends: the ES256 signature by a key of /.well-known/jwks.json, "
                + "the issuer, the audience and the expiry.",
        });
        document.Security = [new() { [new OpenApiSecuritySchemeReference(SecurityScheme, document)] = [] }];
        SortByTags(document);
        components.AddTo(document);
        return Task.CompletedTask;
    }

    /// <summary>Lists the tags that operations have, with their groups, and sorts the paths by them.</summary>
    private static void SortByTags(OpenApiDocument document)
    {
        var order = ApiTags.All.Select((tag, index) => (tag.Name, index)).ToDictionary(t => t.Name, t => t.index);
        var paths = document.Paths.OrderBy(path => order[TagOf(path.Value)]).ToArray();
        document.Paths.Clear();
        foreach (var (path, item) in paths) document.Paths.Add(path, item);

        var used = paths.Select(path => TagOf(path.Value)).ToHashSet();
        var tags = ApiTags.All.Where(tag => used.Contains(tag.Name)).ToArray();
        document.Tags = tags.Select(tag => new OpenApiTag { Name = tag.Name, Description = tag.Description }).ToHashSet();
        document.Extensions = Extension("x-tagGroups", new JsonArray(
        [
            .. from tag in tags
               group tag by tag.Group into tagged
               select new JsonObject { ["name"] = tagged.Key, ["tags"] = new JsonArray([.. tagged.Select(t => (JsonNode)t.Name)]) },
        ]));
    }

    private static string TagOf(IOpenApiPathItem path) => path.Operations!.First().Value.Tags!.First().Name!;

    private static Dictionary<string, IOpenApiExtension> Extension(string name, JsonNode value) => new() { [name] = new JsonNodeExtension(value) };

    private string DescribeAccounts() =>
        DemoLogins.Find(environment) is { } logins ? DescribeDemoAccounts(logins) : "with the e-mail address and the password of your account.";

    private string DescribeUse() =>
        $$$"""
        Every action is a call of a **tool**: through the tool's own operation below, by name, or in a batch. Lists, entities and statistics can also be read as
        resources, and changes are published as live events.

        1. Call `POST /api/auth/login` {{{DescribeAccounts()}}}
        2. Send the `access_token` with every further request as `Authorization: Bearer …`. In Swagger UI, set it with *Authorize*.
        3. Call `get_current_user`, then any tool that your role may use.

        Field names are `snake_case`. IDs are UUIDs. Timestamps are RFC 3339 in UTC; dates and times without an offset are local to the hospital. Every error
        has the form `{error: {code, message, details, timestamp}}`. A validation error names all invalid fields at once. A trailing slash in a path is
        optional.
        """;

    private static string DescribeDemoAccounts(DemoLogins logins) =>
        $"with one of the demo accounts. Their password is `{logins.Password}`:\n\n"
        + $"   {string.Join("\n   ", logins.Accounts.Select(a => $"- `{a.Email}`, {a.Description}"))}\n";
}
