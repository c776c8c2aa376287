using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Gateway.OpenApi;
using Microsoft.OpenApi;

namespace MedCor.Gateway.LiveEvents;

/// <summary>Describes the operations that deliver live events.</summary>
internal static class LiveEventOperations
{
    /// <summary>The events: the name, the time of delivery and the schema of the data.</summary>
    private static readonly (string Name, string When, Func<ComponentRegistry, JsonObject> Data)[] Events =
    [
        ("resource_update", "an entity that you may read was created, updated or deleted", _ => SchemaBuilder.Object("A change of an entity.",
            ("type", SchemaBuilder.EnumOf(null, "resource_update")),
            ("resource", SchemaBuilder.EnumOf("The resource of the entity.", [.. LiveResources.All.Keys.Order()])),
            ("action", SchemaBuilder.EnumOf("How the entity changed.", "created", "updated", "deleted")),
            ("data", SchemaBuilder.AnyObject("The current state of the entity. Clinical content is null or omitted; request the entity to read it.")),
            ("data_omitted?", SchemaBuilder.Boolean("True if the entity is too long for an event. `data` then contains only its ID.")),
            ("timestamp", SchemaBuilder.DateTime("The time of the change.")))),
        .. NamedLiveEvents.All.Select(e => (
            e.Name, $"{e.Occasion}; sent in addition to `resource_update`",
            (Func<ComponentRegistry, JsonObject>)(components => WithEventType(e.Name, components.ReferenceOutput(e.Data))))),
        ("tool_response", "a tool call of yours returned a result, through any endpoint", _ => SchemaBuilder.Object("The result of a tool call.",
            ("type", SchemaBuilder.EnumOf(null, "tool_response")), ("tool", SchemaBuilder.Text(100, "The name of the tool.")),
            ("result", SchemaBuilder.Nullable(SchemaBuilder.AnyObject(
                "The result; null if it may contain health data of a patient or is too long for an event."))),
            ("result_omitted?", SchemaBuilder.Boolean("True if the result is null for one of these reasons.")),
            ("request_id", SchemaBuilder.Text(128, "The request ID of the call.")), ("timestamp", SchemaBuilder.DateTime("The time of the response.")))),
        ("error_event", "a tool call of yours failed; or, with `details.reload`, events may have been missed and the displayed data must be reloaded",
            _ => SchemaBuilder.Object("An error.",
                ("type", SchemaBuilder.EnumOf(null, "error_event")), ("error", SchemaBuilder.Text(500, "The error message.")),
                ("details", SchemaBuilder.AnyObject("Further details of the error.")), ("timestamp", SchemaBuilder.DateTime("The time of the error.")))),
        ("heartbeat", "at a regular interval", _ => SchemaBuilder.Object("A heartbeat.",
            ("type", SchemaBuilder.EnumOf(null, "heartbeat")), ("timestamp", SchemaBuilder.DateTime("The time of the heartbeat.")))),
        ("auth_refresh", "your access token is about to expire", _ => SchemaBuilder.Object("A new access token.",
            ("type", SchemaBuilder.EnumOf(null, "auth_refresh")), ("new_token", SchemaBuilder.Text(4096, "The access token.")),
            ("expires_at", SchemaBuilder.DateTime("The time at which the token expires.")))),
    ];

    public static IEndpointConventionBuilder DescribeEventStream(this IEndpointConventionBuilder endpoint) => endpoint.Describe(
        "hear_events", ApiTags.Events, "Stream live events",
        "Streams the events that you may see, from now on, as `text/event-stream`. Every event has an `id`, an `event` name and one line of JSON as `data`, "
        + "which repeats the name in `type`.\n\n"
        + "| event | sent when | data |\n|---|---|---|\n" + string.Concat(Events.Select(e => $"| `{e.Name}` | {e.When} | `{SchemaName(e.Name)}` |\n"))
        + "\nA token is never accepted in the URL. In a browser, whose EventSource cannot send an Authorization header, use a ticket.\n\n"
        + "To resume, reconnect to any gateway with `Last-Event-ID`. The stream then begins with the events that were missed, in order and once. The events of "
        + "the last 24 hours are retained, at most the last 10,000 of a hospital. If older events were missed, or events may have been lost, an `error_event` "
        + "with `details.reload` replaces them. Tool responses are published while you are connected and for two minutes afterwards, and retained for 15 "
        + "minutes.\n\n"
        + "Events from before your login are not replayed: a `Last-Event-ID` from before it returns an `error_event` with `details.reload`, followed by the "
        + "events since your login. No line of the stream is longer than 128 KiB.",
        components => new()
        {
            Parameters =
            [
                ResourcesParameter("The resources whose changes to send, separated by commas; all if omitted."),
                OperationDetails.Parameter(ParameterLocation.Header, "Last-Event-ID",
                    "The ID of the last event received. The stream resumes after it.", SchemaBuilder.Text(ResumeToken.MaxLength)),
                LastEventIdParameter(),
            ],
            ResponseDescription = "The events, until the client disconnects or the session ends.",
            ResponseContents = OperationDetails.EventStream(
                SchemaBuilder.OneOf([.. Events.Select(e => components.ReferenceNamed(SchemaName(e.Name), () => e.Data(components)))]),
                "retry: 2000\nid: 1769954400000-41.1769954400000-3.1769954400000-7\n\n"
                + "id: 1769954400000-41.1769954400000-3.1769954400000-7\nevent: heartbeat\n"
                + "data: {\"type\":\"heartbeat\",\"timestamp\":\"2026-02-01T14:00:00.12Z\"}\n\n"),
            // Some roles may not subscribe to some resources.
            ErrorStatuses = [StatusCodes.Status403Forbidden],
        });

