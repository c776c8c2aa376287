using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Resources;

namespace MedCor.Identity.Specialties;

internal sealed class VisibleSpecialties(IdentityDb db) : Resource<Specialty, Contracts.Identity.Specialty>(db)
{
    private static readonly Fields<Specialty> All = new Fields<Specialty>("name", s => s.Id)
    {
        { "id", s => s.Id, Selects.Few },
        { "code", s => s.Code },
        { "name", s => s.Name },
        { "description", s => s.Description },
        { "is_active", s => s.IsActive },
        { "created_at", s => s.CreatedAt },
        { "updated_at", s => s.UpdatedAt },
    }
        .Searched(s => s.Name + " " + s.Code + " " + (s.Description ?? ""));

    protected override Fields<Specialty> Fields => All;
    protected override string Thing => "specialty";
    protected override IQueryable<Specialty> Rows => db.Specialties;
    protected override Contracts.Identity.Specialty Show(Specialty row) => row.ToContract();
}
