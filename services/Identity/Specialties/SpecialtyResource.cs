using MedCor.Platform.Database;
using MedCor.Platform.Querying;
using MedCor.Platform.Resources;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Specialties;

internal sealed class SpecialtyResource(IdentityDb db) : QueryableResource<Specialty, Contracts.Identity.Specialty>(db)
{
    private static readonly QueryableFields<Specialty> QueryFields = new QueryableFields<Specialty>("name", s => s.Id)
    {
        { "id", s => s.Id, Selectivity.High },
        { "code", s => EF.Functions.Collate(s.Code, TextFunctions.NameCollation) },
        { "name", s => EF.Functions.Collate(s.Name, TextFunctions.NameCollation) },
        { "description", s => EF.Functions.Collate(s.Description, TextFunctions.NameCollation) },
        { "is_active", s => s.IsActive },
        { "created_at", s => s.CreatedAt },
        { "updated_at", s => s.UpdatedAt },
    }
        .WithSearch(s => s.Name + " " + s.Code + " " + (s.Description ?? ""));

    protected override QueryableFields<Specialty> Fields => QueryFields;
    protected override string EntityName => "specialty";
    protected override IQueryable<Specialty> Rows => db.Specialties;
    protected override Contracts.Identity.Specialty ToContract(Specialty row) => row.ToContract();
}
