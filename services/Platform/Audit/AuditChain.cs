using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace MedCor.Platform.Audit;

/// <summary>
/// Computes the hashes that link the events of a chain. The hashes are keyed, so that an attacker who can write to the database but does not know the secret
/// cannot create a valid link. Links are made with the current secret; links made with a former one stay valid where they are.
/// </summary>
internal sealed class AuditChain
{
    /// <summary>The previous hash of a chain's first link.</summary>
    internal static readonly byte[] InitialHash = new byte[HMACSHA256.HashSizeInBytes];

    private static readonly JsonSerializerOptions CanonicalJson = new(Json.Options)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        TypeInfoResolver = Json.Options.TypeInfoResolver!.WithAddedModifier(OmitClinicalKind),
    };

    /// <summary>The keys, the current one first, then the former ones from the newest to the oldest.</summary>
    private readonly (string Id, byte[] Key, byte[] IdKey)[] _keys;

    public AuditChain(IOptions<AuditOptions> options)
        : this([options.Value.AuditSecret, .. options.Value.FormerAuditSecrets.Where(secret => secret.Length > 0)]) { }

    /// <param name="secrets">The current secret, then the former ones from the newest to the oldest.</param>
    internal AuditChain(params string[] secrets) =>
        _keys = [.. secrets.Select(secret => (Convert.ToHexStringLower(Derive(secret, 8, "medcor audit key id")), Derive(secret, 32, "medcor audit chain"),
            Derive(secret, 32, "medcor audit event ids")))];

    /// <summary>Gets the id of the current key, which is derived from the secret and tells nothing of it.</summary>
    internal string KeyId => _keys[0].Id;

    /// <summary>
    /// Computes the hash of an event, with the current key, from the hash of the previous link, the event's sequence number in its hospital's chain and the
    /// event itself.
    /// </summary>
    internal byte[] ComputeHash(byte[] previousHash, long sequence, AuditEvent auditEvent) => ComputeHash(_keys[0].Key, previousHash, sequence, auditEvent);

    /// <summary>Computes, with the current key, the hash that proves the id of an event at a place in its hospital's chain, also without the event.</summary>
    internal byte[] ComputeIdHash(Guid hospitalId, long sequence, Guid eventId) => ComputeIdHash(_keys[0].IdKey, hospitalId, sequence, eventId);

    /// <summary>
    /// Returns whether the event that a link names is the one for which it was made. A link that a version without such hashes made proves none.
    /// </summary>
    internal bool ProvesEventId(AuditLink link) => link.IdHash is not null && _keys.Any(key => key.Id == link.KeyId
        && ComputeIdHash(key.IdKey, link.HospitalId, link.Sequence, link.EventId).AsSpan().SequenceEqual(link.IdHash));

    /// <summary>Returns whether a link's key is configured. A link that a version without key ids made names none.</summary>
    internal bool Knows(string? keyId) => keyId is null || _keys.Any(key => key.Id == keyId);

    /// <summary>
    /// Returns the age of the key that made a hash of an event at a place in its chain: 0 for the current one, 1 for the one before; null when the hash is
    /// not that of the event at this place.
    /// </summary>
    /// <param name="keyId">The id of the key that the link names; null when it names none, and any key may have made it.</param>
    internal int? FindKeyAge(byte[] hash, string? keyId, byte[] previousHash, long sequence, AuditEvent auditEvent) =>
        Array.FindIndex(_keys, key => (keyId is null || key.Id == keyId)
            && ComputeHash(key.Key, previousHash, sequence, auditEvent).AsSpan().SequenceEqual(hash)) is >= 0 and var age ? age : null;

    private static byte[] ComputeHash(byte[] key, byte[] previousHash, long sequence, AuditEvent auditEvent)
    {
        Span<byte> sequenceBytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(sequenceBytes, sequence);
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        hash.AppendData(previousHash);
        hash.AppendData(sequenceBytes);
        hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(auditEvent, CanonicalJson));
        return hash.GetHashAndReset();
    }

    private static byte[] ComputeIdHash(byte[] key, Guid hospitalId, long sequence, Guid eventId)
    {
        Span<byte> place = stackalloc byte[40];
        hospitalId.TryWriteBytes(place, bigEndian: true, out _);
        BinaryPrimitives.WriteInt64BigEndian(place[16..], sequence);
        eventId.TryWriteBytes(place[24..], bigEndian: true, out _);
        return HMACSHA256.HashData(key, place);
    }

    /// <summary>Omits the kind of accesses to clinical content. They were recorded before there were others, and their hashes never change.</summary>
    private static void OmitClinicalKind(JsonTypeInfo type)
    {
        foreach (var property in type.Properties.Where(p => p.PropertyType == typeof(AuditKind?)))
            property.ShouldSerialize = (_, kind) => kind is not (null or AuditKind.Clinical);
    }

    private static byte[] Derive(string secret, int length, string purpose) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret), length, info: Encoding.UTF8.GetBytes(purpose));
}

/// <summary>Provides the options of the audit trail; each service has its own, in the configuration section of its name.</summary>
internal sealed class AuditOptions
{
    /// <summary>
    /// Gets or sets the secret of the audit trail's hashes; at least 32 characters. All replicas need the same secret. When it is replaced, it becomes the
    /// first of <see cref="FormerAuditSecrets"/>.
    /// </summary>
    public string AuditSecret { get; set; } = "";

    /// <summary>
    /// Gets or sets the former secrets, from the newest to the oldest, for as long as the links that they made are verified. They make no new links. Empty
    /// ones are ignored.
    /// </summary>
    public string[] FormerAuditSecrets { get; set; } = [];
}

/// <summary>Rejects a secret that is missing or weak, the former ones too: whoever guesses one can make links that are valid.</summary>
/// <param name="section">The configuration section.</param>
internal sealed class AuditOptionsValidator(string section, IHostEnvironment environment) : IValidateOptions<AuditOptions>
{
    public ValidateOptionsResult Validate(string? name, AuditOptions options)
    {
        if (SecretValidator.Validate($"{section}__AuditSecret", options.AuditSecret, environment) is { Failed: true } weak) return weak;
        for (var i = 0; i < options.FormerAuditSecrets.Length; i++)
            if (options.FormerAuditSecrets[i] is { Length: > 0 } former
                && SecretValidator.Validate($"{section}__FormerAuditSecrets__{i}", former, environment) is { Failed: true } weakFormer) return weakFormer;
        var secrets = options.FormerAuditSecrets.Where(secret => secret.Length > 0).Append(options.AuditSecret).ToArray();
        return secrets.Distinct().Count() == secrets.Length
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail($"{section}__FormerAuditSecrets__0, __1 and so on must differ from each other and from {section}__AuditSecret.");
    }
}
