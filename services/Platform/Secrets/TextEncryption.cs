using System.Buffers;
using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace MedCor.Platform.Secrets;

/// <summary>
/// Identifies where an encrypted text is stored. An encrypted text can be read in this place only: one that is moved to another row, column or hospital is
/// refused like one that was changed.
/// </summary>
/// <param name="HospitalId">The hospital whose keys encrypt the text; all zeros for a row that belongs to no hospital.</param>
/// <param name="Column">The table and the column, such as <c>treatments.notes</c>.</param>
/// <param name="Row">The row's key within the hospital.</param>
public readonly record struct TextLocation(Guid HospitalId, string Column, string Row)
{
    internal byte[] ToAssociatedData() => Encoding.UTF8.GetBytes($"{HospitalId:N}/{Column}/{Row}");
}

/// <summary>
/// Encrypts texts with AES-256-GCM and the keys of their hospital, and decrypts them: the one place that knows the stored form. That is
/// <c>enc1:{key ID}:{nonce, tag and ciphertext in Base64}</c>. A stored text of any other form was stored before texts were encrypted, and is read as it is. If
/// all texts of its hospital were encrypted, somebody has written it past this service, and it is reported.
/// </summary>
public sealed partial class TextEncryption
{
    /// <summary>What is read instead of a text whose hospital's keys were destroyed.</summary>
    public const string Destroyed = "[destroyed]";

    internal const int TagSize = 16;

    private const string Marker = "enc1:";
    private const int NonceSize = 12;
    private const int KeyIdLength = 32;
    private const int PrefixLength = 5 + KeyIdLength + 1;

    private static readonly Counter<long> PlainTexts = new Meter("MedCor").CreateCounter<long>(
        "medcor.encryption.plain", description: "Reads of texts that are not encrypted, although all texts of their hospital were.");

    private readonly DataKeys _keys;
    private readonly ILogger _log;

    internal TextEncryption(DataKeys keys, ILogger? log = null) => (_keys, _log) = (keys, log ?? NullLogger.Instance);

    /// <summary>Returns what every text that is encrypted with a key begins with.</summary>
    internal static string GetPrefix(Guid keyId) => $"{Marker}{keyId:N}:";

    /// <summary>Returns whether a stored text is encrypted.</summary>
    public static bool IsEncrypted(string stored) => TryGetKeyId(stored, out _);

    /// <summary>
    /// Encrypts a text for a place; as long as the encryption was not started after an upgrade, returns it as it is. Throws
    /// <see cref="MedCor.Contracts.Conflict"/> when the keys of the hospital were destroyed.
    /// </summary>
    public string Encrypt(string text, TextLocation at) => FindKey(at.HospitalId) is { } key ? Encrypt(text, at, key) : text;

    /// <summary>Reads the keys of a hospital, unless they are known, so that texts are encrypted and decrypted without blocking the thread.</summary>
    /// <param name="forWriting">Whether texts are written, which needs a key.</param>
    internal ValueTask PrepareAsync(Guid hospital, bool forWriting, CancellationToken ct) => _keys.PrepareAsync(hospital, forWriting, ct);

    /// <summary>Returns the key that encrypts what is written for a hospital; null as long as the encryption was not started.</summary>
    internal DataKey? FindKey(Guid hospital) => _keys.FindInUse(hospital);

    /// <summary>Encrypts a text for a place with a key of its hospital.</summary>
    internal static string Encrypt(string text, TextLocation at, DataKey key)
    {
        var size = NonceSize + TagSize + Encoding.UTF8.GetByteCount(text);
        var buffer = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            var bytes = buffer.AsSpan(0, size);
            RandomNumberGenerator.Fill(bytes[..NonceSize]);
            Encoding.UTF8.GetBytes(text, bytes[(NonceSize + TagSize)..]);
            key.Encrypt(bytes[..NonceSize], bytes[(NonceSize + TagSize)..], bytes.Slice(NonceSize, TagSize), at.ToAssociatedData());
            return $"{GetPrefix(key.Id)}{Convert.ToBase64String(bytes)}";
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    /// <summary>
    /// Returns a stored text as it was written. Throws <see cref="CryptographicException"/> when it was changed, was stored in another place, or was encrypted
    /// with a key that does not exist.
    /// </summary>
    /// <param name="ifDestroyed">What is returned when the keys of the hospital were destroyed.</param>
    public string Decrypt(string stored, TextLocation at, string ifDestroyed = Destroyed)
    {
        if (!TryGetKeyId(stored, out var keyId)) return stored;
        if (_keys.Find(at.HospitalId, keyId) is not { } key) return ifDestroyed;
        var encoded = stored.AsSpan(PrefixLength);
        var buffer = ArrayPool<byte>.Shared.Rent(encoded.Length / 4 * 3 + 3);
        try
        {
            if (!Convert.TryFromBase64Chars(encoded, buffer, out var size) || size < NonceSize + TagSize)
                throw new CryptographicException("An encrypted text is incomplete.");
            var bytes = buffer.AsSpan(0, size);
            key.Decrypt(bytes[..NonceSize], bytes[(NonceSize + TagSize)..], bytes.Slice(NonceSize, TagSize), at.ToAssociatedData());
            return Encoding.UTF8.GetString(bytes[(NonceSize + TagSize)..]);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    /// <summary>Returns whether a text of a hospital that is not encrypted cannot be from before texts were encrypted.</summary>
    internal bool IsPlainTextForeign(Guid hospital) => _keys.AreTextsEncrypted(hospital);

    /// <summary>Reports that a text was read that somebody has written past this service.</summary>
    internal void ReportForeign(TextLocation at)
    {
        PlainTexts.Add(1, new KeyValuePair<string, object?>("table", at.Column[..at.Column.IndexOf('.', StringComparison.Ordinal)]));
        LogForeign(_log, at.Row, at.Column, at.HospitalId);
    }

    private static bool TryGetKeyId(string stored, out Guid keyId)
    {
        keyId = default;
        return stored.Length > PrefixLength && stored.StartsWith(Marker, StringComparison.Ordinal) && stored[PrefixLength - 1] == ':'
            && Guid.TryParseExact(stored.AsSpan(Marker.Length, KeyIdLength), "N", out keyId);
    }

    [LoggerMessage(1172, LogLevel.Warning,
        "A text in row {Row} of {Column} is not encrypted although all texts of the hospital {Hospital} were: it was not written by this service")]
    private static partial void LogForeign(ILogger log, string row, string column, Guid hospital);
}
