using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Gateway.OpenApi;
using MedCor.Gateway.ToolInvocation;
using MedCor.ServiceDefaults.Errors;
using Microsoft.OpenApi;

namespace MedCor.Gateway.Chat;

/// <summary>Describes the operations of the chat API, whose error responses have their own format.</summary>
internal static class ChatOperations
{
    private const string ExampleCallId = "01980a3c-5d2e-7b41-9c07-3f6a1e8b2d54";

    public static IEndpointConventionBuilder DescribeManifest(this IEndpointConventionBuilder endpoint) => endpoint.Describe(
        "describe_chat", "Get the chat manifest", "Returns the tools of the chat API and their inputs.",
        _ => new()
        {
            ResponseDescription = "The manifest.",
            ResponseContents = OperationDetails.Json(
                SchemaBuilder.Object("The manifest of the chat API.",
                    ("server_name", SchemaBuilder.Text(100)), ("version", SchemaBuilder.Text(20)), ("role", SchemaBuilder.Text(500)),
                    ("description", SchemaBuilder.Text(500)), ("capabilities", SchemaBuilder.ArrayOf(SchemaBuilder.Text(200), 20)),
                    ("tools", SchemaBuilder.ArrayOf(SchemaBuilder.AnyObject("A tool, with its ID, name, description and inputs."), 20))),
                System.Text.Json.JsonSerializer.SerializeToNode(ChatManifest.Current, Json.Options)),
        });

    public static IEndpointConventionBuilder DescribeExecute(this IEndpointConventionBuilder endpoint) => endpoint.Describe(
        "ask_model", "Ask the model",
        """
        Starts a call of the model and returns its `call_id` immediately. Read the answer from `GET /mcp/stream/{call_id}`. Send `messages` with their settings,
        or `tool` (`openai_chat`) with `input`. MedCor's system prompt always comes first: it makes the model a careful clinical assistant that claims no
        diagnosis. `system` and `developer` messages follow it and do not replace it.

        `content` is text or a list of parts `{"type": "text", "text": …}`. Other fields and parts of OpenAI's API (images, tool results, `stream: false`,
        `top_p`, …) are rejected with an error that names the field and the reason. `max_completion_tokens` is a synonym of `max_tokens`.

        The server limits the models that can be selected, the length of an answer, the concurrent answers of a user, and the tokens that a user and a hospital
        can use per day. A request beyond the limit of concurrent answers or of tokens returns 429 before the model is called.

        A `session_id` continues a conversation, which only its owner can access: a follow-up needs to contain only the new messages. A request with an
        `assistant` message is treated as the complete conversation. With a `request_id`, the model is called once within 24 hours: a retry with the same
        `request_id` returns the same `call_id` and the current status.

        With `tools: true`, the model reads records by MedCor's tools with your rights, and proposes changes, which `POST /mcp/confirm/{call_id}` confirms.
        Your hospital must have turned this on.
        """,
        components => new()
        {
            Parameters =
            [
                OperationDetails.Parameter(ParameterLocation.Header, IdempotencyKey.Header,
                    "An alternative to `request_id`. If both are sent, they must be equal.", SchemaBuilder.Text(255)),
            ],
            Body = DescribeRequest(components),
            BodyExamples = new()
            {
                ["short"] = OperationDetails.Example(new JsonObject
                {
                    ["messages"] = Message("user", "What are symptoms of anemia?"), ["session_id"] = "visit-42", ["request_id"] = "visit-42-1"
                }),
                ["whole"] = OperationDetails.Example(new JsonObject
                {
                    ["tool"] = "openai_chat",
                    ["input"] = new JsonObject
                    {
                        ["messages"] = Message("user", "What are symptoms of anemia?"), ["model"] = "gpt-4o-mini", ["max_tokens"] = 512
                    },
                    ["session_id"] = "visit-42",
                    ["request_id"] = "visit-42-2",
                }),
            },
            ResponseDescription = "The call, which continues in the background.",
            ResponseContents = OperationDetails.Json(
                SchemaBuilder.Object("A call.",
                    ("call_id", SchemaBuilder.Uuid("The ID of the call, to read its answer and to cancel it.")), ("status", StatusSchema())),
                new JsonObject { ["call_id"] = ExampleCallId, ["status"] = "started" }),
            ExtraHeaders = [ResponseHeaders.Replayed],
            ErrorStatuses =
                [StatusCodes.Status403Forbidden, StatusCodes.Status404NotFound, StatusCodes.Status409Conflict, StatusCodes.Status502BadGateway],
        });

