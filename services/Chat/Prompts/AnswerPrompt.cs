using MedCor.Contracts.Chat;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Chat.Prompts;

internal sealed class AnswerPromptHandler(PromptEngine guide) : IToolHandler<AnswerPrompt, PromptSession>, IToolPreparation<AnswerPrompt>
{
    private StepResult result = null!;

    public async Task Prepare(AnswerPrompt request, CancellationToken ct)
    {
        var (session, prompt) = await guide.Find(request.SessionId, ct);
        result = await guide.Answer(prompt, session, request.Input, request.Step, ct);
    }

    public Task<PromptSession> Handle(AnswerPrompt request, CancellationToken ct) => guide.Save(result, ct);
}
