using MedCor.Contracts;
using MedCor.Contracts.Hospital;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Hospital.Departments;

internal sealed class ListDepartmentsHandler(VisibleDepartments departments) : IHandle<ListDepartments, Page<Contracts.Hospital.Department>>
{
    public Task<Page<Contracts.Hospital.Department>> Handle(ListDepartments asked, CancellationToken ct) => departments.Page(asked, list =>
    {
        list.Where("hospital_id", asked.HospitalId).Where("is_active", asked.IsActive).Search("search", asked.Search);
        if (asked.TriageLevel is { } level) list.Where(d => d.TriageLevels.Contains(level));
    }, ct);
}