    public static IEndpointConventionBuilder DescribeStream(this IEndpointConventionBuilder endpoint) => endpoint.Describe(
        "read_answer", "Stream the answer of a call",
        """
        Streams the events of a call from the first one on, as `text/event-stream`. Any number of clients can read them, at any time and from any gateway:
        `partial` events, followed by one of `final` (with the complete text), `error` (with `error_code` and `retryable`) or `cancelled`. Every event has an
        `id`. To resume, send the last one as `Last-Event-ID`; the response is 204 if no events follow it. A stream without events for 300 seconds ends; the
        call continues.

        A call with `tools: true` also has the events `tool_call` and `tool_result`, for each tool by which the model reads, and `confirmation` and
        `confirmation_result`, for each change that it proposes.
        """,
        components => new()
        {
            Parameters =
            [
                CallIdParameter(),
                OperationDetails.Parameter(ParameterLocation.Header, "Last-Event-ID",
                    "The ID of the last event received. The stream resumes after it.", SchemaBuilder.Text(10)),
                OperationDetails.Parameter(ParameterLocation.Query, "last_event_id",
                    "The ID of the last event received, for clients that cannot send the Last-Event-ID header.", SchemaBuilder.Text(10)),
            ],
            ResponseDescription = "The events of the call.",
            ResponseContents = OperationDetails.EventStream(
                components.ReferenceNamed("ChatEvent", () => SchemaBuilder.Object("An event of a call.",
                    ("type", SchemaBuilder.EnumOf("The name of the event.", "partial", "final", "error", "cancelled", "tool_call", "tool_result",
                        "confirmation", "confirmation_result")),
                    ("text?", SchemaBuilder.Nullable(SchemaBuilder.Text(131_072,
                        "A part of the answer in `partial`, the complete answer in `final`; null if the complete answer is too long for a line of 128 KiB."))),
                    ("text_omitted?", SchemaBuilder.Boolean("True if `text` is null for that reason; concatenate the `partial` events instead.")),
                    ("message?", SchemaBuilder.Text(500, "The reason why there is no answer.")), ("error_code?", SchemaBuilder.Text(50)),
                    ("retryable?", SchemaBuilder.Boolean("Whether a retry can succeed.")),
                    ("retry_after?", SchemaBuilder.Integer(0, 86_400, "The number of seconds to wait before a retry.")),
                    ("id?", SchemaBuilder.Text(500, "The model's ID for its call of a tool.")),
                    ("confirmation_id?", SchemaBuilder.Uuid("The ID of a proposed change.")),
                    ("tool?", SchemaBuilder.Text(100, "The tool that the model calls or proposes to call.")),
                    ("description?", SchemaBuilder.Text(5000, "What the proposed tool does.")),
                    ("arguments?", SchemaBuilder.AnyObject("The parameters of the tool.")),
                    ("is_error?", SchemaBuilder.Boolean("Whether the tool returned an error.")),
                    ("expires_at?", SchemaBuilder.DateTime("The time until which the change can be confirmed.")),
                    ("status?", SchemaBuilder.EnumOf("What became of the change.", "done", "failed", "declined", "expired", "confirmed")))),
                "id: 1\nevent: partial\ndata: {\"type\":\"partial\",\"text\":\"Anemia\"}\n\nid: 2\nevent: final\ndata: "
                + "{\"type\":\"final\",\"text\":\"Anemia\"}\n\n"),
            OtherResponses = new() { [StatusCodes.Status204NoContent] = new("No events follow the last one received.") },
            ErrorStatuses = [StatusCodes.Status403Forbidden, StatusCodes.Status404NotFound],
        });

