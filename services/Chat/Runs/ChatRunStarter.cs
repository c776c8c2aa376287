using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using MedCor.Chat.LanguageModel;
using MedCor.Chat.ToolUse;
using MedCor.ChatStreams;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Platform.Database;
using MedCor.ServiceDefaults.Authentication;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace MedCor.Chat.Runs;

/// <summary>
/// Starts a run, once for each request id of its owner. Redis decides, in one step, among concurrent requests; the unique index in the database
/// enforces the same rule a second time, for when Redis has lost its data.
/// </summary>
internal sealed class ChatRunStarter(ChatDb db, ChatStreamStore streams, RunWorker worker, ChatModelClient model, TokenBudget budget,
    ToolRunner tools, ConfirmationStore confirmations, ChatTrail trail, IOptions<ModelOptions> options, TimeProvider clock)
{
    public const string ToolName = "openai_chat";

    private const string RequestIdField = "request_id";
    private const int MaxMetadataLength = 16_384;
    private static readonly TimeSpan MaxPollInterval = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(8);

    /// <summary>
    /// Starts a run, which then continues by itself. Returns the run and whether an earlier request started it. Throws the error
    /// of the question, or the reason why no run is started at present.
    /// </summary>
    /// <param name="idempotencyKey">The <c>Idempotency-Key</c> header, which is another way to send the request id; null when it was not sent.</param>
    /// <param name="user">The user for whom the model may call tools, and the header with the user's token; null for a program without a user.</param>
    public async Task<(ChatCall Call, bool IsReplay)> StartAsync(ChatCaller caller, ExecuteCall request, string? idempotencyKey, ToolUser? user,
        CancellationToken ct)
    {
        var owner = caller.Owner;
        var (question, metadata) = Validate(request, idempotencyKey, user?.Caller);
        user?.Caller.RequireChat();
        // Errors name the request id as the caller sent it.
        var idField = request.RequestId is null ? IdempotencyHeaders.Key : RequestIdField;
        request = request with { RequestId = request.RequestId ?? idempotencyKey };
        var digest = ComputeDigest(question, request, metadata);
        db.Tenancy.Enter(owner.HospitalId);
        if (await FindExistingAsync(owner, request.RequestId, ct) is { } earlier)
            return (ReplayOrConflict(earlier.Id, await ReadLatestStateAsync(earlier.Id, earlier.State), earlier.Digest, digest, idField), IsReplay: true);

        if (!model.IsConfigured) throw new Unavailable(ChatRunEndpoints.MissingKeyMessage);
        if (model.IsCircuitOpen) throw new ModelUnavailable();
        var usesTools = request.Tools == true;
        if (owner.HospitalId != Guid.Empty) (await db.GetPolicyAsync(owner.HospitalId, ct)).ThrowIfRefused(usesTools);
        else if (usesTools) throw new Forbidden("Tools are for the users of a hospital.");
        await budget.ThrowIfExceededAsync(owner, ct);
        var isComplete = ChatHistory.StartsConversation(question.Messages);
        var history = isComplete || request.SessionId is not { } session ? []
            : await db.SessionHistory(owner.HospitalId, owner.UserId, session, ChatHistory.MaxRuns, ChatHistory.MaxCharacters).ToListAsync(ct);

        using var lease = worker.Limiter.Acquire();
        var id = Guid.CreateVersion7(clock.GetUtcNow());
        var toolUse = usesTools ? new ToolRounds(user!.ForRun(id, question.Model), tools, confirmations) : null;
        var modelRequest = question with
        {
            Messages = ChatHistory.BuildMessages(question.Messages, history, toolUse?.Rules),
            Tools = usesTools ? ModelToolbox.GetTools(user!.Caller.Kind) : [],
        };
        (Guid Call, string Digest) started;
        try
        {
            started = await streams.StartAsync(id, owner, request.RequestId, digest, worker.Name);
        }
        // A rejected script, or one that found no room, started nothing; after other failures the run may exist without a worker.
        catch (Exception e) when (e is not (RedisServerException or RateLimited))
        {
            worker.Abandon(id, owner, request.RequestId);
            throw;
        }
        if (started.Call != id)
        {
            // A request that only waits for another one's run holds no lease.
            lease.Dispose();
            return (ReplayOrConflict(started.Call, await WaitForStateAsync(started.Call, owner, request.RequestId, idField, ct), started.Digest, digest,
                idField), IsReplay: true);
        }

        try
        {
            // From here on the run is started, whether or not the caller still waits.
            await using var transaction = await db.Database.BeginTransactionAsync(CancellationToken.None);
            var (estimate, messages) = (TokenEstimate.Of(modelRequest), JsonSerializer.Serialize(question.Messages, Json.Options));
            var call = new ChatRun
            {
                Id = id,
                HospitalId = owner.HospitalId,
                OwnerId = owner.UserId,
                SessionId = request.SessionId,
                RequestId = request.RequestId,
                Digest = digest,
                Model = question.Model,
                MaxTokens = question.MaxTokens,
                Messages = messages,
                MessageCharacters = messages.Length,
                IsWhole = isComplete,
                Metadata = metadata,
                TokensForeseen = estimate,
                TokensCharged = estimate + question.MaxTokens,
            };
            db.Add(call);
            await db.SaveChangesAsync(CancellationToken.None);
            await budget.ChargeAsync(call, owner);
            await trail.RecordStartAsync(caller, id, CancellationToken.None);
            await transaction.CommitAsync(CancellationToken.None);
        }
        catch (Exception e)
        {
            worker.Abandon(id, owner, request.RequestId);
            // Redis had lost the earlier request with this id; the row in the database still has it.
            if (e.ViolatesConstraint("chat_calls_by_request"))
                throw new Unavailable($"A request with this {idField} is in progress. Retry shortly.", retryAfter: 1);
            throw;
        }
        worker.Start(new(id, owner, modelRequest, toolUse), lease);
        return (ToContract(id, ChatRunState.Started), IsReplay: false);
    }

    private (ModelRequest Question, string? Metadata) Validate(ExecuteCall request, string? idempotencyKey, Caller? caller)
    {
        if (request.Tool is { } tool && tool != ToolName) throw new ToolNotFound(tool);
        var errors = new Dictionary<string, List<string>>();
        if (idempotencyKey is not null && request.RequestId is { } id && id != idempotencyKey)
            foreach (var (name, other) in ((string, string)[])[(IdempotencyHeaders.Key, RequestIdField), (RequestIdField, IdempotencyHeaders.Key)])
                errors.AddError(name, $"differs from {other}. Send one of them");
        if (request.Messages is null && request.Input is null) errors.AddError("messages", "is required");
        if (request is { Messages: not null, Input: not null }) errors.AddError("messages", "is already part of input");
        if (request.Input is not null)
            foreach (var (name, value) in ((string, object?)[])[("max_tokens", request.MaxTokens), ("model", request.Model),
                ("temperature", request.Temperature)])
                if (value is not null) errors.AddError(name, "belongs into input");
        var (path, settings) = request.Input is { } input
            ? ("input.", input)
            : ("", new(request.Messages ?? [], request.Model, request.MaxTokens, request.Temperature));
        if (settings.Messages.Count > 0 && settings.Messages.All(m => m.Role != ChatHistory.UserRole))
            errors.AddError($"{path}messages", "must contain a message with the role user");
        options.Value.Validate(path, settings.Model, settings.MaxTokens, errors, caller);
        var metadata = Metadata(request, errors);
        return errors.Count == 0
            ? (new(options.Value.Resolve(settings.Model, caller)!, settings.Messages, settings.MaxTokens ?? options.Value.MaxTokens, settings.Temperature),
                metadata)
            : throw new ValidationFailed(errors);
    }

    private static string? Metadata(ExecuteCall request, Dictionary<string, List<string>> errors)
    {
        var metadata = request.Metadata?.ToJsonString(Json.Options);
        if (metadata?.Length > MaxMetadataLength) errors.AddError("metadata", $"must have at most {MaxMetadataLength} characters");
        if (ContainsNul(request.Metadata)) errors.AddError("metadata", "must not contain the character U+0000");
        return metadata;
    }

    /// <summary>Returns whether a name or text contains U+0000, the one character that PostgreSQL cannot store.</summary>
    private static bool ContainsNul(JsonNode? node) => node switch
    {
        JsonObject fields => fields.Any(field => field.Key.Contains('\0') || ContainsNul(field.Value)),
        JsonArray list => list.Any(ContainsNul),
        JsonValue value => value.TryGetValue<string>(out var text) && text.Contains('\0'),
        _ => false,
    };

    /// <summary>Returns a digest that is the same for the same question in whichever form it was sent, including text as one string or in parts.</summary>
    private static string ComputeDigest(ModelRequest question, ExecuteCall request, string? metadata) =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(
            new DigestInput(question.Messages,
                request.Input?.MaxTokens ?? request.MaxTokens, request.Input?.Model ?? request.Model, request.SessionId, metadata, question.Temperature,
                request.Tools == true ? true : null),
            Json.Options)));

    /// <summary>
    /// Holds the fields that identify a question. A field that is added to these is omitted when it is not
    /// given, so that a repeated request is recognized across an update.
    /// </summary>
    private sealed record DigestInput(
        IReadOnlyList<ChatMessage> Messages, int? MaxTokens, string? Model, string? SessionId, string? Metadata,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Temperature,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Tools);

    /// <summary>Returns the run with a request id, if it was started within the last 24 hours. An older run releases its request id.</summary>
    private async Task<ChatRun?> FindExistingAsync(ChatRunOwner owner, string? requestId, CancellationToken ct)
    {
        if (requestId is null) return null;
        var sameRequest = db.Runs.Where(c => c.HospitalId == owner.HospitalId && c.OwnerId == owner.UserId && c.RequestId == requestId);
        if (await sameRequest.AsNoTracking().SingleOrDefaultAsync(ct) is not { } call) return null;
        if (call.CreatedAt > clock.GetUtcNow() - ChatStreamStore.RequestIdRetention) return call;
        await sameRequest.Where(c => c.Id == call.Id).ExecuteUpdateAsync(set => set.SetProperty(c => c.RequestId, (string?)null), ct);
        return null;
    }

    /// <summary>
    /// Returns the state of a run that another request is starting. Waits for the run's row, because until then the start may still fail. Throws
    /// <see cref="Unavailable"/> when the row does not appear in time, and releases the request id when no worker is left that would write the row.
    /// </summary>
    private async Task<ChatRunState> WaitForStateAsync(Guid call, ChatRunOwner owner, string? requestId, string idField, CancellationToken ct)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(25), clock);
        for (var start = clock.GetTimestamp(); clock.GetElapsedTime(start) < MaxWait;)
        {
            if (await db.Runs.Where(c => c.HospitalId == owner.HospitalId && c.OwnerId == owner.UserId && c.Id == call).Select(c => (ChatRunState?)c.State)
                .SingleOrDefaultAsync(ct) is { } state) return await ReadLatestStateAsync(call, state);
            await timer.WaitForNextTickAsync(ct);
            // Many requests may wait for one run. They ask less often the longer it takes, because they slow down the work that they wait for.
            if (timer.Period < MaxPollInterval) timer.Period *= 2;
        }
        if ((await streams.FailIfOrphanedAsync(call)).State != ChatRunState.Started) await streams.DiscardAsync(call, owner, requestId);
        throw new Unavailable($"A request with this {idField} is being started. Retry shortly.", retryAfter: 1);
    }

    /// <summary>Returns the current state of a run whose row has a given state. A cancellation reaches the row a moment later than Redis.</summary>
    private async Task<ChatRunState> ReadLatestStateAsync(Guid call, ChatRunState saved) =>
        saved == ChatRunState.Started ? await streams.GetStateAsync(call) ?? saved : saved;

    private static ChatCall ReplayOrConflict(Guid call, ChatRunState state, string digest, string requestDigest, string idField) => digest == requestDigest
        ? ToContract(call, state)
        : throw new Conflict($"This {idField} was used for another question. Use a new one for each.");

    internal static ChatCall ToContract(Guid call, ChatRunState state) => new(call, ToWireName(state));

    /// <summary>Returns the name of a state as clients read it.</summary>
    internal static string ToWireName(ChatRunState state) => state.ToString().ToLowerInvariant();
}
