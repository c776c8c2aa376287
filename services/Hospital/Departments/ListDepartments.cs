using MedCor.Contracts;
using MedCor.Contracts.Hospital;
using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Hospital.Departments;

internal sealed class ListDepartmentsHandler(HospitalDb db) : IHandle<ListDepartments, Page<Contracts.Hospital.Department>>
{
    private static readonly SortFields<Department> Sort = new SortFields<Department>("name")
    {
        { "name", d => d.Name },
        { "code", d => d.Code },
        { "created_at", d => d.CreatedAt },
        { "updated_at", d => d.UpdatedAt },
    }.Then(d => d.Id);

    public Task<Page<Contracts.Hospital.Department>> Handle(ListDepartments asked, CancellationToken ct)
    {
        var departments = db.Departments;
        if (asked.HospitalId is { } hospital) departments = departments.Where(d => d.HospitalId == hospital);
        if (asked.TriageLevel is { } level) departments = departments.Where(d => d.TriageLevels.Contains(level));
        if (asked.IsActive is { } active) departments = departments.Where(d => d.IsActive == active);
        if (asked.Search is { Length: > 0 } search)
        {
            var like = Like.Containing(search);
            departments = departments.Where(d => EF.Functions.ILike(d.Name, like) || EF.Functions.ILike(d.Code, like) || EF.Functions.ILike(d.Description!, like));
        }
        return departments.Page(asked, Sort, d => d.ToContract(), ct);
    }
}
