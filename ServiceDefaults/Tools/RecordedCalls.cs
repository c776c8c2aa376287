using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.ServiceDefaults.Tools;

/// <summary>A write that was called with an idempotency key.</summary>
internal sealed class RecordedCall
{
    public required Guid CallerId { get; init; }
    public required string Key { get; init; }
    public Guid? HospitalId { get; init; }
    public required string Tool { get; init; }
    public required byte[] ParamsHash { get; init; }
    /// <summary>What it answered, as JSON.</summary>
    public string? Result { get; init; }
    public DateTimeOffset RecordedAt { get; init; }

    internal static void Configure(EntityTypeBuilder<RecordedCall> call) => call.ToTable("recorded_calls").HasKey(c => new { c.CallerId, c.Key });
}

/// <summary>
/// Makes a write that is repeated with the same idempotency key happen once. The key is recorded in the write's own transaction, so it holds
/// through crashes: either both are there or neither is. A refused call leaves no record.
/// </summary>
internal sealed class RecordedCalls(TenantDb db, TimeProvider clock)
{
    /// <summary>How long a key is remembered.</summary>
    internal static readonly TimeSpan Kept = TimeSpan.FromHours(24);

    /// <summary>What <c>details.field</c> names when the key was used for another call.</summary>
    internal const string IdempotencyKey = "idempotency_key";

    private static readonly string[] Secrets = ["password", "current_password"];

    /// <summary>What the call answered when it was made before; null when it was not. Throws <see cref="Conflict"/> when the key was used for another call.</summary>
    internal async Task<string?> Find(string key, Tool tool, object asked, CancellationToken ct)
    {
        var caller = db.Tenancy.Caller.UserId;
        var call = await db.Set<RecordedCall>().AsNoTracking().SingleOrDefaultAsync(c => c.CallerId == caller && c.Key == key, ct);
        if (call is null || call.RecordedAt < clock.GetUtcNow() - Kept) return null;
        return call.Tool == tool.Name && call.ParamsHash.AsSpan().SequenceEqual(HashOf(asked))
            ? call.Result
            : throw new Conflict("This Idempotency-Key was used for another call. Use a new one for each.").With("field", IdempotencyKey);
    }

    /// <summary>
    /// Claims the key, at the start of the write's transaction. While another call with the same key is under way this waits for its end.
    /// False when that one has made the write.
    /// </summary>
    internal async Task<bool> Claim(string key, Tool tool, object asked, CancellationToken ct)
    {
        var caller = db.Tenancy.Caller;
        var (now, forgotten) = (clock.GetUtcNow(), clock.GetUtcNow() - Kept);
        return await db.Database.ExecuteSqlAsync($"""
            INSERT INTO recorded_calls AS known (caller_id, key, hospital_id, tool, params_hash, recorded_at)
            VALUES ({caller.UserId}, {key}, {caller.HospitalId}, {tool.Name}, {HashOf(asked)}, {now})
            ON CONFLICT (caller_id, key) DO UPDATE SET tool = excluded.tool, params_hash = excluded.params_hash, recorded_at = excluded.recorded_at
            WHERE known.recorded_at < {forgotten}
            """, ct) == 1;
    }

    /// <summary>Records what the call answers, before its transaction commits.</summary>
    internal Task Record(string key, string result, CancellationToken ct)
    {
        var caller = db.Tenancy.Caller.UserId;
        return db.Database.ExecuteSqlAsync($"UPDATE recorded_calls SET result = {result} WHERE caller_id = {caller} AND key = {key}", ct);
    }

    /// <summary>Of the parameters as they were understood, so that spacing makes no difference; without passwords, of which no quick hash may be kept.</summary>
    private static byte[] HashOf(object asked)
    {
        var parameters = JsonSerializer.SerializeToNode(asked, asked.GetType(), Json.Options)!.AsObject();
        Forget(parameters);
        return SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes<JsonNode>(parameters, Json.Options));
    }

    /// <summary>Also inside: a step of a prompt takes the parameters of other tools.</summary>
    private static void Forget(JsonObject parameters)
    {
        foreach (var secret in Secrets) parameters.Remove(secret);
        foreach (var (_, value) in parameters)
            if (value is JsonObject inner) Forget(inner);
    }
}
