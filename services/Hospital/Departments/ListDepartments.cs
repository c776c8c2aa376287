using MedCor.Contracts;
using MedCor.Contracts.Hospital;
using MedCor.Platform.Tools;

namespace MedCor.Hospital.Departments;

internal sealed class ListDepartmentsHandler(DepartmentResource departments) : IToolHandler<ListDepartments, Page<Contracts.Hospital.Department>>
{
    public Task<Page<Contracts.Hospital.Department>> HandleAsync(ListDepartments request, CancellationToken ct) => departments.ReadPageAsync(request, list =>
    {
        list.Where("hospital_id", request.HospitalId).Where("is_active", request.IsActive).Search("search", request.Search);
        if (request.TriageLevel is { } level) list.Where(d => d.TriageLevels.Contains(level));
    }, ct);
}
