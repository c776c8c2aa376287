using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace MedCor.Mcp.Conformance;

/// <summary>Contains the tools whose result is a question, which the client answers by repeating the call, as the versions without a session permit.</summary>
internal static class FixtureInputs
{
    private const string Name = "user_name", Confirmation = "confirm", Capital = "capital_question", Greeting = "greeting", Roots = "client_roots";

    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(32);

    public static Task<CallToolResult> AskForNameAsync(RequestContext<CallToolRequestParams> request, CancellationToken ct) =>
        FindText(request.Params!.InputResponses, Name, "name") is { } name
            ? Return($"Hello, {name}!")
            : throw new InputRequiredException(new Dictionary<string, InputRequest> { [Name] = AskFor("What is your name?", "name") });

    public static Task<CallToolResult> AskModelAsync(RequestContext<CallToolRequestParams> request, CancellationToken ct) =>
        Has(request, Capital)
            ? Return("The model has answered.")
            : throw new InputRequiredException(new Dictionary<string, InputRequest> { [Capital] = AskModel("What is the capital of France?", 100) });

    public static Task<CallToolResult> AskForRootsAsync(RequestContext<CallToolRequestParams> request, CancellationToken ct) =>
        Has(request, Roots)
            ? Return($"The roots are {request.Params!.InputResponses![Roots].RawValue}")
            : throw new InputRequiredException(new Dictionary<string, InputRequest> { [Roots] = AskForRoots() });

    public static Task<CallToolResult> ConfirmAsync(RequestContext<CallToolRequestParams> request, CancellationToken ct)
    {
        if (request.Params!.RequestState is { } state) ThrowIfForged(state);
        return request.Params.RequestState is not null && Has(request, Confirmation)
            ? Return("state-ok")
            : throw new InputRequiredException(new Dictionary<string, InputRequest>
            {
                [Confirmation] = Ask("Please confirm", new() { ["ok"] = new ElicitRequestParams.BooleanSchema() }, "ok"),
            }, Seal("confirm"));
    }

    public static Task<CallToolResult> AskForAllAsync(RequestContext<CallToolRequestParams> request, CancellationToken ct)
    {
        if (request.Params!.RequestState is { } state) ThrowIfForged(state);
        return Has(request, Name) && Has(request, Greeting) && Has(request, Roots)
            ? Return("Everything was answered.")
            : throw new InputRequiredException(new Dictionary<string, InputRequest>
            {
                [Name] = AskFor("What is your name?", "name"), [Greeting] = AskModel("Generate a greeting", 50), [Roots] = AskForRoots(),
            }, Seal("all"));
    }

    public static Task<CallToolResult> AskTwiceAsync(RequestContext<CallToolRequestParams> request, CancellationToken ct)
    {
        var round = request.Params!.RequestState is { } state ? ThrowIfForged(state) : "";
        return (round, Has(request, "step1"), Has(request, "step2")) switch
        {
            ("round-2", _, true) => Return("Both steps were answered."),
            ("round-1", true, _) or ("round-2", _, _) => throw new InputRequiredException(
                new Dictionary<string, InputRequest> { ["step2"] = AskFor("Step 2: What is your favorite color?", "color") }, Seal("round-2")),
            _ => throw new InputRequiredException(
                new Dictionary<string, InputRequest> { ["step1"] = AskFor("Step 1: What is your name?", "name") }, Seal("round-1")),
        };
    }

    public static Task<CallToolResult> AskWhatIsPossibleAsync(RequestContext<CallToolRequestParams> request, CancellationToken ct)
    {
        if (request.Params!.InputResponses is { Count: > 0 }) return Return("Everything was answered.");
        var (client, questions) = (request.Server.ClientCapabilities, new Dictionary<string, InputRequest>());
        if (client?.Elicitation is not null) questions[Name] = AskFor("What is your name?", "name");
        if (client?.Sampling is not null) questions[Greeting] = AskModel("Generate a greeting", 50);
        if (client?.Roots is not null) questions[Roots] = AskForRoots();
        return questions.Count > 0 ? throw new InputRequiredException(questions) : Return("This client answers nothing.");
    }

    public static Task<CallToolResult> RequireSamplingAsync(RequestContext<CallToolRequestParams> request, CancellationToken ct) =>
        request.Server.ClientCapabilities?.Sampling is null
            ? throw new MissingRequiredClientCapabilityException(new ClientCapabilities { Sampling = new() }, "This tool needs sampling.")
            : Return("The client can sample.");

    /// <summary>Asks for one text.</summary>
    public static InputRequest AskFor(string question, string field) => Ask(question, new() { [field] = new ElicitRequestParams.StringSchema() }, field);

    /// <summary>Returns a text of an answer that was accepted; null when there is none.</summary>
    public static string? FindText(IDictionary<string, InputResponse>? answers, string question, string field) =>
        answers?.TryGetValue(question, out var answer) == true
        && answer!.RawValue is { ValueKind: JsonValueKind.Object } value
        && value.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.Object
        && content.TryGetProperty(field, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;

    private static bool Has(RequestContext<CallToolRequestParams> request, string question) =>
        request.Params!.InputResponses?.ContainsKey(question) == true;

    private static InputRequest Ask(string question, Dictionary<string, ElicitRequestParams.PrimitiveSchemaDefinition> fields, string required) =>
        InputRequest.ForElicitation(new ElicitRequestParams
        {
            Message = question, RequestedSchema = new() { Properties = fields, Required = [required] },
        });

    private static InputRequest AskModel(string prompt, int maxTokens) => InputRequest.ForSampling(new CreateMessageRequestParams
    {
        Messages = [new SamplingMessage { Role = Role.User, Content = [FixtureContent.CreateText(prompt)] }], MaxTokens = maxTokens,
    });

    private static InputRequest AskForRoots() => InputRequest.ForRootsList(new ListRootsRequestParams());

    private static Task<CallToolResult> Return(string text) => Task.FromResult(FixtureTools.CreateResult(text));

    private static string Seal(string content) => $"{content}.{Base64Url.EncodeToString(HMACSHA256.HashData(Key, Encoding.UTF8.GetBytes(content)))}";

    /// <summary>Returns the content of a state that this process has sealed.</summary>
    private static string ThrowIfForged(string state) =>
        state.Split('.')[0] is var content && Seal(content) == state
            ? content
            : throw new McpProtocolException("Invalid or expired requestState", McpErrorCode.InvalidParams);
}