    public static IEndpointConventionBuilder DescribeConfirm(this IEndpointConventionBuilder endpoint) => endpoint.Describe(
        "confirm_call", "Confirm a proposed change",
        """
        Makes or refuses a change that the model proposed by the event `confirmation`, with the rights of your token. A repeated answer returns the same result
        and changes nothing further. A proposal is valid for four minutes, while the call is in progress.
        """,
        components => new()
        {
            Parameters = [CallIdParameter()],
            Body = components.ReferenceInput(typeof(ConfirmCall)),
            BodyExamples = new()
            {
                ["confirm"] = OperationDetails.Example(new JsonObject { ["confirmation_id"] = ExampleCallId, ["confirm"] = true }),
            },
            ResponseDescription = "What became of the change.",
            ResponseContents = OperationDetails.Json(
                SchemaBuilder.Object("What became of a proposed change.",
                    ("confirmation_id", SchemaBuilder.Uuid("The ID of the proposed change.")),
                    ("status", SchemaBuilder.EnumOf("What became of it.", "done", "failed", "declined")),
                    ("tool", SchemaBuilder.Text(100, "The tool that makes the change.")),
                    ("result?", SchemaBuilder.AnyObject("The result of the tool, if done.")),
                    ("error?", SchemaBuilder.AnyObject("The error of the tool, if failed: nothing was changed."))),
                new JsonObject { ["confirmation_id"] = ExampleCallId, ["status"] = "declined", ["tool"] = "create_appointment" }),
            ErrorStatuses = [StatusCodes.Status403Forbidden, StatusCodes.Status404NotFound, StatusCodes.Status409Conflict],
        });

    public static IEndpointConventionBuilder DescribeCancel(this IEndpointConventionBuilder endpoint) => endpoint.Describe(
        "cancel_call", "Cancel a call", "Stops the model and sends `cancelled` to all readers of the call. A call that has ended is not changed.",
        _ => new()
        {
            Parameters = [CallIdParameter()],
            ResponseDescription = "The status of the call.",
            ResponseContents = OperationDetails.Json(
                SchemaBuilder.Object("The status of the call.", ("status", StatusSchema())), new JsonObject { ["status"] = "cancelled" }),
            ErrorStatuses = [StatusCodes.Status403Forbidden, StatusCodes.Status404NotFound],
        });

    public static IEndpointConventionBuilder DescribeCancelAll(this IEndpointConventionBuilder endpoint) => endpoint.Describe(
        "cancel_calls", "Cancel all calls", "Cancels all of your calls that are in progress, at all replicas.",
        _ => new()
        {
            ResponseDescription = "The calls that were cancelled.",
            ResponseContents = OperationDetails.Json(
                SchemaBuilder.Object("The calls that were cancelled.",
                    ("status", SchemaBuilder.EnumOf(null, "cancelled")), ("count", SchemaBuilder.Integer(0, 1000)),
                    ("call_ids", SchemaBuilder.ArrayOf(SchemaBuilder.Uuid(), 1000))),
                new JsonObject { ["status"] = "cancelled", ["count"] = 1, ["call_ids"] = new JsonArray(ExampleCallId) }),
            ErrorStatuses = [StatusCodes.Status403Forbidden],
        });

    private static IEndpointConventionBuilder Describe(this IEndpointConventionBuilder endpoint, string id, string summary, string description,
        OperationDescriber details) =>
            endpoint.WithMetadata(ErrorFormat.Instance).Describe(id, ApiTags.Chat, summary, description, details);

    /// <summary>
    /// Returns the schema of the request: that of its record, with the second accepted form of <c>content</c>, a list of text parts, which are joined before
    /// the record is deserialized.
    /// </summary>
    private static JsonObject DescribeRequest(ComponentRegistry components)
    {
        var question = components.ReferenceInput(typeof(ExecuteCall));
        var fields = components.Resolve((JsonObject)components.Resolve(question)["properties"]!["messages"]!["items"]!)["properties"]!.AsObject();
        var text = (JsonObject)fields["content"]!.DeepClone();
        text.Remove("description", out var description);
        var part = SchemaBuilder.ClosedObject("A part of the content.", ("type", SchemaBuilder.EnumOf(null, "text")), ("text", SchemaBuilder.Text(500_000)));
        fields["content"] = new JsonObject { ["description"] = description, ["anyOf"] = new JsonArray(text, SchemaBuilder.ArrayOf(part, 500_000)) };
        return question;
    }

