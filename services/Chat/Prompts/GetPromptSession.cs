using MedCor.Contracts.Chat;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Chat.Prompts;

internal sealed class GetPromptSessionHandler(Guide guide) : IHandle<GetPromptSession, PromptSession>
{
    public async Task<PromptSession> Handle(GetPromptSession asked, CancellationToken ct)
    {
        var (session, prompt) = await guide.Find(asked.SessionId, ct);
        return await guide.Show(session, prompt, ct);
    }
}
