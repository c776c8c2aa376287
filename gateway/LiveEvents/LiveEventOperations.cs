using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Gateway.OpenApi;
using Microsoft.OpenApi;

namespace MedCor.Gateway.LiveEvents;

/// <summary>Describes the operations that deliver live events.</summary>
internal static class LiveEventOperations
{
    /// <summary>The events, each with when it comes and the schema of its data.</summary>
    private static readonly (string Name, string When, Func<ComponentRegistry, JsonObject> Data)[] Events =
    [
        ("resource_update", "something that you may read was created, changed or deleted", _ => SchemaBuilder.Object("A change.",
            ("type", SchemaBuilder.EnumOf(null, "resource_update")),
            ("resource", SchemaBuilder.EnumOf("What kind of thing.", [.. LiveResources.All.Keys.Order()])),
            ("action", SchemaBuilder.EnumOf("What happened to it.", "created", "updated", "deleted")),
            ("data", SchemaBuilder.AnyObject("The thing as it now is; what was written about a patient is null or not there: ask for it.")),
            ("data_omitted?", SchemaBuilder.Boolean("True where it is too long for an event: data has its id alone.")),
            ("timestamp", SchemaBuilder.DateTime("When.")))),
        .. NamedLiveEvents.All.Select(e => (
            e.Name, $"{e.Occasion}; besides its resource_update",
            (Func<ComponentRegistry, JsonObject>)(components => WithEventType(e.Name, components.ReferenceOutput(e.Data))))),
        ("tool_response", "a tool that you called answered, whatever surface you called it by", _ => SchemaBuilder.Object("A tool's answer.",
            ("type", SchemaBuilder.EnumOf(null, "tool_response")), ("tool", SchemaBuilder.Text(100, "Which tool.")), ("result", SchemaBuilder.Nullable(
                SchemaBuilder.AnyObject("What it answered; null where that may tell of a patient's health, or is too long for an event."))),
            ("result_omitted?", SchemaBuilder.Boolean("True where the result is null for one of these reasons.")),
            ("request_id", SchemaBuilder.Text(128, "The call's request id.")), ("timestamp", SchemaBuilder.DateTime("When.")))),
        ("error_event", "a tool that you called was refused; or, with `details.reload`, events may have been missed: load anew what you show",
            _ => SchemaBuilder.Object("A problem.",
                ("type", SchemaBuilder.EnumOf(null, "error_event")), ("error", SchemaBuilder.Text(500, "What is wrong.")),
                ("details", SchemaBuilder.AnyObject("Further facts.")), ("timestamp", SchemaBuilder.DateTime("When.")))),
        ("heartbeat", "nothing else came for a while",
            _ => SchemaBuilder.Object("A sign of life.", ("type", SchemaBuilder.EnumOf(null, "heartbeat")), ("timestamp", SchemaBuilder.DateTime("When.")))),
        ("auth_refresh", "your token is about to expire", _ => SchemaBuilder.Object("A fresh token.",
            ("type", SchemaBuilder.EnumOf(null, "auth_refresh")), ("new_token", SchemaBuilder.Text(4096, "An access token.")),
            ("expires_at", SchemaBuilder.DateTime("When it expires.")))),
    ];

