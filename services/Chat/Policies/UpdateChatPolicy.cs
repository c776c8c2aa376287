using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Platform.Database;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Tools;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Chat.Policies;

internal sealed class UpdateChatPolicyHandler(ChatDb db, HospitalCopies hospitals)
    : IToolHandler<UpdateChatPolicy, Contracts.Chat.ChatPolicy>, IParameterValidator<UpdateChatPolicy>
{
    public Task AddErrorsAsync(UpdateChatPolicy request, ParameterErrors errors, CancellationToken ct)
    {
        db.Tenancy.RequireHospital(request.HospitalId, errors);
        return Task.CompletedTask;
    }

    public async Task<Contracts.Chat.ChatPolicy> HandleAsync(UpdateChatPolicy request, CancellationToken ct)
    {
        var hospital = await hospitals.GetRequestedAsync(request.HospitalId, ct);
        hospital.EnsureActive();
        var stored = await db.Policies.SingleOrDefaultAsync(p => p.HospitalId == hospital.HospitalId, ct);
        var policy = stored ?? new ChatPolicy { HospitalId = hospital.HospitalId };
        policy.ThrowIfVersionDiffers(request.ExpectedVersion);

        policy.IsEnabled = request.IsEnabled ?? policy.IsEnabled;
        policy.ToolsEnabled = request.ToolsEnabled ?? policy.ToolsEnabled;

        if (stored is null && request is not { IsEnabled: null, ToolsEnabled: null }) db.Add(policy);
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException e) when (e.ViolatesConstraint("chat_policies_pkey"))
        {
            throw new Conflict("The policy was changed by another request at the same time. Read it again, then retry.") { RetryAfter = 1 };
        }
        return policy.ToContract();
    }
}
