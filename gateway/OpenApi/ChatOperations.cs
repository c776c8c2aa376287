using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Gateway.Chat;
using MedCor.ServiceDefaults.Errors;

namespace MedCor.Gateway.OpenApi;

/// <summary>Describes the operations of the chat API, whose error responses have their own format.</summary>
internal static class ChatOperations
{
    public const string Tag = "Chat";
    private const string ExampleCallId = "01980a3c-5d2e-7b41-9c07-3f6a1e8b2d54";

    private static readonly ApiException[] Errors =
    [
        new Unauthenticated(ErrorCodes.AuthRequired, "Missing or malformed Authorization header: send Authorization: Bearer with a token."),
        new Unauthenticated(ErrorCodes.AuthInvalid, ""),
        new ChatErrorResponse.ChatApiException(404, ChatErrorCodes.ToolNotFound, "Tool 'invalid_tool' not found"),
        new ChatErrorResponse.ChatApiException(404, ChatErrorCodes.CallNotFound, "Call 'invalid-call-id' not found"),
        new Conflict("This request_id was used for another question. Use a new one for each."),
        new RequestTimeout(), new PayloadTooLarge(),
        new UnsupportedMediaType(),
        new ValidationFailed(new Dictionary<string, List<string>> { ["messages[0].role"] = ["must be system, developer, user or assistant"], ["input.messages[1].content[0].type"] = ["must be text. image_url is not taken, since the model is given text alone: describe it in words"], ["request_id"] = ["must have 1 to 255 characters or entries"] }),
        new RateLimited("No more than 100 calls a minute. Wait until the minute is over.", 12),
        new InternalError(),
        new ChatErrorResponse.ChatApiException(502, ChatErrorCodes.Model, "OpenAI API error: the model has failed repeatedly and is given a rest. Try again shortly."),
        new Unavailable("missing OPENAI_API_KEY"),
    ];

