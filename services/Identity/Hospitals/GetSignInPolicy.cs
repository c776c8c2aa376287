using MedCor.Contracts.Identity;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Tools;
using MedCor.Validation;

namespace MedCor.Identity.Hospitals;

internal sealed class GetSignInPolicyHandler(IdentityDb db, HospitalCopies hospitals, SignInPolicies policies)
    : IToolHandler<GetSignInPolicy, Contracts.Identity.SignInPolicy>, IParameterValidator<GetSignInPolicy>
{
    public Task AddErrorsAsync(GetSignInPolicy request, ParameterErrors errors, CancellationToken ct)
    {
        db.Tenancy.RequireHospital(request.HospitalId, errors);
        return Task.CompletedTask;
    }

    public async Task<Contracts.Identity.SignInPolicy> HandleAsync(GetSignInPolicy request, CancellationToken ct)
    {
        var hospital = await hospitals.GetRequestedAsync(request.HospitalId, ct);
        return (await policies.GetAsync(hospital.HospitalId, ct)).ToContract();
    }
}
