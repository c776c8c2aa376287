using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults.Database;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Specialties;

internal sealed class UpdateSpecialtyHandler(IdentityDb db, VisibleSpecialties specialties) : IHandle<UpdateSpecialty, Contracts.Identity.Specialty>, IAmend<UpdateSpecialty>
{
    public async Task<object> Shown(UpdateSpecialty asked, CancellationToken ct) => await specialties.Get(asked.SpecialtyId, ct);

    public async Task<Contracts.Identity.Specialty> Handle(UpdateSpecialty asked, CancellationToken ct)
    {
        var specialty = await db.Specialties.SingleOrDefaultAsync(s => s.Id == asked.SpecialtyId, ct) ?? throw new Missing("specialty");
        specialty.Expect(asked.ExpectedVersion);

        specialty.Name = asked.Name ?? specialty.Name;
        specialty.Description = asked.Description.Or(specialty.Description);
        specialty.IsActive = asked.IsActive ?? specialty.IsActive;

        db.Raise(() => new SpecialtyUpdated(specialty.ToContract()));
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException e) when (e.Violates("specialties_name"))
        {
            throw new Conflict("Another specialty has this name.").With("field", "name");
        }
        return specialty.ToContract();
    }
}
