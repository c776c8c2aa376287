using MedCor.Platform.Database;
using MedCor.Platform.Querying;
using MedCor.Platform.Resources;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Hospital.Departments;

internal sealed class DepartmentResource(HospitalDb db) : QueryableResource<Department, Contracts.Hospital.Department>(db)
{
    private static readonly QueryableFields<Department> QueryFields = new QueryableFields<Department>("name", d => d.Id)
    {
        { "id", d => d.Id, Selectivity.High },
        { "hospital_id", d => d.HospitalId },
        { "name", d => EF.Functions.Collate(d.Name, TextFunctions.NameCollation) },
        { "code", d => EF.Functions.Collate(d.Code, TextFunctions.NameCollation) },
        { "location", d => EF.Functions.Collate(d.Location, TextFunctions.NameCollation) },
        { "is_active", d => d.IsActive },
        { "created_at", d => d.CreatedAt },
        { "updated_at", d => d.UpdatedAt },
    }
        .WithSearch(d => d.Name + " " + d.Code + " " + (d.Description ?? ""));

    protected override QueryableFields<Department> Fields => QueryFields;
    protected override string EntityName => "department";
    protected override IQueryable<Department> Rows => db.Departments;
    protected override Contracts.Hospital.Department ToContract(Department row) => row.ToContract();
}
