using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.ServiceDefaults.Chats;
using MedCor.ServiceDefaults.Database;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace MedCor.Chat.Calls;

/// <summary>
/// Begins a call, once for each request id of its owner. Redis decides, in one step, among all who ask at the same moment; the database holds the same line a second time, for when
/// Redis has lost what it knew.
/// </summary>
internal sealed class BeginCall(ChatDb db, CallStreams streams, Runner runner, Model model, TokenBudget budget, IOptions<ModelOptions> options, TimeProvider clock)
{
    public const string Tool = "openai_chat";

    private const int MostMetadata = 16_384;
    private const int MostLooks = 40;
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(50);

    /// <summary>The call, which goes on by itself, and whether it was begun by an earlier request. Throws what is wrong with the question, or why none is begun at present.</summary>
    public async Task<(ChatCall Call, bool IsReplay)> Begin(CallOwner owner, ExecuteCall asked, CancellationToken ct)
    {
        var (question, metadata) = Check(asked);
        var digest = Digest(question, asked, metadata);
        db.Tenancy.Enter(owner.HospitalId);
        if (await FindEarlier(owner, asked.RequestId, ct) is { } earlier) return (Same(earlier.Id, await Latest(earlier.Id, earlier.State), earlier.Digest, digest), IsReplay: true);

        if (!model.IsConfigured) throw new Unavailable(Calls.MissingKey);
        if (model.IsResting) throw new ModelIsDown();
        await budget.Check(owner, ct);
        var isWhole = Conversation.IsWhole(question.Messages);
        var before = isWhole || asked.SessionId is not { } session ? []
            : await db.History(owner.HospitalId, owner.UserId, session, Conversation.MostCalls, Conversation.MostCharacters).ToListAsync(ct);

        var whole = question with { Messages = Conversation.Of(question.Messages, before) };

        using var place = runner.Places.Take();
        var id = Guid.CreateVersion7(clock.GetUtcNow());
        (Guid Call, string Digest) begun;
        try
        {
            begun = await streams.Begin(id, owner, asked.RequestId, digest, runner.Name);
        }
        catch (Exception e) when (e is not RedisServerException) // which refuses the whole of it; otherwise it may be begun, and nobody would carry it out
        {
            runner.Abandon(id, owner, asked.RequestId);
            throw;
        }
        if (begun.Call != id)
        {
            // It takes none while it waits.
            place.Dispose();
            return (Same(begun.Call, await StateOf(begun.Call, owner, asked.RequestId, ct), begun.Digest, digest), IsReplay: true);
        }

        try
        {
            // From here on it is begun, whether or not the caller still waits.
            await using var transaction = await db.Database.BeginTransactionAsync(CancellationToken.None);
            var foreseen = TokenEstimate.Of(whole.Messages);
            var call = new Call
            {
                Id = id,
                HospitalId = owner.HospitalId,
                OwnerId = owner.UserId,
                SessionId = asked.SessionId,
                RequestId = asked.RequestId,
                Digest = digest,
                Model = question.Model,
                MaxTokens = question.MaxTokens,
                Messages = JsonSerializer.Serialize(question.Messages, Json.Options),
                IsWhole = isWhole,
                Metadata = metadata,
                TokensForeseen = foreseen,
                TokensCharged = foreseen + question.MaxTokens,
            };
            db.Add(call);
            await db.SaveChangesAsync(CancellationToken.None);
            await budget.Charge(call, owner);
            await transaction.CommitAsync(CancellationToken.None);
        }
        catch (Exception e)
        {
            runner.Abandon(id, owner, asked.RequestId);
            // Redis had lost that this was asked before; the row says it.
            if (e.Violates("chat_calls_by_request")) throw new Unavailable("This request_id is being looked up. Try again shortly.", retryAfter: 1);
            throw;
        }
        runner.Carry(new(id, owner, whole), place);
        return (Shown(id, CallState.Started), IsReplay: false);
    }

    private (Question Question, string? Metadata) Check(ExecuteCall asked)
    {
        if (asked.Tool is { } tool && tool != Tool) throw new ToolNotFound(tool);
        var mistakes = new Dictionary<string, List<string>>();
        if (asked.Messages is null && asked.Input is null) mistakes.Note("messages", "is required");
        if (asked is { Messages: not null, Input: not null }) mistakes.Note("messages", "stands in input already");
        if (asked.Input is not null)
            foreach (var (name, value) in ((string, object?)[])[("max_tokens", asked.MaxTokens), ("model", asked.Model), ("temperature", asked.Temperature)])
                if (value is not null) mistakes.Note(name, "belongs into input");
        var (path, wished) = asked.Input is { } input ? ("input.", input) : ("", new(asked.Messages ?? [], asked.Model, asked.MaxTokens, asked.Temperature));
        if (wished.Messages.Count > 0 && wished.Messages.All(m => m.Role != Conversation.UserRole)) mistakes.Note($"{path}messages", "must hold what a user says: a message with the role user");
        options.Value.Check(path, wished.Model, wished.MaxTokens, mistakes);
        var metadata = Metadata(asked, mistakes);
        return mistakes.Count == 0 ? (new(options.Value.Resolve(wished.Model)!, wished.Messages, wished.MaxTokens ?? options.Value.MaxTokens, wished.Temperature), metadata) : throw new Invalid(mistakes);
    }

