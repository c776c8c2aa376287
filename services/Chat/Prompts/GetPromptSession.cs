using MedCor.Contracts.Chat;
using MedCor.Platform.Tools;

namespace MedCor.Chat.Prompts;

internal sealed class GetPromptSessionHandler(PromptEngine guide) : IToolHandler<GetPromptSession, PromptSession>
{
    public async Task<PromptSession> HandleAsync(GetPromptSession request, CancellationToken ct)
    {
        var (session, prompt) = await guide.FindAsync(request.SessionId, ct);
        return await guide.DescribeSessionAsync(session, prompt, ct);
    }
}
