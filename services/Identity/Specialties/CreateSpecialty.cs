using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Platform.Database;
using MedCor.Platform.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Specialties;

internal sealed class CreateSpecialtyHandler(IdentityDb db) : IToolHandler<CreateSpecialty, Contracts.Identity.Specialty>
{
    public async Task<Contracts.Identity.Specialty> HandleAsync(CreateSpecialty request, CancellationToken ct)
    {
        var specialty = new Specialty { Code = request.Code, Name = request.Name, Description = request.Description };
        db.Add(specialty);
        db.Raise(() => new SpecialtyCreated(specialty.ToContract()));
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException e) when (e.ViolatesConstraint("specialties_code"))
        {
            throw new Conflict($"Another specialty has the code {request.Code}.").WithDetail("field", "code");
        }
        catch (DbUpdateException e) when (e.ViolatesConstraint("specialties_name"))
        {
            throw new Conflict("Another specialty has this name.").WithDetail("field", "name");
        }
        return specialty.ToContract();
    }
}
