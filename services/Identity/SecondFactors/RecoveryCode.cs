using System.Security.Cryptography;
using System.Text;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using OtpNet;

namespace MedCor.Identity.SecondFactors;

/// <summary>Represents a code that replaces an authenticator or a passkey that was lost, once; by its hash alone.</summary>
[PersonalData(OnErasure.Decide, nameof(RecoveryCode.LoginId), IsExported = false)]
internal sealed class RecoveryCode
{
    internal const int CodesPerUser = 10;
    private const int CodeBytes = 10;
    private const int GroupLength = 4;

    public required Guid LoginId { get; init; }
    public required byte[] Hash { get; init; }

    /// <summary>Creates a new code: 16 letters and digits in four groups.</summary>
    internal static string Create() =>
        string.Join('-', Base32Encoding.ToString(RandomNumberGenerator.GetBytes(CodeBytes)).Chunk(GroupLength).Select(group => new string(group)));

    /// <summary>Returns the hash of a code, however its letters and groups are written. A code of 80 random bits needs no slow hash.</summary>
    internal static byte[] HashOf(Guid loginId, string code) =>
        SHA256.HashData([.. loginId.ToByteArray(), .. Encoding.UTF8.GetBytes(string.Concat(code.Where(char.IsAsciiLetterOrDigit)).ToUpperInvariant())]);

    internal sealed class Configuration : IEntityTypeConfiguration<RecoveryCode>
    {
        public void Configure(EntityTypeBuilder<RecoveryCode> code) => code.ToTable("recovery_codes").HasKey(c => new { c.LoginId, c.Hash });
    }
}
