using MedCor.Contracts.Chat;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Chat.Prompts;

internal sealed class GetPromptSessionHandler(PromptEngine guide) : IToolHandler<GetPromptSession, PromptSession>
{
    public async Task<PromptSession> Handle(GetPromptSession request, CancellationToken ct)
    {
        var (session, prompt) = await guide.Find(request.SessionId, ct);
        return await guide.DescribeSession(session, prompt, ct);
    }
}