    private static JsonArray Message(string role, string content) => [new JsonObject { ["role"] = role, ["content"] = content }];

    private static OpenApiParameter CallIdParameter() =>
        OperationDetails.Parameter(ParameterLocation.Path, "call_id", "The ID of the call, which `ask_model` returned.", SchemaBuilder.Uuid(), ExampleCallId);

    private static JsonObject StatusSchema() =>
        SchemaBuilder.EnumOf("The status of the call.", [.. Enum.GetNames<ChatRunState>().Select(s => s.ToLowerInvariant())]);

    /// <summary>Describes errors in the format of the chat API.</summary>
    private sealed class ErrorFormat : IErrorFormatMetadata
    {
        public static readonly ErrorFormat Instance = new();

        private static readonly ApiException[] Errors =
        [
            new Unauthenticated(ErrorCodes.AuthRequired, "Missing or malformed Authorization header: send Authorization: Bearer with a token."),
            new Unauthenticated(ErrorCodes.AuthInvalid, ""),
            new InsufficientScope(Scopes.WriteChat),
            new ChatErrorResponse.ChatApiException(404, ChatErrorCodes.ToolNotFound, "Tool 'invalid_tool' not found"),
            new ChatErrorResponse.ChatApiException(404, ChatErrorCodes.CallNotFound, "Call 'invalid-call-id' not found"),
            new Conflict("This request_id was used for another question. Use a new one for each."),
            new RequestTimeout(), new PayloadTooLarge(),
            new UnsupportedMediaType(),
            new ValidationFailed(new Dictionary<string, List<string>>
            {
                ["messages[0].role"] =
                [
                    "must be system, developer, user or assistant. "
                        + "Tool results are not supported, because the model calls no tools of the caller: send them in a user message",
                ],
                ["input.messages[1].content[0].type"] =
                [
                    "must be text. image_url is not supported, because the model receives only text: describe it in words",
                ],
                ["request_id"] = ["must have 1 to 255 characters"],
            }),
            new RateLimited("No more than 100 calls a minute. Wait until the minute is over.", 12),
            new InternalError(),
            new ChatErrorResponse.ChatApiException(502, ChatErrorCodes.Model,
                "OpenAI API error: the model has failed repeatedly and is not called for a moment. Retry shortly."),
            new Unavailable("missing OPENAI_API_KEY"),
        ];

        public IEnumerable<KeyValuePair<string, IOpenApiResponse>> Describe(IReadOnlySet<int> statuses, OpenApiDocument document) =>
            from error in Errors
            where statuses.Contains(error.Status)
            let translated = ChatErrorResponse.Translate(error)
            group translated by translated.Status into same
            select KeyValuePair.Create($"{same.Key}", (IOpenApiResponse)new OpenApiResponse
            {
                Description = same.First().Message,
                Headers = ResponseHeaders.Reference(ResponseHeaders.ForErrors([.. same]), document),
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    ["application/json"] = new()
                    {
                        Schema = ComponentRegistry.ToOpenApi(Schema(), document),
                        Examples = same.DistinctBy(e => e.Code).ToDictionary(e => e.Code,
                            e => OperationDetails.Example(JsonNode.Parse(ChatErrorResponse.Serialize(e))!)),
                    },
                },
            });

        private static JsonObject Schema() => SchemaBuilder.Object("An error response.", ("error", SchemaBuilder.Object("The error.",
            ("message", SchemaBuilder.Text(20_000, "A message for people.")), ("error_code", SchemaBuilder.Text(50, "A code for programs.")),
            ("type", SchemaBuilder.Text(50, "The type of the error, for older clients.")))));
    }
}
