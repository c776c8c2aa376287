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
/// cannot create a valid link.
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

    /// <summary>Omits the kind of accesses to clinical content. They were recorded before there were others, and their hashes never change.</summary>
    private static void OmitClinicalKind(JsonTypeInfo type)
    {
        foreach (var property in type.Properties.Where(p => p.PropertyType == typeof(AuditKind?)))
            property.ShouldSerialize = (_, kind) => kind is not (null or AuditKind.Clinical);
    }
}

/// <summary>Provides the options of the audit trail; each service has its own, in the configuration section of its name.</summary>
internal sealed class AuditOptions
{
    /// <summary>
    /// Gets or sets the secret of the audit trail's hashes; at least 32 characters. All replicas need the same secret, for as long as the trail is verified.
    /// </summary>
    public string AuditSecret { get; set; } = "";
}

/// <summary>Rejects a secret that is missing or weak.</summary>
/// <param name="section">The configuration section.</param>
internal sealed class AuditOptionsValidator(string section, IHostEnvironment environment) : IValidateOptions<AuditOptions>
{
    public ValidateOptionsResult Validate(string? name, AuditOptions options) =>
        SecretValidator.Validate($"{section}__AuditSecret", options.AuditSecret, environment);
}
