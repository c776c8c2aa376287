using MedCor.ServiceDefaults.Chats;
using MedCor.ServiceDefaults.Problems;

namespace MedCor.Chat.Calls;

/// <summary>There is one tool to chat with.</summary>
internal sealed class ToolNotFound(string tool) : Refusal(404, ChatErrors.ToolNotFound, $"Tool '{tool}' not found");

/// <summary>The model fails so often that nothing is begun at present.</summary>
internal sealed class ModelIsDown : Refusal
{
    public ModelIsDown() : base(502, ChatErrors.Model, ModelFailure.Resting.Ending.Message) => RetryAfter = ModelFailure.Resting.Ending.RetryAfter;
}
