using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Tools;
using MedCor.Validation;

namespace MedCor.Chat.Policies;

internal sealed class GetChatPolicyHandler(ChatDb db, HospitalCopies hospitals)
    : IToolHandler<GetChatPolicy, Contracts.Chat.ChatPolicy>, IParameterValidator<GetChatPolicy>
{
    public Task AddErrorsAsync(GetChatPolicy request, ParameterErrors errors, CancellationToken ct)
    {
        if (request.HospitalId is null && db.Tenancy.HospitalId is null) errors.Add("hospital_id", ChatPolicy.MissingHospital);
        return Task.CompletedTask;
    }

    public async Task<Contracts.Chat.ChatPolicy> HandleAsync(GetChatPolicy request, CancellationToken ct)
    {
        var hospital = await hospitals.FindAsync((request.HospitalId ?? db.Tenancy.HospitalId)!.Value, ct) ?? throw new NotFound("hospital");
        return (await db.GetPolicyAsync(hospital.HospitalId, ct)).ToContract();
    }
}
