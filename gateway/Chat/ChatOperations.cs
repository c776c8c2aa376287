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
        "describe_chat", "What there is to chat with", "The tools of the chat surface and what they take.",
        _ => new()
        {
            ResponseDescription = "The manifest.",
            ResponseContents = OperationDetails.Json(
                SchemaBuilder.Object("What the chat surface says of itself.",
                    ("server_name", SchemaBuilder.Text(100)), ("version", SchemaBuilder.Text(20)), ("role", SchemaBuilder.Text(500)),
                    ("description", SchemaBuilder.Text(500)),
                    ("capabilities", SchemaBuilder.ArrayOf(SchemaBuilder.Text(200), 20)),
                    ("tools", SchemaBuilder.ArrayOf(SchemaBuilder.AnyObject("A tool: its id, name, description and inputs."), 20))),
                System.Text.Json.JsonSerializer.SerializeToNode(ChatManifest.Current, Json.Options)),
        });

    public static IEndpointConventionBuilder DescribeExecute(this IEndpointConventionBuilder endpoint) => endpoint.Describe(
        "ask_model", "Ask the model",
        """
        Begins a call and answers at once; `GET /mcp/stream/{call_id}` has the answer as it comes. Send `messages` with what belongs to them, or `tool` (`openai_chat`) with `input`. The
        rules of a careful clinical assistant, who claims no diagnosis, always come first; `system` and `developer` messages follow them and do not replace them.

        `content` is text or a list of parts `{"type": "text", "text": …}`. What else clients of OpenAI's API send (other parts, results of tools, `stream: false`, `top_p`, …) is refused by name, with the reason;
        `max_completion_tokens` is taken for `max_tokens`. The server decides which models may be named, how long an answer may become, how many answers are written for a user at once, and how many of the model's tokens
        a user and a hospital may use a day: beyond that it answers 429 before the model is asked.

        With a `session_id` the conversation is remembered, for its owner alone: a follow-up may send only what is new. A question that holds an `assistant` message is taken as the whole conversation.
        With a `request_id` it is asked once within 24 hours, however often it is sent: every repetition gets the same `call_id`, and how far it has come.
        """,
        components => new()
        {
            Parameters = [OperationDetails.Parameter(ParameterLocation.Header, IdempotencyKey.Header,
                "Another way to send request_id. When both are sent, they must be equal.", SchemaBuilder.Text(255))],
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
            ResponseDescription = "The call, which goes on by itself.",
            ResponseContents = OperationDetails.Json(
                SchemaBuilder.Object("A call.", ("call_id", SchemaBuilder.Uuid("What to read and to cancel it by.")), ("status", StatusSchema())),
                new JsonObject { ["call_id"] = ExampleCallId, ["status"] = "started" }),
            ExtraHeaders = [ResponseHeaders.Replayed],
            ErrorStatuses = [StatusCodes.Status404NotFound, StatusCodes.Status409Conflict, StatusCodes.Status502BadGateway],
        });

    public static IEndpointConventionBuilder DescribeStream(this IEndpointConventionBuilder endpoint) => endpoint.Describe(
        "read_answer", "Read an answer as it comes",
        """
        A `text/event-stream`, from the first event on, for as many readers as there are, whenever they come and at whichever gateway: `partial` events, then one of `final` (all the text), `error` (with `error_code` and whether it is
        `retryable`) or `cancelled`. Each has an `id`; with the last one as `Last-Event-ID` a reader goes on where they were, and gets 204 when there is no more. Nothing for 300 seconds ends the stream, not the call.
        """,
        components => new()
        {
            Parameters =
            [
                CallIdParameter(),
                OperationDetails.Parameter(ParameterLocation.Header, "Last-Event-ID",
                    "The id of the last event that you had: go on from there.", SchemaBuilder.Text(10)),
                OperationDetails.Parameter(ParameterLocation.Query, "last_event_id", "The same, where no header can be sent.", SchemaBuilder.Text(10)),
            ],
            ResponseDescription = "The answer's events.",
            ResponseContents = OperationDetails.EventStream(
                components.ReferenceNamed("ChatEvent", () => SchemaBuilder.Object("What happened.",
                    ("type", SchemaBuilder.EnumOf("The event's name.", "partial", "final", "error", "cancelled")),
                    ("text?", SchemaBuilder.Nullable(SchemaBuilder.Text(131_072,
                        "A piece of the answer, or all of it; null where all is too long for a line of 128 KiB."))),
                    ("text_omitted?", SchemaBuilder.Boolean("True where all of it is null for that reason: the pieces are the answer.")),
                    ("message?", SchemaBuilder.Text(500, "Why there is none.")), ("error_code?", SchemaBuilder.Text(50)),
                    ("retryable?", SchemaBuilder.Boolean("Whether to ask once more may help.")),
                    ("retry_after?", SchemaBuilder.Integer(0, 86_400, "After how many seconds.")))),
                "id: 1\nevent: partial\ndata: {\"type\":\"partial\",\"text\":\"Anemia\"}\n\nid: 2\nevent: final\ndata: "
                + "{\"type\":\"final\",\"text\":\"Anemia\"}\n\n"),
            OtherResponses = new() { [StatusCodes.Status204NoContent] = new("There is no more than what you have.") },
            ErrorStatuses = [StatusCodes.Status404NotFound],
        });

    public static IEndpointConventionBuilder DescribeCancel(this IEndpointConventionBuilder endpoint) => endpoint.Describe(
        "cancel_call", "End a call",
        "Lets go of the model wherever the call is carried out; its readers get `cancelled`. One that has ended stays as it ended.", _ => new()
        {
            Parameters = [CallIdParameter()],
            ResponseDescription = "How it has ended.",
            ResponseContents = OperationDetails.Json(SchemaBuilder.Object("What came of it.", ("status", StatusSchema())),
                new JsonObject { ["status"] = "cancelled" }),
            ErrorStatuses = [StatusCodes.Status404NotFound],
        });

    public static IEndpointConventionBuilder DescribeCancelAll(this IEndpointConventionBuilder endpoint) => endpoint.Describe(
        "cancel_calls", "End all your calls", "Ends every call of yours that is under way, at whatever replica.",
        _ => new()
        {
            ResponseDescription = "Those that were ended.",
            ResponseContents = OperationDetails.Json(
                SchemaBuilder.Object("What was ended.", ("status", SchemaBuilder.EnumOf(null, "cancelled")), ("count", SchemaBuilder.Integer(0, 1000)),
                    ("call_ids", SchemaBuilder.ArrayOf(SchemaBuilder.Uuid(), 1000))),
                new JsonObject { ["status"] = "cancelled", ["count"] = 1, ["call_ids"] = new JsonArray(ExampleCallId) }),
        });

    private static IEndpointConventionBuilder Describe(this IEndpointConventionBuilder endpoint, string id, string summary, string description,
        OperationDescriber details) =>
            endpoint.WithMetadata(ErrorFormat.Instance).Describe(id, ApiTags.Chat, summary, description, details);

    /// <summary>
    /// Describes the request as its record does, and adds the second accepted form of <c>content</c>: a list of text parts, which are joined before the
    /// record is deserialized.
    /// </summary>
    private static JsonObject DescribeRequest(ComponentRegistry components)
    {
        var question = components.ReferenceInput(typeof(ExecuteCall));
        var fields = components.Resolve((JsonObject)components.Resolve(question)["properties"]!["messages"]!["items"]!)["properties"]!.AsObject();
        var text = (JsonObject)fields["content"]!.DeepClone();
        text.Remove("description", out var description);
        var part = SchemaBuilder.ClosedObject("A part of a text.", ("type", SchemaBuilder.EnumOf(null, "text")), ("text", SchemaBuilder.Text(500_000)));
        fields["content"] = new JsonObject { ["description"] = description, ["anyOf"] = new JsonArray(text, SchemaBuilder.ArrayOf(part, 500_000)) };
        return question;
    }

    private static JsonArray Message(string role, string content) => [new JsonObject { ["role"] = role, ["content"] = content }];

    private static OpenApiParameter CallIdParameter() =>
        OperationDetails.Parameter(ParameterLocation.Path, "call_id", "The call that execute answered.", SchemaBuilder.Uuid(), ExampleCallId);

    private static JsonObject StatusSchema() =>
        SchemaBuilder.EnumOf("How far it has come.", [.. Enum.GetNames<ChatRunState>().Select(s => s.ToLowerInvariant())]);

    /// <summary>Describes errors in the format of the chat API.</summary>
    private sealed class ErrorFormat : IErrorFormatMetadata
    {
        public static readonly ErrorFormat Instance = new();

        private static readonly ApiException[] Errors =
        [
            new Unauthenticated(ErrorCodes.AuthRequired, "Missing or malformed Authorization header: send Authorization: Bearer with a token."),
            new Unauthenticated(ErrorCodes.AuthInvalid, ""),
            new ChatErrorResponse.ChatApiException(404, ChatErrorCodes.ToolNotFound, "Tool 'invalid_tool' not found"),
            new ChatErrorResponse.ChatApiException(404, ChatErrorCodes.CallNotFound, "Call 'invalid-call-id' not found"),
            new Conflict("This request_id was used for another question. Use a new one for each."),
            new RequestTimeout(), new PayloadTooLarge(),
            new UnsupportedMediaType(),
            new ValidationFailed(
                new Dictionary<string, List<string>>
                {
                    ["messages[0].role"] = ["must be system, developer, user or assistant"],
                    ["input.messages[1].content[0].type"] = ["must be text. image_url is not taken, since the model is given text alone: describe it in words"],
                    ["request_id"] = ["must have 1 to 255 characters or entries"]
                }),
            new RateLimited("No more than 100 calls a minute. Wait until the minute is over.", 12),
            new InternalError(),
            new ChatErrorResponse.ChatApiException(502, ChatErrorCodes.Model,
                "OpenAI API error: the model has failed repeatedly and is given a rest. Try again shortly."),
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

        private static JsonObject Schema() => SchemaBuilder.Object("An error.", ("error", SchemaBuilder.Object("What went wrong.",
            ("message", SchemaBuilder.Text(20_000, "For a person.")), ("error_code", SchemaBuilder.Text(50, "For a program.")),
            ("type", SchemaBuilder.Text(50)))));
    }
}