    public static IEndpointConventionBuilder DescribeEventStream(this IEndpointConventionBuilder endpoint) => endpoint.Describe(
        "hear_events", ApiTags.Events, "Hear live events",
        "A `text/event-stream` of what you may see, from now on. Every event has an `id`, an `event` and a line of JSON as `data`, which carries the event's "
        + "name as `type` too.\n\n| event | comes when | data |\n|---|---|---|\n"
        + string.Concat(Events.Select(e => $"| `{e.Name}` | {e.When} | `{SchemaName(e.Name)}` |\n"))
        + "\nA token is never accepted in the address; a browser, whose EventSource cannot send it as a header, takes a ticket.\n\n"
        + "Who comes back with `Last-Event-ID` gets, from any gateway, all that they missed, in order and once: of the last 24 hours, and of at least the last "
        + "10,000 events of their hospital. Where more was missed, or may have been lost, an `error_event` with `details.reload` comes in its place. Answers "
        + "of tools are told while you listen and for two minutes after, and kept for 15.\n\nWhat happened before you logged in is told to nobody who comes "
        + "back: a `Last-Event-ID` from before is answered with that `error_event`, and then with what happened since. No line of the stream is longer than "
        + "128 KiB.",
        components => new()
        {
            Parameters =
            [
                ResourcesParameter("Only changes of these resources, separated by commas; all unless given."),
                OperationDetails.Parameter(ParameterLocation.Header, "Last-Event-ID", "The id of the last event that you had: go on from there.",
                    SchemaBuilder.Text(ResumeToken.MaxLength)),
                LastEventIdParameter(),
            ],
            ResponseDescription = "Events until you leave, or until your session ends.",
            ResponseContents = OperationDetails.EventStream(
                SchemaBuilder.OneOf([.. Events.Select(e => components.ReferenceNamed(SchemaName(e.Name), () => e.Data(components)))]),
                "retry: 2000\nid: 1769954400000-41.1769954400000-3.1769954400000-7\n\nid: 1769954400000-41.1769954400000-3.1769954400000-7\nevent: "
                + "heartbeat\ndata: {\"type\":\"heartbeat\",\"timestamp\":\"2026-02-01T14:00:00.12Z\"}\n\n"),
            // Nothing of some resources is told to every role.
            ErrorStatuses = [StatusCodes.Status403Forbidden],
        });

    /// <param name="errors">The errors that only the handshake has.</param>
    public static IEndpointConventionBuilder DescribeWebSocket(this IEndpointConventionBuilder endpoint, params ErrorResponse[] errors) => endpoint.Describe(
        "open_socket", ApiTags.Events, "Call tools and hear changes over a WebSocket",
        """
        Messages are JSON objects with a `type`. The first is `auth`, within ten seconds, unless the request itself says who you are; otherwise the connection is closed with 4401.

        | you send | you get |
        |---|---|
        | `auth {token, resources?, last_event_id?}` | `auth_success {user_id, expires_at}`; with `resources` a `subscribed` of each, and after `last_event_id` what you missed of them |
        | `tool_invoke {request_id, tool, params, idempotency_key?}` | `tool_response {request_id, result}` or `{request_id, error: "CODE: text", code, details}`, as soon as it is there |
        | `subscribe {resource}`, `unsubscribe {resource}` | `subscribed {resource}`, `unsubscribed {resource}` |
        | | `resource_update {id, resource, action, data, timestamp}` of what you subscribed to and may read |
        | | `heartbeat`, `auth_refresh {new_token, expires_at}`, `error {error, details}`: with `details.reload`, load anew what you show |

        What is not understood is answered with `error {error, code, details}`, and the connection lives. Sixteen calls may be under way at once; further messages wait. Who reads more slowly than events come is
        closed with 4408, who is not known any more with 4401, all with 1001 when a gateway stops: come back, anywhere, with the `id` of the last message. A message is at most 1 MiB, before `auth` 16 KiB (1009), and whole within ten
        seconds of its first byte (1008). Who has too many sockets is refused with 429, or after `auth` with `RATE_LIMIT` and 4429.
        """,
        _ => new()
        {
            Status = StatusCodes.Status101SwitchingProtocols,
            Parameters = [ResourcesParameter("What to subscribe to at once, where the request itself says who you are."), LastEventIdParameter()],
            ResponseDescription = "The connection is a WebSocket.",
            // Nothing of some resources is told to every role, and pages of some origins may open no socket.
            ErrorStatuses = [StatusCodes.Status403Forbidden],
            OwnErrors = errors,
        });

    private static OpenApiParameter ResourcesParameter(string description) =>
        OperationDetails.Parameter(ParameterLocation.Query, "resources", description, SchemaBuilder.Text(500), "appointments,patients");

    private static OpenApiParameter LastEventIdParameter() =>
        OperationDetails.Parameter(ParameterLocation.Query, "last_event_id", "The id of the last event that you had, where no header can be sent.",
            SchemaBuilder.Text(ResumeToken.MaxLength));

    /// <summary>Returns the name of the schema of an event's data.</summary>
    private static string SchemaName(string name) =>
        string.Concat(name.Replace("_event", "", StringComparison.Ordinal).Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..])) + "Event";

    private static JsonObject WithEventType(string name, JsonObject entity) =>
        new() { ["allOf"] = new JsonArray(entity, SchemaBuilder.Object("Its name besides.", ("type", SchemaBuilder.EnumOf(null, name)))) };
}
