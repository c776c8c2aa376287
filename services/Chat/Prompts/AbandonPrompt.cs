using MedCor.Contracts.Chat;
using MedCor.Platform.Tools;

namespace MedCor.Chat.Prompts;

internal sealed class AbandonPromptHandler(ChatDb db, PromptEngine engine, TimeProvider clock) : IToolHandler<AbandonPrompt, PromptSession>
{
    public async Task<PromptSession> HandleAsync(AbandonPrompt request, CancellationToken ct)
    {
        var (session, prompt) = await engine.FindAsync(request.SessionId, ct);
        db.Remove(session);
        await db.SaveChangesAsync(ct);
        return new(
            SessionId: session.Id,
            Prompt: prompt.Name,
            Status: PromptStatus.Abandoned,
            Step: null,
            Data: [],
            Version: session.Version,
            CreatedAt: session.CreatedAt,
            UpdatedAt: session.UpdatedAt,
            ExpiresAt: clock.GetUtcNow());
    }
}
