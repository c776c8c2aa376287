using MedCor.Contracts.Chat;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Chat.Prompts;

internal sealed class AnswerPromptHandler(Guide guide) : IHandle<AnswerPrompt, PromptSession>, IPrepare<AnswerPrompt>
{
    private Turned turned = null!;

    public async Task Prepare(AnswerPrompt asked, CancellationToken ct)
    {
        var (session, prompt) = await guide.Find(asked.SessionId, ct);
        turned = await guide.Answer(prompt, session, asked.Input, asked.Step, ct);
    }

    public Task<PromptSession> Handle(AnswerPrompt asked, CancellationToken ct) => guide.Save(turned, ct);
}
