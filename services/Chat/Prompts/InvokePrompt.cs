using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Tools;
using MedCor.Validation;

namespace MedCor.Chat.Prompts;

internal sealed class InvokePromptHandler(ChatDb db, PromptEngine guide, HospitalCopies hospitals) : IToolHandler<InvokePrompt, StepResult, PromptSession>, IParameterValidator<InvokePrompt>
{
    public Task AddErrorsAsync(InvokePrompt request, ParameterErrors errors, CancellationToken ct)
    {
        if (errors.AreRight("prompt") && guide.FindNameError(request.Prompt) is { } wrong) errors.Add("prompt", wrong);
        return Task.CompletedTask;
    }

    public async Task<StepResult> PrepareAsync(InvokePrompt request, CancellationToken ct)
    {
        var prompt = guide.Find(request.Prompt);
        var (named, data) = prompt.ReadInitialData(request.InitialData ?? []);
        return await guide.StartAsync(prompt, await ResolveHospitalAsync(named, ct), data, ct);
    }

    public Task<PromptSession> HandleAsync(InvokePrompt request, StepResult prepared, CancellationToken ct) => guide.SaveAsync(prepared, ct);

    private async Task<Guid> ResolveHospitalAsync(Guid? named, CancellationToken ct)
    {
        // To callers of one hospital, another hospital does not exist.
        if (db.Tenancy.HospitalId is { } own) return named is null || named == own ? own : throw new NotFound("hospital");
        var id = named ?? throw new ValidationFailed("hospital_id", "is required: platform administrators belong to no hospital");
        return (await hospitals.FindAsync(id, ct) ?? throw new NotFound("hospital")).HospitalId;
    }
}
