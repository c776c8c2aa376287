using MedCor.Contracts.Chat;
using MedCor.Platform.Tools;

namespace MedCor.Chat.Prompts;

internal sealed class AnswerPromptHandler(PromptEngine engine) : IToolHandler<AnswerPrompt, StepResult, PromptSession>
{
    public async Task<StepResult> PrepareAsync(AnswerPrompt request, CancellationToken ct)
    {
        var (session, prompt) = await engine.FindAsync(request.SessionId, ct);
        return await engine.AnswerAsync(prompt, session, request.Input, request.Step, ct);
    }

    public Task<PromptSession> HandleAsync(AnswerPrompt request, StepResult prepared, CancellationToken ct) => engine.SaveAsync(prepared, ct);
}
