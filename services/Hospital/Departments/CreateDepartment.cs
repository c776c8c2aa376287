using MedCor.Contracts;
using MedCor.Contracts.Hospital;
using MedCor.Platform.Database;
using MedCor.Platform.Tools;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Hospital.Departments;

internal sealed class CreateDepartmentHandler(HospitalDb db)
    : IToolHandler<CreateDepartment, Contracts.Hospital.Department>, IParameterValidator<CreateDepartment>
{
    public Task AddErrorsAsync(CreateDepartment request, ParameterErrors errors, CancellationToken ct)
    {
        db.Tenancy.RequireHospital(request.HospitalId, errors);
        return Task.CompletedTask;
    }

    public async Task<Contracts.Hospital.Department> HandleAsync(CreateDepartment request, CancellationToken ct)
    {
        var id = request.HospitalId ?? db.Tenancy.HospitalId;
        var hospital = await db.Hospitals.AsNoTracking().SingleOrDefaultAsync(h => h.Id == id, ct) ?? throw new NotFound("hospital");
        if (!hospital.IsActive) throw new Conflict("The hospital is inactive.");

        var department = new Department
        {
            HospitalId = hospital.Id,
            Name = request.Name,
            Code = request.Code,
            Description = request.Description,
            PhoneNumber = request.PhoneNumber,
            Location = request.Location,
            TriageLevels = [.. (request.TriageLevels ?? []).Order()],
        };
        db.Add(department);
        db.Raise(() => new DepartmentCreated(department.ToContract()));
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException e) when (e.ViolatesConstraint("departments_code"))
        {
            throw new Conflict($"Another department of the hospital has the code {request.Code}.").WithDetail("field", "code");
        }
        return department.ToContract();
    }
}
