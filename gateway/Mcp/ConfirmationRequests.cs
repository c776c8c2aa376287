using System.Buffers.Text;
using System.Collections.Frozen;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Billing;
using MedCor.Contracts.Hospital;
using MedCor.Contracts.Identity;
using MedCor.Contracts.LanguageModels;
using MedCor.Gateway.ToolInvocation;
using Microsoft.Extensions.Options;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace MedCor.Gateway.Mcp;

/// <summary>
/// Asks a person before a dangerous tool is called, where the client can ask: the result of the call is a question, and the client repeats the call with the
/// answer. Nothing is remembered meanwhile: what was asked comes back with the answer, sealed so that it counts for this call of this caller, once.
/// </summary>
internal sealed class ConfirmationRequests(ToolInvoker invoker, IOptions<McpOptions> options, TimeProvider clock)
{
    private const string Question = "confirm";

    private const string NotConfirmed = "Not done: not confirmed. (The dialog may not have been shown; some programs decline by themselves.)";

    /// <summary>The first version of the protocol whose results can be questions.</summary>
    internal const string FirstVersion = "2026-07-28";

    /// <summary>The time within which a question is answered.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    /// <summary>The dangerous tools: the verb of the question, and the tool and the parameter by which the affected entity is read for it.</summary>
    private static readonly FrozenDictionary<Type, (string Verb, string Reader, string Parameter)> Dangerous = new Dictionary<Type, (string, string, string)>
    {
        [typeof(DeleteUser)] = ("Deactivate the account of", "get_user", "user_id"),
        [typeof(DeleteHospital)] = ("Deactivate", "get_hospital", "hospital_id"),
        [typeof(CancelSubscription)] = ("Cancel the subscription", "get_subscription", "subscription_id"),
    }.ToFrozenDictionary();

    /// <summary>The tool by which the hospital of what is affected is read.</summary>
    private static readonly ToolDescriptor HospitalReader = ToolCatalogue.ByParameterType[typeof(GetHospital)];

    private readonly IReadOnlyList<byte[]> _keys = options.Value.StateKeys;

    /// <summary>Returns whether a person is asked before a tool is called.</summary>
    public static bool IsNeeded(ToolDescriptor tool) => Dangerous.ContainsKey(tool.Params);

    /// <summary>
    /// Returns the idempotency key under which a confirmed call takes effect, or why the call is not carried out. Ends the request with the question if it has
    /// not been answered.
    /// </summary>
    /// <exception cref="StepUpRequired">The call needs a more recent login. Nobody is asked for what would be refused afterwards.</exception>
    /// <exception cref="ValidationFailed">A parameter is given twice, so that what is asked could differ from what is done.</exception>
    /// <exception cref="MissingRequiredClientCapabilityException">A confirmation is required, and the client cannot ask.</exception>
    public async Task<(CallToolResult? Refusal, string? IdempotencyKey)> RequireAsync(RequestContext<CallToolRequestParams> request, McpRequest mcp,
        ToolDescriptor tool, ReadOnlyMemory<byte> parameters, string? idempotencyKey, CancellationToken ct)
    {
        if (tool.RequiresStepUp) mcp.Context.Caller.RequireStepUp(clock.GetUtcNow());
        if (!CanAsk(request))
        {
            if (!options.Value.RequireConfirmation) return (null, idempotencyKey);
            var reason = $"Not done: {tool.Name} must be confirmed by a person, and this client cannot ask one.";
            if (IsModern(request)) throw new MissingRequiredClientCapabilityException(new() { Elicitation = new() }, reason);
            return (McpResults.FromText(reason), null);
        }

        using var document = JsonDocument.Parse(parameters.IsEmpty ? "{}"u8.ToArray() : parameters);
        var arguments = document.RootElement;
        if (arguments.EnumerateObject().GroupBy(member => member.Name).FirstOrDefault(members => members.Count() > 1) is { Key: var repeated })
            throw new ValidationFailed(repeated, "is given twice");
        var binding = Bind(mcp, tool, arguments);
        var key = request.Params!.RequestState is { } state
            ? Open(state, binding) ?? throw new McpProtocolException("Invalid or expired requestState", McpErrorCode.InvalidParams)
            : null;
        if (key is not null && request.Params.InputResponses?.TryGetValue(Question, out var response) == true && response is not null
            && ReadAnswer(response.RawValue) is { } isConfirmed)
            return isConfirmed ? (null, key) : (McpResults.FromText(NotConfirmed), null);

        var (question, error) = await DescribeAsync(mcp, tool, arguments, ct);
        if (error is not null) return (error, null);
        // The service explains what is wrong with a call that affects nothing.
        if (question is null) return (null, idempotencyKey);
        throw new InputRequiredException(new Dictionary<string, InputRequest> { [Question] = InputRequest.ForElicitation(Ask(question)) },
            Seal(idempotencyKey ?? key ?? Guid.NewGuid().ToString(), binding));
    }

    private static bool CanAsk(RequestContext<CallToolRequestParams> request) =>
        IsModern(request) && request.Server.ClientCapabilities?.Elicitation is { } elicitation && (elicitation.Form is not null || elicitation.Url is null);

    private static bool IsModern(RequestContext<CallToolRequestParams> request) =>
        McpMessage.IsModernVersion(request.JsonRpcRequest.Context?.ProtocolVersion);

