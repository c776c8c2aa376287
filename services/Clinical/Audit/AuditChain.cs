using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using MedCor.Contracts;
using MedCor.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace MedCor.Clinical.Audit;

/// <summary>What holds the links of a chain together. Keyed, so that whoever can write to the database but does not know the secret can make no link that fits.</summary>
internal sealed class AuditChain
{
    /// <summary>What the first link builds on.</summary>
    internal static readonly byte[] InitialHash = new byte[HMACSHA256.HashSizeInBytes];

    private static readonly JsonSerializerOptions CanonicalJson = new(Json.Options) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };
    private readonly byte[] _key;

    public AuditChain(IOptions<AuditOptions> options) : this(options.Value.AuditSecret) { }

    internal AuditChain(string secret) =>
        _key = HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret), outputLength: 32, info: "medcor audit chain"u8.ToArray());

    /// <summary>The hash of an event at a place in its hospital's chain, behind a link of that hash.</summary>
    internal byte[] ComputeHash(byte[] previousHash, long sequence, AuditEvent auditEvent)
    {
        Span<byte> place = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(place, sequence);
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        hash.AppendData(previousHash);
        hash.AppendData(place);
        hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(auditEvent, CanonicalJson));
        return hash.GetHashAndReset();
    }
}

/// <summary>Section <c>Clinical</c>.</summary>
internal sealed class AuditOptions
{
    /// <summary>Makes the hashes of the audit trail; at least 32 characters. All replicas need the same, for as long as the trail is to be verified.</summary>
    public string AuditSecret { get; set; } = "";
}

/// <summary>Refuses a secret that protects nothing.</summary>
internal sealed class AuditOptionsValidator(IHostEnvironment environment) : IValidateOptions<AuditOptions>
{
    public ValidateOptionsResult Validate(string? name, AuditOptions options) => SecretValidator.Validate("Clinical__AuditSecret", options.AuditSecret, environment);
}
