using MedCor.Contracts.Chat;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Chat.Prompts;

internal sealed class AbandonPromptHandler(ChatDb db, Guide guide, TimeProvider clock) : IHandle<AbandonPrompt, PromptSession>
{
    public async Task<PromptSession> Handle(AbandonPrompt asked, CancellationToken ct)
    {
        var (session, prompt) = await guide.Find(asked.SessionId, ct);
        db.Remove(session);
        await db.SaveChangesAsync(ct);
        return new(session.Id, prompt.Name, PromptStatus.Abandoned, null, [], session.Version, session.CreatedAt, session.UpdatedAt, clock.GetUtcNow());
    }
}
