using MedCor.Chat.LanguageModel;

namespace MedCor.Chat.Runs;

/// <summary>Counts the tokens of a run as the model reports them; null while it has reported none.</summary>
internal sealed class TokenUsage
{
    public int? InputTokens { get; private set; }
    public int? OutputTokens { get; private set; }

    /// <summary>Adds a request to the model. What the model does not report of a run with tools is estimated; of another run, when the run is saved.</summary>
    /// <param name="text">The text of the reply, or the part that had arrived.</param>
    /// <param name="wasRead">Whether the model may have read the request, although nothing of a reply arrived.</param>
    public void Add(ModelRequest request, ModelReply reply, string text, bool wasRead)
    {
        if (request.Tools.Count == 0)
        {
            (InputTokens, OutputTokens) = (reply.InputTokens, reply.OutputTokens);
            return;
        }
        InputTokens = (InputTokens ?? 0) + (reply.InputTokens ?? (wasRead || text.Length > 0 || reply.ToolCalls.Count > 0 ? TokenEstimate.Of(request) : 0));
        OutputTokens = (OutputTokens ?? 0)
            + (reply.OutputTokens ?? TokenEstimate.Of(text) + reply.ToolCalls.Sum(call => TokenEstimate.Of(call.Tool) + TokenEstimate.Of(call.Arguments)));
    }
}
