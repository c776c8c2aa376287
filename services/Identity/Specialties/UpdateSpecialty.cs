using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Platform.Database;
using MedCor.Platform.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Specialties;

internal sealed class UpdateSpecialtyHandler(IdentityDb db, SpecialtyResource specialties)
    : IToolHandler<UpdateSpecialty, Contracts.Identity.Specialty>, ICurrentStateProvider<UpdateSpecialty>
{
    public async Task<object> GetCurrentAsync(UpdateSpecialty request, CancellationToken ct) => await specialties.GetAsync(request.SpecialtyId, ct);

    public async Task<Contracts.Identity.Specialty> HandleAsync(UpdateSpecialty request, CancellationToken ct)
    {
        var specialty = await db.Specialties.SingleOrDefaultAsync(s => s.Id == request.SpecialtyId, ct) ?? throw new NotFound("specialty");
        specialty.ThrowIfVersionDiffers(request.ExpectedVersion);

        specialty.Name = request.Name ?? specialty.Name;
        specialty.Description = request.Description.Or(specialty.Description);
        specialty.IsActive = request.IsActive ?? specialty.IsActive;

        if (db.ChangeTracker.HasChanges()) db.Raise(() => new SpecialtyUpdated(specialty.ToContract()));
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException e) when (e.ViolatesConstraint("specialties_name"))
        {
            throw new Conflict("Another specialty has this name.").WithDetail("field", "name");
        }
        return specialty.ToContract();
    }
}
