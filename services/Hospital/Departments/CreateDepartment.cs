using MedCor.Contracts.Hospital;
using MedCor.ServiceDefaults.Database;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Hospital.Departments;

internal sealed class CreateDepartmentHandler(HospitalDb db) : IHandle<CreateDepartment, Contracts.Hospital.Department>
{
    public async Task<Contracts.Hospital.Department> Handle(CreateDepartment asked, CancellationToken ct)
    {
        var id = asked.HospitalId ?? db.Tenancy.Hospital ?? throw new Invalid("hospital_id", "is required: platform administrators belong to no hospital");
        var hospital = await db.Hospitals.AsNoTracking().SingleOrDefaultAsync(h => h.Id == id, ct) ?? throw new Missing("hospital");
        if (!hospital.IsActive) throw new Conflict("The hospital is out of use.");

        var department = new Department
        {
            HospitalId = hospital.Id,
            Name = asked.Name,
            Code = asked.Code,
            Description = asked.Description,
            PhoneNumber = asked.PhoneNumber,
            Location = asked.Location,
            TriageLevels = [.. (asked.TriageLevels ?? []).Order()],
        };
        db.Add(department);
        db.Raise(() => new DepartmentCreated(department.ToContract()));
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException e) when (e.Violates("departments_code"))
        {
            throw new Conflict($"Another department of the hospital has the code {asked.Code}.").With("field", "code");
        }
        return department.ToContract();
    }
}
