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
        db.Tenancy.RequireHospital(request.HospitalId, errors);
        return Task.CompletedTask;
    }

    public async Task<Contracts.Chat.ChatPolicy> HandleAsync(GetChatPolicy request, CancellationToken ct)
    {
        var hospital = await hospitals.GetRequestedAsync(request.HospitalId, ct);
        return (await db.GetPolicyAsync(hospital.HospitalId, ct)).ToContract();
    }
}