    /// <param name="errors">The errors of the handshake that no other operation has.</param>
    public static IEndpointConventionBuilder DescribeWebSocket(this IEndpointConventionBuilder endpoint, params ErrorResponse[] errors) => endpoint.Describe(
        "open_socket", ApiTags.Events, "Open a WebSocket for tool calls and changes",
        """
        Messages are JSON objects with a `type`. The first message must be `auth`, within ten seconds, unless the handshake request is authenticated; otherwise
        the connection is closed with 4401.

        | client sends | server sends |
        |---|---|
        | `auth {token, resources?, last_event_id?}` | `auth_success {user_id, expires_at}`, a `subscribed` per resource, the changes since `last_event_id` |
        | `tool_invoke {request_id, tool, params, idempotency_key?}` | `tool_response {request_id, result}` or `{request_id, error: "CODE: …", code, details}` |
        | `subscribe {resource}`, `unsubscribe {resource}` | `subscribed {resource}`, `unsubscribed {resource}` |
        | | `resource_update {id, resource, action, data, timestamp}` for each change of a subscribed resource that you may read |
        | | `heartbeat`, `auth_refresh {new_token, expires_at}`, `error {error, details}`; with `details.reload`, reload the displayed data |

        A `tool_response` is sent as soon as it is available, whatever the order of the calls. Up to 16 calls can be in progress; further messages wait. An
        invalid message is answered with `error {error, code, details}`; the connection stays open. A message can have up to 1 MiB, and up to 16 KiB before
        `auth`.

        | close code | reason |
        |---|---|
        | 1001 | the gateway is stopping |
        | 1008 | a message was not complete within ten seconds of its first byte |
        | 1009 | a message is too large |
        | 4401 | authentication is missing, or is no longer valid |
        | 4408 | the client reads more slowly than events arrive |
        | 4429 | the user has too many WebSockets; preceded by an `error` with the code `RATE_LIMIT` |

        A handshake request of a user with too many WebSockets returns 429. Reconnect to any gateway with the `id` of the last message.
        """,
        _ => new()
        {
            Status = StatusCodes.Status101SwitchingProtocols,
            Parameters = [ResourcesParameter("The resources to subscribe to at once, if the handshake request is authenticated."), LastEventIdParameter()],
            ResponseDescription = "The connection is a WebSocket.",
            // Some roles may not subscribe to some resources, and pages of origins that are not allowed may not open a WebSocket.
            ErrorStatuses = [StatusCodes.Status403Forbidden],
            OwnErrors = errors,
        });

    private static OpenApiParameter ResourcesParameter(string description) =>
        OperationDetails.Parameter(ParameterLocation.Query, "resources", description, SchemaBuilder.Text(500), "appointments,patients");

    private static OpenApiParameter LastEventIdParameter() =>
        OperationDetails.Parameter(ParameterLocation.Query, "last_event_id",
            "The ID of the last event received, for clients that cannot send the Last-Event-ID header.", SchemaBuilder.Text(ResumeToken.MaxLength));

    /// <summary>Returns the name of the schema of an event's data.</summary>
    private static string SchemaName(string name) =>
        string.Concat(name.Replace("_event", "", StringComparison.Ordinal).Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..])) + "Event";

    private static JsonObject WithEventType(string name, JsonObject entity) =>
        new() { ["allOf"] = new JsonArray(entity, SchemaBuilder.Object("The name of the event.", ("type", SchemaBuilder.EnumOf(null, name)))) };
}
