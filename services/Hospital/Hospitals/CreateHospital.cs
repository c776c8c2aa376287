using MedCor.Contracts.Hospital;
using MedCor.ServiceDefaults.Database;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Hospital.Hospitals;

internal sealed class CreateHospitalHandler(HospitalDb db) : IHandle<CreateHospital, Contracts.Hospital.Hospital>
{
    public async Task<Contracts.Hospital.Hospital> Handle(CreateHospital asked, CancellationToken ct)
    {
        var hospital = new Hospital
        {
            Name = asked.Name,
            Subdomain = asked.Subdomain,
            RegistrationNumber = asked.RegistrationNumber,
            Email = asked.Email,
            PhoneNumber = asked.PhoneNumber,
            AddressLine1 = asked.AddressLine1,
            AddressLine2 = asked.AddressLine2,
            City = asked.City,
            State = asked.State,
            Country = asked.Country,
            PostalCode = asked.PostalCode,
            HospitalType = asked.HospitalType,
            TimeZone = asked.TimeZone,
            MaxOpenPatientBookings = asked.MaxOpenPatientBookings,
        };
        db.Add(hospital);
        db.Raise(() => new HospitalCreated(hospital.ToContract()));
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException e) when (e.Violates("hospitals_subdomain"))
        {
            throw new Conflict($"Another hospital has the subdomain {asked.Subdomain}.").With("field", "subdomain");
        }
        catch (DbUpdateException e) when (e.Violates("hospitals_registration_number"))
        {
            throw new Conflict("Another hospital has this registration number.").With("field", "registration_number");
        }
        return hospital.ToContract();
    }
}
