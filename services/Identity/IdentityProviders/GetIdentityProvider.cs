using MedCor.Contracts.Identity;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Tools;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.IdentityProviders;

internal sealed class GetIdentityProviderHandler(IdentityDb db, HospitalCopies hospitals, ProviderSettings providers)
    : IToolHandler<GetIdentityProvider, Contracts.Identity.IdentityProvider>, IParameterValidator<GetIdentityProvider>
{
    public Task AddErrorsAsync(GetIdentityProvider request, ParameterErrors errors, CancellationToken ct)
    {
        db.Tenancy.RequireHospital(request.HospitalId, errors);
        return Task.CompletedTask;
    }

    public async Task<Contracts.Identity.IdentityProvider> HandleAsync(GetIdentityProvider request, CancellationToken ct)
    {
        var hospital = await hospitals.GetRequestedAsync(request.HospitalId, ct);
        return providers.ToContract(hospital.HospitalId,
            await db.IdentityProviders.AsNoTracking().SingleOrDefaultAsync(p => p.HospitalId == hospital.HospitalId, ct));
    }
}
