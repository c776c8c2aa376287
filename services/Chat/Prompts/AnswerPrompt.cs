using MedCor.Contracts.Chat;
using MedCor.Platform.Tools;

namespace MedCor.Chat.Prompts;

internal sealed class AnswerPromptHandler(PromptEngine guide) : IToolHandler<AnswerPrompt, PromptSession>, IToolPreparation<AnswerPrompt>
{
    private StepResult _result = null!;

    public async Task PrepareAsync(AnswerPrompt request, CancellationToken ct)
    {
        var (session, prompt) = await guide.FindAsync(request.SessionId, ct);
        _result = await guide.AnswerAsync(prompt, session, request.Input, request.Step, ct);
    }

    public Task<PromptSession> HandleAsync(AnswerPrompt request, CancellationToken ct) => guide.SaveAsync(_result, ct);
}
