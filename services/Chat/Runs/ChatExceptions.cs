using MedCor.Chat.LanguageModel;
using MedCor.Contracts;
using MedCor.Contracts.Chat;

namespace MedCor.Chat.Runs;

/// <summary>There is one tool to chat with.</summary>
internal sealed class ToolNotFound(string tool) : ApiException(404, ChatErrorCodes.ToolNotFound, $"Tool '{tool}' not found");

/// <summary>The model fails so often that nothing is begun at present.</summary>
internal sealed class ModelUnavailable : ApiException
{
    public ModelUnavailable() : base(502, ChatErrorCodes.Model, ModelException.CircuitOpen.Ending.Message) => RetryAfter = ModelException.CircuitOpen.Ending.RetryAfter;
}
