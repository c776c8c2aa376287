using MedCor.Contracts.Hospital;
using MedCor.ServiceDefaults.Demo;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Hospital;

internal sealed class DemoData(HospitalDb db) : IDemoData
{
    public async Task Seed(CancellationToken ct)
    {
        if (await db.Hospitals.AnyAsync(ct)) return;

        foreach (var demo in DemoHouse.Hospitals)
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
            };
            db.Add(hospital);
            db.Raise(() => new HospitalCreated(hospital.ToContract()));
        }
        await db.SaveChangesAsync(ct);
    }
}