    public static IEnumerable<ApiOperation> All(ComponentRegistry components)
    {
        var status = SchemaBuilder.EnumOf("How far it has come.", [.. Enum.GetNames<ChatRunState>().Select(s => s.ToLowerInvariant())]);
        yield return new("/mcp/manifest", "get", "describe_chat", Tag, "What there is to chat with", "The tools of the chat surface and what they take.")
        {
            ResponseDescription = "The manifest.",
            ResponseSchema = SchemaBuilder.Object("What the chat surface says of itself.",
                ("server_name", SchemaBuilder.Text(100)), ("version", SchemaBuilder.Text(20)), ("role", SchemaBuilder.Text(500)), ("description", SchemaBuilder.Text(500)),
                ("capabilities", SchemaBuilder.ArrayOf(SchemaBuilder.Text(200), 20)), ("tools", SchemaBuilder.ArrayOf(SchemaBuilder.AnyObject("A tool: its id, name, description and inputs."), 20))),
            ResponseExample = System.Text.Json.JsonSerializer.SerializeToNode(ChatManifest.Current, Json.Options),
            ErrorStatuses = [],
            OtherResponses = DescribeErrors(401, 403, 429, 500, 503),
        };
        yield return new("/mcp/execute", "post", "ask_model", Tag, "Ask the model",
            """
            Begins a call and answers at once; `GET /mcp/stream/{call_id}` has the answer as it comes. Send `messages` with what belongs to them, or `tool` (`openai_chat`) with `input`. The
            rules of a careful clinical assistant, who claims no diagnosis, always come first; `system` and `developer` messages follow them and do not replace them.

            `content` is text or a list of parts `{"type": "text", "text": …}`. What else clients of OpenAI's API send (other parts, results of tools, `stream: false`, `top_p`, …) is refused by name, with the reason;
            `max_completion_tokens` is taken for `max_tokens`. The server decides which models may be named, how long an answer may become, how many answers are written for a user at once, and how many of the model's tokens
            a user and a hospital may use a day: beyond that it answers 429 before the model is asked.

            With a `session_id` the conversation is remembered, for its owner alone: a follow-up may send only what is new. A question that holds an `assistant` message is taken as the whole conversation.
            With a `request_id` it is asked once within 24 hours, however often it is sent: every repetition gets the same `call_id`, and how far it has come.
            """)
        {
            Parameters = [ApiOperation.Parameter("header", ToolInvocation.IdempotencyKey.Header, "Another way to send request_id. When both are sent, they must be equal.", SchemaBuilder.Text(255))],
            Body = DescribeRequest(components),
            BodyExamples = new()
            {
                ["short"] = new JsonObject { ["value"] = new JsonObject { ["messages"] = Message("user", "What are symptoms of anemia?"), ["session_id"] = "visit-42", ["request_id"] = "visit-42-1" } },
                ["whole"] = new JsonObject
                {
                    ["value"] = new JsonObject
                    {
                        ["tool"] = "openai_chat",
                        ["input"] = new JsonObject { ["messages"] = Message("user", "What are symptoms of anemia?"), ["model"] = "gpt-4o-mini", ["max_tokens"] = 512 },
                        ["session_id"] = "visit-42",
                        ["request_id"] = "visit-42-1",
                    },
                },
            },
            ResponseDescription = "The call, which goes on by itself.",
            ResponseSchema = SchemaBuilder.Object("A call.", ("call_id", SchemaBuilder.Uuid("What to read and to cancel it by.")), ("status", (JsonObject)status.DeepClone())),
            ResponseExample = new JsonObject { ["call_id"] = ExampleCallId, ["status"] = "started" },
            ExtraHeaders = [ResponseHeaders.Replayed],
            ErrorStatuses = [],
            OtherResponses = DescribeErrors(401, 403, 404, 408, 409, 413, 415, 422, 429, 500, 502, 503),
        };
        yield return new("/mcp/stream/{call_id}", "get", "read_answer", Tag, "Read an answer as it comes",
            """
            A `text/event-stream`, from the first event on, for as many readers as there are, whenever they come and at whichever gateway: `partial` events, then one of `final` (all the text), `error` (with `error_code` and whether it is
            `retryable`) or `cancelled`. Each has an `id`; with the last one as `Last-Event-ID` a reader goes on where they were, and gets 204 when there is no more. Nothing for 300 seconds ends the stream, not the call.
            """)
        {
            Parameters =
            [
                CallIdParameter(),
                ApiOperation.Parameter("header", "Last-Event-ID", "The id of the last event that you had: go on from there.", SchemaBuilder.Text(10)),
                ApiOperation.Parameter("query", "last_event_id", "The same, where no header can be sent.", SchemaBuilder.Text(10)),
                LiveEventOperations.TicketParameter(),
            ],
            ResponseDescription = "The answer's events.",
            ResponseContent = ApiOperation.EventStream(components.ReferenceNamed("ChatEvent", () => SchemaBuilder.Object("What happened.",
                    ("type", SchemaBuilder.EnumOf("The event's name.", "partial", "final", "error", "cancelled")), ("text?", SchemaBuilder.Nullable(SchemaBuilder.Text(131_072, "A piece of the answer, or all of it; null where all is too long for a line of 128 KiB."))),
                    ("text_omitted?", SchemaBuilder.Boolean("True where all of it is null for that reason: the pieces are the answer.")),
                    ("message?", SchemaBuilder.Text(500, "Why there is none.")), ("error_code?", SchemaBuilder.Text(50)), ("retryable?", SchemaBuilder.Boolean("Whether to ask once more may help.")),
                    ("retry_after?", SchemaBuilder.Integer(0, 86_400, "After how many seconds.")))),
                "id: 1\nevent: partial\ndata: {\"type\":\"partial\",\"text\":\"Anemia\"}\n\nid: 2\nevent: final\ndata: {\"type\":\"final\",\"text\":\"Anemia\"}\n\n"),
            ErrorStatuses = [],
            OtherResponses = DescribeErrors([new("204", new JsonObject { ["description"] = "There is no more than what you have.", ["headers"] = ResponseHeaders.Reference(ResponseHeaders.Common) })], 401, 403, 404, 422, 429, 500, 503),
        };
        yield return new("/mcp/cancel/{call_id}", "post", "cancel_call", Tag, "End a call", "Lets go of the model wherever the call is carried out; its readers get `cancelled`. One that has ended stays as it ended.")
        {
            Parameters = [CallIdParameter()],
            ResponseDescription = "How it has ended.",
            ResponseSchema = SchemaBuilder.Object("What came of it.", ("status", (JsonObject)status.DeepClone())),
            ResponseExample = new JsonObject { ["status"] = "cancelled" },
            ErrorStatuses = [],
            OtherResponses = DescribeErrors(401, 403, 404, 429, 500, 503),
        };
        yield return new("/mcp/cancel_all", "post", "cancel_calls", Tag, "End all your calls", "Ends every call of yours that is under way, at whatever replica.")
        {
            ResponseDescription = "Those that were ended.",
            ResponseSchema = SchemaBuilder.Object("What was ended.", ("status", SchemaBuilder.EnumOf(null, "cancelled")), ("count", SchemaBuilder.Integer(0, 1000)), ("call_ids", SchemaBuilder.ArrayOf(SchemaBuilder.Uuid(), 1000))),
            ResponseExample = new JsonObject { ["status"] = "cancelled", ["count"] = 1, ["call_ids"] = new JsonArray(ExampleCallId) },
            ErrorStatuses = [],
            OtherResponses = DescribeErrors(401, 403, 429, 500, 503),
        };
    }

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

    private static JsonObject CallIdParameter() => ApiOperation.Parameter("path", "call_id", "The call that execute answered.", SchemaBuilder.Uuid(), ExampleCallId, required: true);

    private static JsonObject DescribeErrors(params int[] statuses) => DescribeErrors([], statuses);

    private static JsonObject DescribeErrors(KeyValuePair<string, JsonNode?>[] others, params int[] statuses) => new(others.Concat(
        from refusal in Errors.Select(ChatErrorResponse.Translate)
        where statuses.Contains(refusal.Status)
        group refusal by refusal.Status into same
        select KeyValuePair.Create($"{same.Key}", (JsonNode?)new JsonObject
        {
            ["description"] = same.First().Message,
            ["headers"] = ResponseHeaders.Reference(ResponseHeaders.ForErrors([.. same])),
            ["content"] = new JsonObject
            {
                ["application/json"] = new JsonObject
                {
                    ["schema"] = SchemaBuilder.Object("An error.", ("error", SchemaBuilder.Object("What went wrong.", ("message", SchemaBuilder.Text(20_000, "For a person.")), ("error_code", SchemaBuilder.Text(50, "For a program.")), ("type", SchemaBuilder.Text(50))))),
                    ["examples"] = new JsonObject(same.DistinctBy(r => r.Code).Select(r => KeyValuePair.Create(r.Code, (JsonNode?)new JsonObject { ["value"] = JsonNode.Parse(ChatErrorResponse.Serialize(r)) }))),
                },
            },
        })));
}
