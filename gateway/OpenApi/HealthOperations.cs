using System.Text.Json.Nodes;

namespace MedCor.Gateway.OpenApi;

/// <summary>Describes the index, the health endpoints and the endpoint of the OpenAPI document itself.</summary>
internal static class HealthOperations
{
    public const string Tag = "Operation";

    public static IEnumerable<ApiOperation> All()
    {
        yield return new("/", "get", "describe_server", Tag, "What this is and where to go from here", "For programs as JSON; for browsers, which ask for `text/html`, a page.")
        {
            IsPublic = true,
            IsRateLimited = false,
            ResponseDescription = "What this is.",
            ResponseContent = new()
            {
                ["application/json"] = new JsonObject
                {
                    ["schema"] = SchemaBuilder.Object("What this is.",
                        ("name", SchemaBuilder.Text(50)), ("version", SchemaBuilder.Text(50)), ("description", SchemaBuilder.Text(500)), ("ready", SchemaBuilder.Boolean("Whether all parts run.")),
                        ("reasons", SchemaBuilder.ArrayOf(SchemaBuilder.Text(100), 20, "What does not run.")), ("links", SchemaBuilder.AnyObject("Paths, by what they are for.")),
                        ("demo?", SchemaBuilder.AnyObject("How to try it out; in Development alone."))),
                    ["example"] = new JsonObject
                    {
                        ["name"] = "MedCor", ["version"] = "1.0.0", ["description"] = "A healthcare back end.", ["ready"] = true, ["reasons"] = new JsonArray(),
                        ["links"] = new JsonObject { ["openapi"] = "/api/openapi.json", ["docs"] = "/api/docs/" },
                    },
                },
                ["text/html"] = new JsonObject { ["schema"] = SchemaBuilder.Text(100_000, "A page.") },
            },
            ErrorStatuses = [500],
        };
        yield return new("/healthz", "get", "is_running", Tag, "Whether the gateway runs", "Answers as long as the process does, whatever it depends on.")
        {
            IsPublic = true,
            ResponseDescription = "It runs.",
            ResponseSchema = SchemaBuilder.Object("A sign of life.", ("status", SchemaBuilder.EnumOf(null, "ok"))),
            ResponseExample = new JsonObject { ["status"] = "ok" },
            IsRateLimited = false,
            ErrorStatuses = [500],
        };
        yield return new("/readyz", "get", "is_ready", Tag, "Whether all parts of MedCor run", "As looks at the services, Redis, the broker and the model found it, taken every two seconds. That something does not answer is told once it was seen three times in a row, that it is back once it was seen twice.")
        {
            IsPublic = true,
            ResponseDescription = "All parts run.",
            ResponseSchema = ReadinessSchema(),
            ResponseExample = new JsonObject { ["ready"] = true },
            OtherResponses = new()
            {
                ["503"] = new JsonObject
                {
                    ["description"] = "Not all parts run; `reasons` names those that do not.",
                    ["headers"] = ResponseHeaders.Reference(ResponseHeaders.Uncounted),
                    ["content"] = new JsonObject
                    {
                        ["application/json"] = new JsonObject { ["schema"] = ReadinessSchema(), ["example"] = new JsonObject { ["ready"] = false, ["reasons"] = new JsonArray("clinical: database does not answer", "redis does not answer") } },
                    },
                },
            },
            IsRateLimited = false,
            ErrorStatuses = [500],
        };
        yield return new("/api/openapi.json", "get", "describe_api", Tag, "This document", "OpenAPI 3.1.")
        {
            IsPublic = true,
            Parameters = [IfNoneMatchParameter()],
            ResponseDescription = "The document.",
            ResponseSchema = SchemaBuilder.Object("An OpenAPI document.", ("openapi", SchemaBuilder.Text(10)), ("info", SchemaBuilder.AnyObject("What it is about.")), ("paths", SchemaBuilder.AnyObject("What there is."))),
            ResponseExample = new JsonObject { ["openapi"] = "3.1.0", ["info"] = new JsonObject { ["title"] = "MedCor" }, ["paths"] = new JsonObject() },
            ExtraHeaders = [ResponseHeaders.ETag],
            OtherResponses = new() { ["304"] = NotModifiedResponse(isCounted: false) },
            IsRateLimited = false,
            ErrorStatuses = [500],
        };
    }

    /// <summary>Returns the header parameter with the ETag of the client's copy.</summary>
    public static JsonObject IfNoneMatchParameter() => ApiOperation.Parameter("header", "If-None-Match", "The ETag of what you have: if it still holds, the answer is 304.", SchemaBuilder.Text(200));

    /// <summary>Returns the response to a client whose copy is current.</summary>
    public static JsonObject NotModifiedResponse(bool isCounted = true) =>
        new() { ["description"] = "What you have still holds.", ["headers"] = ResponseHeaders.Reference([.. isCounted ? ResponseHeaders.Common : ResponseHeaders.Uncounted, ResponseHeaders.ETag]) };

    private static JsonObject ReadinessSchema() => SchemaBuilder.Object("What runs.", ("ready", SchemaBuilder.Boolean()), ("reasons?", SchemaBuilder.ArrayOf(SchemaBuilder.Text(100), 20, "What does not run.")));
}
