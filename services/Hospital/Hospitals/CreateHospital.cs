using MedCor.Contracts;
using MedCor.Contracts.Hospital;
using MedCor.Platform.Database;
using MedCor.Platform.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Hospital.Hospitals;

internal sealed class CreateHospitalHandler(HospitalDb db) : IToolHandler<CreateHospital, Contracts.Hospital.Hospital>
{
    public async Task<Contracts.Hospital.Hospital> HandleAsync(CreateHospital request, CancellationToken ct)
    {
        var hospital = new Hospital
        {
            Name = request.Name,
            Subdomain = request.Subdomain,
            RegistrationNumber = request.RegistrationNumber,
            Email = request.Email,
            PhoneNumber = request.PhoneNumber,
            AddressLine1 = request.AddressLine1,
            AddressLine2 = request.AddressLine2,
            City = request.City,
            State = request.State,
            Country = request.Country,
            PostalCode = request.PostalCode,
            HospitalType = request.HospitalType,
            TimeZone = request.TimeZone,
            MaxOpenPatientBookings = request.MaxOpenPatientBookings,
        };
        db.Add(hospital);
        hospital.RaiseChanged(db, h => new HospitalCreated(h));
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException e) when (e.ViolatesConstraint("hospitals_subdomain"))
        {
            throw new Conflict($"Another hospital has the subdomain {request.Subdomain}.").WithDetail("field", "subdomain");
        }
        catch (DbUpdateException e) when (e.ViolatesConstraint("hospitals_registration_number")
            || e.ViolatesConstraint("hospitals_registration_number_any_case"))
        {
            throw new Conflict("Another hospital has this registration number.").WithDetail("field", "registration_number");
        }
        return hospital.ToContract();
    }
}
