using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults.Database;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Specialties;

internal sealed class CreateSpecialtyHandler(IdentityDb db) : IHandle<CreateSpecialty, Contracts.Identity.Specialty>
{
    public async Task<Contracts.Identity.Specialty> Handle(CreateSpecialty asked, CancellationToken ct)
    {
        var specialty = new Specialty { Code = asked.Code, Name = asked.Name, Description = asked.Description };
        db.Add(specialty);
        db.Raise(() => new SpecialtyCreated(specialty.ToContract()));
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException e) when (e.Violates("specialties_code"))
        {
            throw new Conflict($"Another specialty has the code {asked.Code}.").With("field", "code");
        }
        catch (DbUpdateException e) when (e.Violates("specialties_name"))
        {
            throw new Conflict("Another specialty has this name.").With("field", "name");
        }
        return specialty.ToContract();
    }
}
