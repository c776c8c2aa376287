using System.Text.Json.Nodes;

namespace MedCor.Gateway.OpenApi;

/// <summary>What monitors ask, and this document.</summary>
internal static class DescribeHealth
{
    public const string Tag = "Operation";

    public static IEnumerable<Operation> All()
    {
        yield return new("/", "get", "describe_server", Tag, "What this is and where to go from here", "For programs as JSON; for browsers, which ask for `text/html`, a page.")
        {
            IsOpen = true,
            IsCounted = false,
            Answers = "What this is.",
            Content = new()
            {
                ["application/json"] = new JsonObject
                {
                    ["schema"] = Shape.Object("What this is.",
                        ("name", Shape.Text(50)), ("version", Shape.Text(50)), ("description", Shape.Text(500)), ("ready", Shape.Flag("Whether all parts run.")),
                        ("reasons", Shape.List(Shape.Text(100), 20, "What does not run.")), ("links", Shape.Anything("Paths, by what they are for.")),
                        ("demo?", Shape.Anything("How to try it out; in Development alone."))),
                    ["example"] = new JsonObject
                    {
                        ["name"] = "MedCor", ["version"] = "1.0.0", ["description"] = "A healthcare back end.", ["ready"] = true, ["reasons"] = new JsonArray(),
                        ["links"] = new JsonObject { ["openapi"] = "/api/openapi.json", ["docs"] = "/api/docs/" },
                    },
                },
                ["text/html"] = new JsonObject { ["schema"] = Shape.Text(100_000, "A page.") },
            },
            Refused = [500],
        };
        yield return new("/healthz", "get", "is_running", Tag, "Whether the gateway runs", "Answers as long as the process does, whatever it depends on.")
        {
            IsOpen = true,
            Answers = "It runs.",
            Answer = Shape.Object("A sign of life.", ("status", Shape.Choice(null, "ok"))),
            AnswerExample = new JsonObject { ["status"] = "ok" },
            IsCounted = false,
            Refused = [500],
        };
        yield return new("/readyz", "get", "is_ready", Tag, "Whether all parts of MedCor run", "As looks at the services, Redis, the broker and the model found it, taken every two seconds. That something does not answer is told once it was seen three times in a row, that it is back once it was seen twice.")
        {
            IsOpen = true,
            Answers = "All parts run.",
            Answer = Ready(),
            AnswerExample = new JsonObject { ["ready"] = true },
            OtherAnswers = new()
            {
                ["503"] = new JsonObject
                {
                    ["description"] = "Not all parts run; `reasons` names those that do not.",
                    ["headers"] = Headers.Refer(Headers.Uncounted),
                    ["content"] = new JsonObject
                    {
                        ["application/json"] = new JsonObject { ["schema"] = Ready(), ["example"] = new JsonObject { ["ready"] = false, ["reasons"] = new JsonArray("clinical: database does not answer", "redis does not answer") } },
                    },
                },
            },
            IsCounted = false,
            Refused = [500],
        };
        yield return new("/api/openapi.json", "get", "describe_api", Tag, "This document", "OpenAPI 3.1.")
        {
            IsOpen = true,
            Parameters = [IfNoneMatch()],
            Answers = "The document.",
            Answer = Shape.Object("An OpenAPI document.", ("openapi", Shape.Text(10)), ("info", Shape.Anything("What it is about.")), ("paths", Shape.Anything("What there is."))),
            AnswerExample = new JsonObject { ["openapi"] = "3.1.0", ["info"] = new JsonObject { ["title"] = "MedCor" }, ["paths"] = new JsonObject() },
            AnswerHeaders = [Headers.ETag],
            OtherAnswers = new() { ["304"] = NotModified(isCounted: false) },
            IsCounted = false,
            Refused = [500],
        };
    }

    /// <summary>What a client has already.</summary>
    public static JsonObject IfNoneMatch() => Operation.Parameter("header", "If-None-Match", "The ETag of what you have: if it still holds, the answer is 304.", Shape.Text(200));

    /// <summary>The answer to who has it already.</summary>
    public static JsonObject NotModified(bool isCounted = true) =>
        new() { ["description"] = "What you have still holds.", ["headers"] = Headers.Refer([.. isCounted ? Headers.Always : Headers.Uncounted, Headers.ETag]) };

    private static JsonObject Ready() => Shape.Object("What runs.", ("ready", Shape.Flag()), ("reasons?", Shape.List(Shape.Text(100), 20, "What does not run.")));
}
