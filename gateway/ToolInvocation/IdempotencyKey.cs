using MedCor.Contracts;

namespace MedCor.Gateway.ToolInvocation;

/// <summary>
/// Reads and validates idempotency keys, which make a repeated write take effect once. A key comes from the header of a request, from a field of a batch
/// item or from a field of a WebSocket message. A key applies to one caller and one tool.
/// </summary>
internal static class IdempotencyKey
{
    public const string Header = IdempotencyHeaders.Key;

    /// <summary>The validation error for an invalid key.</summary>
    public const string ErrorText = "must be given once, as 1 to 255 characters of printable ASCII that neither begin nor end with a space";

    /// <summary>The pattern of a key, as JSON Schema writes it.</summary>
    public const string Pattern = "^[!-~]([ -~]*[!-~])?$";

    /// <summary>The maximum length of a key in characters.</summary>
    public const int MaxLength = 255;

    /// <summary>Returns the key of a request, or null when the request has none. Throws <see cref="ValidationFailed"/> when the key is invalid.</summary>
    public static string? FromRequest(HttpRequest request)
    {
        if (!request.Headers.TryGetValue(Header, out var sent)) return null;
        return sent.Count == 1 && IsValid(sent.ToString()) ? sent.ToString() : throw new ValidationFailed(Header, ErrorText);
    }

    /// <summary>
    /// Returns whether a key can be forwarded in a header unchanged: its length is in range, and it consists of printable ASCII characters without a
    /// leading or trailing space.
    /// </summary>
    public static bool IsValid(string key) => key.Length is > 0 and <= MaxLength && key[0] != ' ' && key[^1] != ' ' && key.All(c => c is >= ' ' and <= '~');
}
