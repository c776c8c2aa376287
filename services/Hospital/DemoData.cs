using MedCor.Contracts.Hospital;
using MedCor.DemoData;
using MedCor.Platform.DemoData;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Hospital;

internal sealed class DemoData(HospitalDb db) : IDemoDataSeeder
{
    private static readonly (string Code, string Name, string Description, int[] TriageLevels)[] DepartmentsPerHospital =
    [
        ("EMER", "Emergency", "For all that cannot wait, day and night", [1, 2, 3]),
        ("WALK", "Walk-in Clinic", "For what needs little and can wait a while", [4, 5]),
        ("CARD", "Cardiology", "Heart and circulation", []),
        ("PED", "Pediatrics", "Children and adolescents", []),
        ("ORTH", "Orthopedics", "Bones, joints and muscles", []),
    ];

    public async Task SeedAsync(CancellationToken ct)
    {
        if (!await db.Hospitals.AnyAsync(ct)) AddHospitals();
        if (!await db.Departments.AnyAsync(ct)) AddDepartments();
        await db.SaveChangesAsync(ct);
    }

    private void AddDepartments()
    {
        foreach (var hospital in DemoTenants.Hospitals)
            foreach (var (code, name, description, levels) in DepartmentsPerHospital)
            {
                var department =
                    new Departments.Department { HospitalId = hospital.Id, Code = code, Name = name, Description = description, TriageLevels = levels };
                db.Add(department);
                db.Raise(() => new DepartmentCreated(department.ToContract()));
            }
    }

    private void AddHospitals()
    {
        foreach (var demo in DemoTenants.Hospitals)
        {
            var hospital = new Hospitals.Hospital
            {
                Id = demo.Id,
                Name = demo.Name,
                Subdomain = demo.Domain,
                RegistrationNumber = $"DEMO-{demo.Domain.ToUpperInvariant()}",
                Email = $"office@{demo.Domain}.example",
                PhoneNumber = "+1-555-0100",
                AddressLine1 = "1 Hospital Way",
                City = demo.City,
                Country = demo.Country,
                PostalCode = demo.PostalCode,
                HospitalType = "General",
                TimeZone = demo.TimeZone,
                MaxOpenPatientBookings = Contracts.Hospital.Hospital.DefaultMaxOpenPatientBookings,
                ActivePeriods = new([new(DemoTenants.Opened)]),
            };
            db.Add(hospital);
            hospital.RaiseChanged(db, h => new HospitalCreated(h));
        }
    }
}