    private static string? Metadata(ExecuteCall asked, Dictionary<string, List<string>> mistakes)
    {
        try
        {
            var metadata = asked.Metadata?.ToJsonString(Json.Options);
            if (metadata?.Length > MostMetadata) mistakes.Note("metadata", $"must have at most {MostMetadata} characters");
            if (HasNul(asked.Metadata)) mistakes.Note("metadata", "must not contain the character U+0000");
            return metadata;
        }
        catch (InvalidOperationException) // half a surrogate pair, which is read only now
        {
            mistakes.Note("metadata", "must be well-formed JSON");
            return null;
        }
    }

    /// <summary>Whether a name or text in it holds the one character that PostgreSQL cannot keep.</summary>
    private static bool HasNul(JsonNode? node) => node switch
    {
        JsonObject fields => fields.Any(field => field.Key.Contains('\0') || HasNul(field.Value)),
        JsonArray list => list.Any(HasNul),
        JsonValue value => value.TryGetValue<string>(out var text) && text.Contains('\0'),
        _ => false,
    };

    /// <summary>The same for the same question, in whichever form it was sent: also for text as it stands and in parts.</summary>
    private static string Digest(Question question, ExecuteCall asked, string? metadata) => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(
        new Digested(question.Messages, asked.Input?.MaxTokens ?? asked.MaxTokens, asked.Input?.Model ?? asked.Model, asked.SessionId, metadata, question.Temperature), Json.Options)));

    /// <summary>What makes a question the one that it is. A field that joins these is left out where it is not given, so that a repetition is known across an update.</summary>
    private sealed record Digested(
        IReadOnlyList<ChatMessage> Messages, int? MaxTokens, string? Model, string? SessionId, string? Metadata,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Temperature);

    /// <summary>The call with this request id, of the last 24 hours. An older one gives its id up.</summary>
    private async Task<Call?> FindEarlier(CallOwner owner, string? requestId, CancellationToken ct)
    {
        if (requestId is null) return null;
        var named = db.Calls.Where(c => c.HospitalId == owner.HospitalId && c.OwnerId == owner.UserId && c.RequestId == requestId);
        if (await named.AsNoTracking().SingleOrDefaultAsync(ct) is not { } call) return null;
        if (call.CreatedAt > clock.GetUtcNow() - CallStreams.RequestsKept) return call;
        await named.Where(c => c.Id == call.Id).ExecuteUpdateAsync(set => set.SetProperty(c => c.RequestId, (string?)null), ct);
        return null;
    }

    /// <summary>
    /// How far a call has come that another request begins at this moment. Waits for its row: before that it may still come to nothing. Throws <see cref="Unavailable"/> when it does,
    /// and has the request's id free when nobody is there any more who would write the row.
    /// </summary>
    private async Task<CallState> StateOf(Guid call, CallOwner owner, string? requestId, CancellationToken ct)
    {
        using var timer = new PeriodicTimer(Glance, clock);
        for (var looks = 0; looks < MostLooks; looks++)
        {
            if (await db.Calls.Where(c => c.HospitalId == owner.HospitalId && c.OwnerId == owner.UserId && c.Id == call).Select(c => (CallState?)c.State).SingleOrDefaultAsync(ct) is { } state) return await Latest(call, state);
            await timer.WaitForNextTickAsync(ct);
        }
        if ((await streams.Bury(call)).State != CallState.Started) await streams.Forget(call, owner, requestId);
        throw new Unavailable("A question with this request_id is just being begun. Try again shortly.", retryAfter: 1);
    }

    /// <summary>How far a call has come of which the row says this: that it was cancelled stands there a moment later than in Redis.</summary>
    private async Task<CallState> Latest(Guid call, CallState kept) => kept == CallState.Started ? await streams.StateOf(call) ?? kept : kept;

    private static ChatCall Same(Guid call, CallState state, string digest, string asked) => digest == asked
        ? Shown(call, state)
        : throw new Conflict("This request_id was used for another question. Use a new one for each.");

    internal static ChatCall Shown(Guid call, CallState state) => new(call, Word(state));

    /// <summary>A state as clients read it.</summary>
    internal static string Word(CallState state) => state.ToString().ToLowerInvariant();
}
