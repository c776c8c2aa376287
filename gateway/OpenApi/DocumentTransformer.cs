using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace MedCor.Gateway.OpenApi;

/// <summary>Completes the document with what concerns it as a whole. It runs last: operations that are added afterwards have no components.</summary>
internal sealed class DocumentTransformer(ComponentRegistry components, IHostEnvironment environment) : IOpenApiDocumentTransformer
{
    private const string SecurityScheme = "bearer";

    public Task TransformAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new()
        {
            Title = "MedCor",
            Version = "1.0.0",
            Summary = "A healthcare back end that people, programs and AI agents drive through the same tools.",
            Description = DescribeUse(),
            Contact = new() { Name = "MedCor", Email = "support@medcor.ai" },
        };
        document.Servers =
        [
            new()
            {
                Url = "/", Description = "The gateway that this document came from, be it a local one or production",
                Extensions = Extension("x-internal", false)
            },
        ];
        document.AddComponent<IOpenApiSecurityScheme>(SecurityScheme, new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            BearerFormat = "JWT",
            Description =
                "The access_token of a log-in. Checked as RFC8725 wants it: signed with ES256 by a key of /.well-known/jwks.json, with issuer, audience and "
                + "expiry.",
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

    private string DescribeUse() =>
        $$$"""
        Everything is done by calling **tools**: by their own operations below, all at once, or by name. Lists, entities and figures can also be read as resources, and
        what happens is told live.

        1. Call `POST /api/auth/login` {{{(DemoLogins.Find(environment) is { } logins ? DescribeDemoAccounts(logins) : "with the e-mail address and the password of your account.")}}}
        2. Send the `access_token` with every further call as `Authorization: Bearer …`. On the page to try things out, *Authorize* does it.
        3. Call `get_current_user`, then whatever your role may.

        Fields are `snake_case`, ids UUIDs, instants RFC 3339 in UTC, wall-clock dates and times those of the hospital. Every error has one form,
        `{error: {code, message, details, timestamp}}`, and one that concerns fields names all of them at once. A slash at the end of a path is optional.
        """;

    private static string DescribeDemoAccounts(DemoLogins logins) =>
        $"as somebody of the demo data, with the password `{logins.Password}`:\n\n   {string.Join("\n   ", logins.Accounts.Select(a => $"- `{a.Email}`, {a.Description}"))}\n";
}
