using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using MedCor.Contracts;
using MedCor.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace MedCor.Clinical.Audit;

/// <summary>
/// Computes the hashes that link the events of a chain. The hashes are keyed, so that an attacker who can write to the database but does not know the secret
/// cannot create a valid link.
/// </summary>
internal sealed class AuditChain
{
    /// <summary>The previous hash of a chain's first link.</summary>
    internal static readonly byte[] InitialHash = new byte[HMACSHA256.HashSizeInBytes];

    private static readonly JsonSerializerOptions CanonicalJson = new(Json.Options) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };
    private readonly byte[] _key;

    public AuditChain(IOptions<AuditOptions> options) : this(options.Value.AuditSecret) { }

    internal AuditChain(string secret) =>
        _key = HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret), outputLength: 32, info: "medcor audit chain"u8.ToArray());

    /// <summary>
    /// Computes the hash of an event from the hash of the previous link, the event's sequence number in its hospital's chain and the event itself.
    /// </summary>
    internal byte[] ComputeHash(byte[] previousHash, long sequence, AuditEvent auditEvent)
    {
        Span<byte> sequenceBytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(sequenceBytes, sequence);
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        hash.AppendData(previousHash);
        hash.AppendData(sequenceBytes);
        hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(auditEvent, CanonicalJson));
        return hash.GetHashAndReset();
    }
}

/// <summary>Provides the options of the audit trail; configuration section <c>Clinical</c>.</summary>
internal sealed class AuditOptions
{
    /// <summary>
    /// Gets or sets the secret of the audit trail's hashes; at least 32 characters. All replicas need the same secret, for as long as the trail is verified.
    /// </summary>
    public string AuditSecret { get; set; } = "";
}

/// <summary>Rejects a secret that is missing or weak.</summary>
internal sealed class AuditOptionsValidator(IHostEnvironment environment) : IValidateOptions<AuditOptions>
{
    public ValidateOptionsResult Validate(string? name, AuditOptions options) =>
        SecretValidator.Validate("Clinical__AuditSecret", options.AuditSecret, environment);
}
