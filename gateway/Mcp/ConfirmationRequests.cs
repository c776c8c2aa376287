using System.Buffers.Text;
using System.Collections.Frozen;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Billing;
using MedCor.Contracts.Hospital;
using MedCor.Contracts.Identity;
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

    private readonly IReadOnlyList<byte[]> _keys = options.Value.StateKeys;

    /// <summary>Returns whether a person is asked before a tool is called.</summary>
    public static bool IsNeeded(ToolDescriptor tool) => Dangerous.ContainsKey(tool.Params);

    /// <summary>
    /// Returns the idempotency key under which a confirmed call takes effect, or why the call is not carried out. Ends the request with the question if it has
    /// not been answered.
    /// </summary>
    public async Task<(CallToolResult? Refusal, string? IdempotencyKey)> RequireAsync(RequestContext<CallToolRequestParams> request, McpRequest mcp,
        ToolDescriptor tool, ReadOnlyMemory<byte> parameters, string? idempotencyKey, CancellationToken ct)
    {
        if (!CanAsk(request))
            return options.Value.RequireConfirmation
                ? (McpResults.FromText($"Not done: {tool.Name} must be confirmed by a person, and this client cannot ask one."), null)
                : (null, idempotencyKey);

        var binding = Bind(mcp, tool, parameters);
        var key = request.Params!.RequestState is { } state
            ? Open(state, binding) ?? throw new McpProtocolException("Invalid or expired requestState", McpErrorCode.InvalidParams)
            : null;
        if (key is null || request.Params.InputResponses?.TryGetValue(Question, out var response) != true
            || ReadAnswer(response!) is not { } isConfirmed)
        {
            var question = await DescribeAsync(mcp, tool, parameters, ct);
            // The service explains what is wrong with a call that affects nothing.
            if (question is null) return (null, idempotencyKey);
            throw new InputRequiredException(new Dictionary<string, InputRequest> { [Question] = InputRequest.ForElicitation(Ask(question)) },
                Seal(idempotencyKey ?? key ?? Guid.NewGuid().ToString(), binding));
        }
        return isConfirmed ? (null, key) : (McpResults.FromText(NotConfirmed), null);
    }

    private static bool CanAsk(RequestContext<CallToolRequestParams> request) =>
        string.CompareOrdinal(request.JsonRpcRequest.Context?.ProtocolVersion, FirstVersion) >= 0
        && request.Server.ClientCapabilities?.Elicitation is { } elicitation && (elicitation.Form is not null || elicitation.Url is null);

    /// <summary>Returns whether the person confirmed; null when the answer is none.</summary>
    private static bool? ReadAnswer(InputResponse response)
    {
        var answer = JsonSerializer.Deserialize<JsonObject>(response.RawValue);
        return (string?)answer?["action"] switch
        {
            "accept" => answer["content"]?["confirm"] is JsonValue value && value.TryGetValue(out bool isConfirmed) ? isConfirmed : null,
            "decline" or "cancel" => false,
            _ => null,
        };
    }

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

    /// <summary>Returns the question, which names what is affected; null when the caller cannot read it.</summary>
    private async Task<string?> DescribeAsync(McpRequest mcp, ToolDescriptor tool, ReadOnlyMemory<byte> parameters, CancellationToken ct)
    {
        var (verb, reader, parameter) = Dangerous[tool.Params];
        if (JsonSerializer.Deserialize<JsonObject>(parameters.IsEmpty ? "{}"u8 : parameters.Span)?[parameter] is not { } id) return null;
        var arguments = JsonSerializer.SerializeToUtf8Bytes(new JsonObject { [parameter] = id.DeepClone() });
        using var response = await invoker.InvokeAsync(mcp.Context, ToolRequest.ForTool(reader, new(arguments)), null, ct);
        if (response.Status != StatusCodes.Status200OK) return null;
        var entity = JsonSerializer.Deserialize<JsonObject>(response.Body.Span)!;
        var name = entity["last_name"] is { } lastName ? $"{entity["first_name"]} {lastName}, {entity["email"]}"
            : entity["name"] is { } ownName ? $"{ownName}"
            : $"{entity["plan_name"] ?? entity["id"]}";
        return $"{verb} {name}?";
    }

    /// <summary>Returns what a question belongs to: the caller, the client, the tool and its parameters, in whatever order they are written.</summary>
    private static byte[] Bind(McpRequest mcp, ToolDescriptor tool, ReadOnlyMemory<byte> parameters)
    {
        using var document = JsonDocument.Parse(parameters.IsEmpty ? "{}"u8.ToArray() : parameters);
        var canonical = string.Join('\n', document.RootElement.EnumerateObject().OrderBy(m => m.Name, StringComparer.Ordinal)
            .Select(m => $"{JsonSerializer.Serialize(m.Name)}:{JsonSerializer.Serialize(m.Value)}"));
        return Encoding.UTF8.GetBytes($"{mcp.Context.Caller.UserId}\n{mcp.Context.Caller.ClientId}\n{tool.Name}\n{canonical}");
    }

    private string Seal(string idempotencyKey, byte[] binding)
    {
        var expiresAt = (clock.GetUtcNow() + Lifetime).ToUnixTimeSeconds();
        var content = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{expiresAt} {idempotencyKey}"));
        return $"{Base64Url.EncodeToString(content)}.{Base64Url.EncodeToString(Sign(_keys[0], content, binding))}";
    }

    /// <summary>Returns the idempotency key of a sealed question; null when it was changed, has expired or belongs to another call.</summary>
    private string? Open(string state, byte[] binding)
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
