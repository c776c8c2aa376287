using System.Text;
using MedCor.Contracts.Chat;

namespace MedCor.Chat.Calls;

/// <summary>Estimates tokens where no model has counted them: a token has about four bytes of UTF-8, whatever the language.</summary>
internal static class TokenEstimate
{
    private const int BytesOfToken = 4;

    /// <summary>A role and what sets a message apart from the next.</summary>
    private const int TokensOfMessage = 4;

    public static int Of(string text) => (Encoding.UTF8.GetByteCount(text) + BytesOfToken - 1) / BytesOfToken;

    public static int Of(IEnumerable<ChatMessage> messages) => messages.Sum(m => TokensOfMessage + Of(m.Content));
}
