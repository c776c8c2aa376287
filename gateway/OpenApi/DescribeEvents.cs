using System.Text.Json.Nodes;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;

namespace MedCor.Gateway.OpenApi;

/// <summary>Live events.</summary>
internal static class DescribeEvents
{
    public const string Tag = "Events";

    public static IEnumerable<Operation> All(Components components)
    {
        var events = new (string Name, string When, JsonObject Data)[]
        {
            ("resource_update", "something that you may read was created, changed or deleted", Shape.Object("A change.",
                ("type", Shape.Choice(null, "resource_update")), ("resource", Shape.Choice("What kind of thing.", [.. Surfaces.Sse.Resources])),
                ("action", Shape.Choice("What happened to it.", "created", "updated", "deleted")), ("data", Shape.Anything("The thing as it now is.")), ("timestamp", Shape.Instant("When.")))),
            ("appointment_created", "an appointment was booked; besides its resource_update", Entity("appointment_created", components.Output(typeof(Appointment)))),
            ("patient_registered", "a patient was registered; besides its resource_update", Entity("patient_registered", components.Output(typeof(Patient)))),
            ("tool_response", "a tool that you called answered, whatever surface you called it by", Shape.Object("A tool's answer.",
                ("type", Shape.Choice(null, "tool_response")), ("tool", Shape.Text(100, "Which tool.")), ("result", Shape.Anything("What it answered.")),
                ("request_id", Shape.Text(128, "The call's request id.")), ("timestamp", Shape.Instant("When.")))),
            ("error_event", "the stream itself has a problem: load anew what you show", Shape.Object("A problem.",
                ("type", Shape.Choice(null, "error_event")), ("error", Shape.Text(500, "What is wrong.")), ("details", Shape.Anything("Further facts.")), ("timestamp", Shape.Instant("When.")))),
            ("heartbeat", "nothing else came for a while", Shape.Object("A sign of life.", ("type", Shape.Choice(null, "heartbeat")), ("timestamp", Shape.Instant("When.")))),
            ("auth_refresh", "your token is about to expire", Shape.Object("A fresh token.",
                ("type", Shape.Choice(null, "auth_refresh")), ("new_token", Shape.Text(4096, "An access token.")), ("expires_at", Shape.Instant("When it expires.")))),
        };

        yield return new("/api/mcp/sse", "get", "hear_events", Tag, "Hear live events",
            "A `text/event-stream` of what you may see, from now on. Every event has an `id`, an `event` and a line of JSON as `data`, which carries the event's name as `type` too.\n\n"
            + "| event | comes when | data |\n|---|---|---|\n" + string.Concat(events.Select(e => $"| `{e.Name}` | {e.When} | `{SchemaName(e.Name)}` |\n"))
            + "\nA token is never accepted in the address; a browser, whose EventSource cannot send it as a header, takes a ticket.")
        {
            Parameters =
            [
                Operation.Parameter("query", "resources", "Only changes of these resources, separated by commas; all unless given.", Shape.Text(500), "appointments,patients"),
                Operation.Parameter("query", "ticket", "In the place of the Authorization header: a ticket, which is good once and for a minute.",
                    new JsonObject { ["type"] = "string", ["minLength"] = 64, ["maxLength"] = 64, ["pattern"] = "^[A-Za-z0-9_-]{64}$" }),
            ],
            Answers = "Events until you leave, or until your session ends.",
            Content = new()
            {
                ["text/event-stream"] = new JsonObject
                {
                    ["schema"] = new JsonObject
                    {
                        ["type"] = "string",
                        ["maxLength"] = Tools.ToolAnswer.Largest,
                        ["pattern"] = Shape.NoNul,
                        ["description"] = "Each event's data:",
                        ["contentMediaType"] = "application/json",
                        ["contentSchema"] = Shape.Either([.. events.Select(e => components.Named(SchemaName(e.Name), () => e.Data))]),
                    },
                    ["example"] = "retry: 2000\nid: 1769954400000-0.0-0\n\nid: 1769954400120-0.0-0\nevent: heartbeat\ndata: {\"type\":\"heartbeat\",\"timestamp\":\"2026-02-01T14:00:00.12Z\"}\n\n",
                },
            },
            Refused = Operation.Always,
        };
        yield return new("/api/mcp/sse/ticket", "post", "issue_ticket", Tag, "A ticket for a browser", "For one connection within a minute, where no header can be sent: `/api/mcp/sse?ticket=…`.")
        {
            Answers = "The ticket.",
            Answer = Shape.Object("A ticket.", ("ticket", Shape.Text(64, "Goes into the address.")), ("expires_in", Shape.Integer(0, 60, "How many seconds it is good for."))),
            AnswerExample = new JsonObject { ["ticket"] = "Yk8wQ0l2U3RnV1pGd0p5b1ZkR2hXc0x1TnFBcFJtRWM2VDFiSzRJajlIeE83M3pE", ["expires_in"] = 60 },
            Refused = [401, 429, 500, 503],
        };
    }

    /// <summary>What the schema of an event's data is called.</summary>
    private static string SchemaName(string name) =>
        string.Concat(name.Replace("_event", "", StringComparison.Ordinal).Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..])) + "Event";

    private static JsonObject Entity(string name, JsonObject entity) =>
        new() { ["allOf"] = new JsonArray(entity, Shape.Object("Its name besides.", ("type", Shape.Choice(null, name)))) };
}
