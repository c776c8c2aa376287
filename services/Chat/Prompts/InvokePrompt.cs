using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Tenancy;
using MedCor.Platform.Tools;
using MedCor.Validation;

namespace MedCor.Chat.Prompts;

internal sealed class InvokePromptHandler(ChatDb db, PromptEngine engine, HospitalCopies hospitals)
    : IToolHandler<InvokePrompt, StepResult, PromptSession>, IParameterValidator<InvokePrompt>
{
    public Task AddErrorsAsync(InvokePrompt request, ParameterErrors errors, CancellationToken ct)
    {
        if (errors.AreRight("prompt") && engine.FindNameError(request.Prompt) is { } error) errors.Add("prompt", error);
        return Task.CompletedTask;
    }

    public async Task<StepResult> PrepareAsync(InvokePrompt request, CancellationToken ct)
    {
        var prompt = engine.Find(request.Prompt);
        var (hospitalId, data) = prompt.ReadInitialData(request.InitialData ?? []);
        return await engine.StartAsync(prompt, await ResolveHospitalAsync(hospitalId, ct), data, ct);
    }

    public Task<PromptSession> HandleAsync(InvokePrompt request, StepResult prepared, CancellationToken ct) => engine.SaveAsync(prepared, ct);

    private async Task<Guid> ResolveHospitalAsync(Guid? hospitalId, CancellationToken ct)
    {
        // To callers of one hospital, another hospital does not exist.
        if (db.Tenancy.HospitalId is { } own) return hospitalId is null || hospitalId == own ? own : throw new NotFound("hospital");
        var id = hospitalId ?? throw new ValidationFailed("hospital_id", TenantContext.MissingHospital);
        return (await hospitals.FindAsync(id, ct) ?? throw new NotFound("hospital")).HospitalId;
    }
}
