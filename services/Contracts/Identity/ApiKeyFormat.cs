using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace MedCor.Contracts.Identity;

/// <summary>
/// Defines the form of API keys: <c>mck_</c>, 12 digits that lists show, <c>_</c>, 64 secret digits and 8 digits of a checksum, all hexadecimal and in lower
/// case. Secret scanners find keys by this form, and a mistyped key is refused without a look-up.
/// </summary>
public static partial class ApiKeyFormat
{
    /// <summary>The beginning of every key.</summary>
    public const string Marker = "mck_";

    /// <summary>The number of characters of a key that lists show.</summary>
    public const int PrefixLength = 16;

    private const int PublicBytes = 6, SecretBytes = 32, ChecksumBytes = 4;

    /// <summary>Creates a key with 256 random bits.</summary>
    public static string Create()
    {
        var body = $"{Marker}{RandomHex(PublicBytes)}_{RandomHex(SecretBytes)}";
        return body + Checksum(body);
    }

    /// <summary>Returns whether a text has the form of a key, and the checksum that belongs to it.</summary>
    public static bool IsWellFormed(string text) =>
        WellFormed().IsMatch(text) && text.EndsWith(Checksum(text[..^(2 * ChecksumBytes)]), StringComparison.Ordinal);

    /// <summary>Returns the hash by which a key is stored and found. A key of 256 random bits needs no slow hash.</summary>
    public static byte[] HashOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    private static string RandomHex(int bytes) => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(bytes));

    private static string Checksum(string body) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(body)).AsSpan(0, ChecksumBytes));

    [GeneratedRegex(@"\Amck_[0-9a-f]{12}_[0-9a-f]{72}\z", RegexOptions.CultureInvariant)]
    private static partial Regex WellFormed();
}
