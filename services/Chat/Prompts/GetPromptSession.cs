using MedCor.Contracts.Chat;
using MedCor.Platform.Tools;

namespace MedCor.Chat.Prompts;

internal sealed class GetPromptSessionHandler(PromptEngine engine) : IToolHandler<GetPromptSession, PromptSession>
{
    public async Task<PromptSession> HandleAsync(GetPromptSession request, CancellationToken ct)
    {
        var (session, prompt) = await engine.FindAsync(request.SessionId, ct);
        return await engine.DescribeSessionAsync(session, prompt, ct);
    }
}
