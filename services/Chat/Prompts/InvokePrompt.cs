using MedCor.Contracts.Chat;
using MedCor.ServiceDefaults.Copies;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Chat.Prompts;

internal sealed class InvokePromptHandler(ChatDb db, Guide guide, KnownHospitals hospitals) : IHandle<InvokePrompt, PromptSession>, IPrepare<InvokePrompt>
{
    private Turned turned = null!;

    public async Task Prepare(InvokePrompt asked, CancellationToken ct)
    {
        var prompt = guide.Find(asked.Prompt);
        var (named, data) = prompt.Begin(asked.InitialData ?? []);
        turned = await guide.Begin(prompt, await Hospital(named, ct), data, ct);
    }

    public Task<PromptSession> Handle(InvokePrompt asked, CancellationToken ct) => guide.Save(turned, ct);

    private async Task<Guid> Hospital(Guid? named, CancellationToken ct)
    {
        // Another hospital does not exist, as far as somebody of this one may know.
        if (db.Tenancy.Hospital is { } own) return named is null || named == own ? own : throw new Missing("hospital");
        var id = named ?? throw new Invalid("hospital_id", "is required: platform administrators belong to no hospital");
        return (await hospitals.Find(id, ct) ?? throw new Missing("hospital")).HospitalId;
    }
}
