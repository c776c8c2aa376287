using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Resources;

namespace MedCor.Hospital.Departments;

internal sealed class DepartmentResource(HospitalDb db) : QueryableResource<Department, Contracts.Hospital.Department>(db)
{
    private static readonly QueryableFields<Department> QueryFields = new QueryableFields<Department>("name", d => d.Id)
    {
        { "id", d => d.Id, Selectivity.High },
        { "hospital_id", d => d.HospitalId },
        { "name", d => d.Name },
        { "code", d => d.Code },
        { "location", d => d.Location },
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
