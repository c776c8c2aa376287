using MedCor.Chat.LanguageModel;
using MedCor.Contracts;
using MedCor.Contracts.Chat;

namespace MedCor.Chat.Runs;

/// <summary>The exception that is thrown when a request names another tool than openai_chat, the only one.</summary>
internal sealed class ToolNotFound(string tool) : ApiException(404, ChatErrorCodes.ToolNotFound, $"Tool '{tool}' not found");

/// <summary>The exception that is thrown when the model fails so often that no run is started at present.</summary>
internal sealed class ModelUnavailable : ApiException
{
    public ModelUnavailable() : base(502, ChatErrorCodes.Model, ModelException.CircuitOpen.Ending.Message) =>
        RetryAfter = ModelException.CircuitOpen.Ending.RetryAfter;
}
