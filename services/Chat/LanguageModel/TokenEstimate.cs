using System.Text;
using MedCor.Contracts.Chat;

namespace MedCor.Chat.LanguageModel;

/// <summary>Estimates the number of tokens where no model has counted them: a token has about four bytes of UTF-8, whatever the language.</summary>
internal static class TokenEstimate
{
    private const int BytesPerToken = 4;

    /// <summary>The tokens of a message's role and of the separation from the next message.</summary>
    private const int TokensPerMessage = 4;

    public static int Of(string text) => (Encoding.UTF8.GetByteCount(text) + BytesPerToken - 1) / BytesPerToken;

    public static int Of(IEnumerable<ChatMessage> messages) => messages.Sum(m => TokensPerMessage + Of(m.Content));

    /// <summary>Returns the tokens of all that a request gives the model.</summary>
    public static int Of(ModelRequest request) =>
        Of(request.Messages) + request.Tools.Sum(t => Of(t.Name) + Of(t.Description) + Of(t.InputSchema)) + request.Rounds.Sum(Of);

    private static int Of(ToolRound round) =>
        Of(round.Text) + round.Calls.Sum(call => TokensPerMessage + Of(call.Tool) + Of(call.Arguments))
        + round.Results.Sum(result => TokensPerMessage + Of(result));
}
