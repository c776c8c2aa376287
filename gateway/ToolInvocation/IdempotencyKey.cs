using MedCor.Contracts;

namespace MedCor.Gateway.ToolInvocation;

/// <summary>What makes a write that is repeated happen once: the header of a request, or a field of a batch's item or a socket's message. It belongs to its caller and tool.</summary>
internal static class IdempotencyKey
{
    public const string Header = IdempotencyHeaders.Key;

    /// <summary>What is wrong with a key that is not valid.</summary>
    public const string ErrorText = "must be given once, as 1 to 255 characters of printable ASCII that neither begin nor end with a space";

    /// <summary>How many characters it may have.</summary>
    public const int MaxLength = 255;

    /// <summary>The key of a request; null when it has none. Throws <see cref="ValidationFailed"/>.</summary>
    public static string? FromRequest(HttpRequest request)
    {
        if (!request.Headers.TryGetValue(Header, out var sent)) return null;
        return sent.Count == 1 && IsValid(sent.ToString()) ? sent.ToString() : throw new ValidationFailed(Header, ErrorText);
    }

    /// <summary>Whether a key is short and plain enough to go along in a header as it is.</summary>
    public static bool IsValid(string key) => key.Length is > 0 and <= MaxLength && key[0] != ' ' && key[^1] != ' ' && key.All(c => c is >= ' ' and <= '~');
}