    /// <summary>Returns whether the person confirmed; null when the answer is none.</summary>
    private static bool? ReadAnswer(JsonElement answer) => FindText(answer, "action") switch
    {
        "accept" when Find(answer, "content") is { } content => Find(content, Question)?.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => (bool?)null,
        },
        "decline" or "cancel" => false,
        _ => null,
    };

    private static JsonElement? Find(JsonElement owner, string name) =>
        owner.ValueKind == JsonValueKind.Object && owner.TryGetProperty(name, out var value) ? value : null;

    private static string? FindText(JsonElement owner, string name) =>
        Find(owner, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    private static ElicitRequestParams Ask(string question) => new()
    {
        Message = question,
        RequestedSchema = new()
        {
            Properties = new Dictionary<string, ElicitRequestParams.PrimitiveSchemaDefinition>
            {
                [Question] = new ElicitRequestParams.BooleanSchema { Title = "Confirm", Description = "Whether to do this." },
            },
            Required = [Question],
        },
    };

    /// <summary>
    /// Returns the question, which names what is affected and whose it is; null when that does not exist for the caller. Returns an error when it cannot be
    /// read, because nobody can confirm what has no name.
    /// </summary>
    private async Task<(string? Question, CallToolResult? Error)> DescribeAsync(McpRequest mcp, ToolDescriptor tool, JsonElement arguments,
        CancellationToken ct)
    {
        var (verb, reader, parameter) = Dangerous[tool.Params];
        if (Find(arguments, parameter) is not { } id) return (null, null);
        var (entity, error) = await ReadAsync(mcp, reader, parameter, id, ct);
        if (entity is not { } affected) return (null, error);
        var name = FindText(affected, "last_name") is { } lastName
            ? $"{FindText(affected, "first_name")} {lastName}{(FindText(affected, "email") is { } email ? $", {email}" : "")}"
            : FindText(affected, "name") ?? FindText(affected, "id");
        if (Find(affected, "hospital_id") is { ValueKind: JsonValueKind.String } hospitalId && mcp.Context.Caller.Covers(HospitalReader.Scope))
        {
            var (hospital, failure) = await ReadAsync(mcp, HospitalReader.Name, "hospital_id", hospitalId, ct);
            if (failure is not null) return (null, failure);
            if (hospital is { } owner) name = $"{name}, {FindText(owner, "name")}";
        }
        return (ModelText.Clean($"{verb} {name}?"), null);
    }

    /// <summary>Returns an entity; none when it does not exist for the caller, and the error of its service when it cannot be read.</summary>
    private async Task<(JsonElement? Entity, CallToolResult? Error)> ReadAsync(McpRequest mcp, string tool, string parameter, JsonElement id,
        CancellationToken ct)
    {
        var call = ToolRequest.ForTool(tool, new(JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, JsonElement> { [parameter] = id })));
        using var response = await invoker.InvokeAsync(mcp.Context, call, null, ct);
        return response.Status switch
        {
            StatusCodes.Status200OK => (JsonSerializer.Deserialize<JsonElement>(response.Body.Span), null),
            StatusCodes.Status400BadRequest or StatusCodes.Status404NotFound => (null, null),
            _ => (null, McpResults.FromResponse(response, call.Tool, mcp, options.Value.ResultLimit)),
        };
    }

    /// <summary>Returns what a question belongs to: the caller, the client, the tool and its parameters, in whatever order they are written.</summary>
    private static byte[] Bind(McpRequest mcp, ToolDescriptor tool, JsonElement arguments)
    {
        var canonical = string.Join('\n', arguments.EnumerateObject().OrderBy(m => m.Name, StringComparer.Ordinal)
            .Select(m => $"{JsonSerializer.Serialize(m.Name)}:{JsonSerializer.Serialize(m.Value)}"));
        return Encoding.UTF8.GetBytes($"{mcp.Context.Caller.UserId}\n{mcp.Context.Caller.ClientId}\n{tool.Name}\n{canonical}");
    }

    /// <summary>Seals a question: what proves later that MedCor asked it for this call, and until when it can be answered.</summary>
    internal string Seal(string idempotencyKey, byte[] binding)
    {
        var expiresAt = (clock.GetUtcNow() + Lifetime).ToUnixTimeSeconds();
        var content = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{expiresAt} {idempotencyKey}"));
        return $"{Base64Url.EncodeToString(content)}.{Base64Url.EncodeToString(Sign(_keys[0], content, binding))}";
    }

    /// <summary>Returns the idempotency key of a sealed question; null when it was changed, has expired or belongs to another call.</summary>
    internal string? Open(string state, byte[] binding)
    {
        if (state.Split('.') is not [var head, var tail] || !Base64Url.IsValid(head) || !Base64Url.IsValid(tail)) return null;
        var (content, signature) = (Base64Url.DecodeFromChars(head), Base64Url.DecodeFromChars(tail));
        if (!_keys.Any(key => CryptographicOperations.FixedTimeEquals(Sign(key, content, binding), signature))) return null;
        var parts = Encoding.UTF8.GetString(content).Split(' ', 2);
        return long.Parse(parts[0], CultureInfo.InvariantCulture) > clock.GetUtcNow().ToUnixTimeSeconds() ? parts[1] : null;
    }

    private static byte[] Sign(byte[] key, byte[] content, byte[] binding)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        hash.AppendData(BitConverter.GetBytes(content.Length));
        hash.AppendData(content);
        hash.AppendData(binding);
        return hash.GetHashAndReset();
    }
}
