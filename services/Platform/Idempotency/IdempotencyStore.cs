using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Platform.Database;
using MedCor.Platform.Secrets;
using MedCor.Platform.Tenancy;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Platform.Idempotency;

/// <summary>Represents a write that was requested with an idempotency key.</summary>
[PersonalData(OnErasure.Delete, nameof(IdempotencyRecord.CallerId), IsExported = false)]
internal sealed class IdempotencyRecord
{
    public required Guid CallerId { get; init; }

    /// <summary>Gets the tool's name and the caller's key, on one line each. Earlier versions stored the key alone.</summary>
    public required string Key { get; init; }
    public Guid? HospitalId { get; init; }
    public required string Tool { get; init; }

    /// <summary>Gets the hash of the parameters without their secrets.</summary>
    public required byte[] ParamsHash { get; init; }

    /// <summary>Gets the hash of the secrets among the parameters; empty when there were none, null when an earlier version recorded the request.</summary>
    public string? SecretsHash { get; init; }

    /// <summary>Gets the role that the caller had; null when an earlier version recorded the request.</summary>
    public string? Role { get; init; }

    /// <summary>Gets the response, as JSON.</summary>
    public string? Result { get; init; }
    public DateTimeOffset RecordedAt { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<IdempotencyRecord>
    {
        public void Configure(EntityTypeBuilder<IdempotencyRecord> call) => call.ToTable("recorded_calls").HasKey(c => new { c.CallerId, c.Key });
    }
}

/// <summary>
/// Ensures that a write that is repeated with the same idempotency key happens once. The key is recorded in the write's own transaction, so after a crash
/// either both exist or neither does. A rejected request leaves no record. A key belongs to its caller and its tool: the same key with another tool is another
/// write.
/// </summary>
/// <param name="protection">Encrypts results that contain a secret; null in services that return none.</param>
/// <param name="texts">Encrypts results with the keys of the caller's hospital; null in services without clinical texts.</param>
internal sealed class IdempotencyStore(TenantDb db, SecretHasher hashes, TimeProvider clock, IDataProtectionProvider? protection = null,
    TextEncryption? texts = null)
{
    /// <summary>Specifies the time for which a key is kept.</summary>
    internal static readonly TimeSpan Retention = TimeSpan.FromHours(24);

    /// <summary>The value of <c>details.field</c> when the key was used for another request.</summary>
    internal const string ConflictField = "idempotency_key";

    private static readonly string[] Secrets = ["password", "current_password", "client_secret"];

    /// <summary>
    /// Returns the response of an earlier request with the key; null when there was none. Throws <see cref="Conflict"/> when the key was used for another
    /// request to the tool, and <see cref="Forbidden"/> when the caller's role has changed since: the new role may not see what the old one could.
    /// </summary>
    internal async Task<string?> FindAsync(string key, ToolDescriptor tool, object request, CancellationToken ct)
    {
        var (caller, own) = (db.Tenancy.Caller.UserId, ToStoredKey(key, tool));
        var call = await db.Set<IdempotencyRecord>().AsNoTracking()
            .Where(c => c.CallerId == caller && (c.Key == own || (c.Key == key && c.Tool == tool.Name)))
            .OrderByDescending(c => c.RecordedAt).FirstOrDefaultAsync(ct);
        if (call is null || call.RecordedAt < clock.GetUtcNow() - Retention) return null;
        var (paramsHash, secrets) = Split(request);
        if (!call.ParamsHash.AsSpan().SequenceEqual(paramsHash) || !await SecretsMatchAsync(call.SecretsHash, secrets, ct))
            throw new Conflict($"This Idempotency-Key was used for another call of {tool.Name}. Use a new one for each.").WithDetail("field", ConflictField);
        if (call.Role is { } then && then != CallersRole) throw new Forbidden("This call was made in another role, whose results you may no longer see.");
        return call.Result is { } result ? Reveal(result, own, tool) : null;
    }

    /// <summary>
    /// Returns the hash of the secrets among the parameters, for <see cref="ClaimAsync"/>; empty when there are none. Hashing is slow, so no transaction should
    /// be open.
    /// </summary>
    internal Task<string> HashSecretsAsync(object request, CancellationToken ct) =>
        Split(request).Secrets is { Length: > 0 } secrets ? hashes.HashAsync(secrets, ct) : Task.FromResult("");

    /// <summary>
    /// Claims the key, at the start of the write's transaction. While another request to the tool with the same key is in progress, the method waits for it to
    /// end. Returns false when that request made the write.
    /// </summary>
    internal async Task<bool> ClaimAsync(string key, ToolDescriptor tool, object request, string secretsHash, CancellationToken ct)
    {
        var caller = db.Tenancy.Caller;
        var (now, forgotten) = (clock.GetUtcNow(), clock.GetUtcNow() - Retention);
        return await db.Database.ExecuteSqlAsync($"""
            INSERT INTO recorded_calls AS known (caller_id, key, hospital_id, tool, params_hash, secrets_hash, role, recorded_at)
            VALUES ({caller.UserId}, {ToStoredKey(key, tool)}, {caller.HospitalId}, {tool.Name}, {Split(request).ParamsHash},
                {secretsHash}, {CallersRole}, {now})
            ON CONFLICT (caller_id, key) DO UPDATE SET params_hash = excluded.params_hash, secrets_hash = excluded.secrets_hash,
                role = excluded.role, recorded_at = excluded.recorded_at
            WHERE known.recorded_at < {forgotten}
            """, ct) == 1;
    }

    /// <summary>Records the response of the request, before its transaction commits.</summary>
    internal Task SaveResultAsync(string key, ToolDescriptor tool, string result, CancellationToken ct)
    {
        var (caller, own) = (db.Tenancy.Caller.UserId, ToStoredKey(key, tool));
        result = tool.ReturnsSecret ? CreateProtector().Protect(result) : texts?.Encrypt(result, Locate(own)) ?? result;
        return db.Database.ExecuteSqlAsync($"UPDATE recorded_calls SET result = {result} WHERE caller_id = {caller} AND key = {own}", ct);
    }

    private IDataProtector CreateProtector() =>
        (protection ?? throw new InvalidOperationException("A service that returns secrets registers Data Protection.")).CreateProtector("medcor idempotency");

    /// <summary>Returns a stored response as it was. Throws <see cref="Conflict"/> when the keys that it was encrypted with were destroyed.</summary>
    private string Reveal(string stored, string key, ToolDescriptor tool)
    {
        if (tool.ReturnsSecret) return CreateProtector().Unprotect(stored);
        if (texts is null) return stored;
        return texts.Decrypt(stored, Locate(key), ifDestroyed: "") is { Length: > 0 } result
            ? result
            : throw new Conflict("The result of this call was destroyed with the encryption keys of the hospital.");
    }

    private TextLocation Locate(string key) => new(db.Tenancy.HospitalId ?? Guid.Empty, "recorded_calls.result", $"{db.Tenancy.Caller.UserId}/{key}");

    private string CallersRole => db.Tenancy.Caller.Role.ToString();

    /// <summary>Returns the key as it is stored. Headers cannot contain a line feed, so a stored key never equals a caller's key.</summary>
    private static string ToStoredKey(string key, ToolDescriptor tool) => $"{tool.Name}\n{key}";

    private async Task<bool> SecretsMatchAsync(string? hash, string secrets, CancellationToken ct) => hash switch
    {
        null => true,
        "" => secrets.Length == 0,
        _ => secrets.Length > 0 && (await hashes.VerifyAsync(hash, [secrets], ct)).Matches,
    };

    /// <summary>
    /// Splits the parameters into a fast hash of the parameters without secrets, and the secrets as JSON, of which no fast hash may be stored; empty when there
    /// are none. The parameters are compared as they were parsed, so formatting makes no difference.
    /// </summary>
    private static (byte[] ParamsHash, string Secrets) Split(object request)
    {
        var parameters = JsonSerializer.SerializeToNode(request, request.GetType(), Json.Options)!.AsObject();
        // Earlier versions recorded omitted parameters as null, and their records must still match. A cleared parameter is therefore represented differently.
        foreach (var (i, property) in Json.Options.GetTypeInfo(request.GetType()).Properties.Index())
            if (property.Get!(request) is IOptional { Value: null } optional)
            {
                if (optional.IsGiven) parameters[property.Name] = new JsonArray();
                else parameters.Insert(i, property.Name, null);
            }
        var secrets = RemoveSecrets(parameters);
        return (SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes<JsonNode>(parameters, Json.Options)),
            secrets.Count == 0 ? "" : secrets.ToJsonString(Json.Options));
    }

    /// <summary>
    /// Removes the secrets from the parameters and returns them, including nested ones: a step of a prompt contains the parameters of other tools.
    /// </summary>
    private static JsonObject RemoveSecrets(JsonNode node)
    {
        var secrets = new JsonObject();
        if (node is JsonObject parameters)
            foreach (var name in Secrets)
                if (parameters.Remove(name, out var secret) && secret is not null) secrets[name] = secret;

        var inside = node switch
        {
            JsonObject fields => fields,
            JsonArray elements => elements.Select((element, i) => KeyValuePair.Create($"[{i}]", element)),
            _ => [],
        };
        foreach (var (name, value) in inside)
            if (value is JsonObject or JsonArray && RemoveSecrets(value) is { Count: > 0 } nested) secrets[name] = nested;
        return secrets;
    }
}
