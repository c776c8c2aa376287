using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Resources;

namespace MedCor.Hospital.Departments;

internal sealed class VisibleDepartments(HospitalDb db) : Resource<Department, Contracts.Hospital.Department>(db)
{
    private static readonly Fields<Department> All = new Fields<Department>("name", d => d.Id)
    {
        { "id", d => d.Id, Selects.Few },
        { "hospital_id", d => d.HospitalId },
        { "name", d => d.Name },
        { "code", d => d.Code },
        { "location", d => d.Location },
        { "is_active", d => d.IsActive },
        { "created_at", d => d.CreatedAt },
        { "updated_at", d => d.UpdatedAt },
    }
        .Searched(d => d.Name + " " + d.Code + " " + (d.Description ?? ""));

    protected override Fields<Department> Fields => All;
    protected override string Thing => "department";
    protected override IQueryable<Department> Rows => db.Departments;
    protected override Contracts.Hospital.Department Show(Department row) => row.ToContract();
}
