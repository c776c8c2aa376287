using MedCor.Contracts.Hospital;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Hospital.Hospitals;

internal sealed class UpdateHospitalHandler(HospitalDb db) : IHandle<UpdateHospital, Contracts.Hospital.Hospital>
{
    public async Task<Contracts.Hospital.Hospital> Handle(UpdateHospital asked, CancellationToken ct)
    {
        var hospital = await db.Hospitals.SingleOrDefaultAsync(h => h.Id == asked.HospitalId, ct) ?? throw new Missing("hospital");
        hospital.Expect(asked.ExpectedVersion);

        hospital.Name = asked.Name ?? hospital.Name;
        hospital.Email = asked.Email ?? hospital.Email;
        hospital.PhoneNumber = asked.PhoneNumber ?? hospital.PhoneNumber;
        hospital.AddressLine1 = asked.AddressLine1 ?? hospital.AddressLine1;
        hospital.AddressLine2 = asked.AddressLine2 ?? hospital.AddressLine2;
        hospital.City = asked.City ?? hospital.City;
        hospital.State = asked.State ?? hospital.State;
        hospital.Country = asked.Country ?? hospital.Country;
        hospital.PostalCode = asked.PostalCode ?? hospital.PostalCode;
        hospital.HospitalType = asked.HospitalType ?? hospital.HospitalType;
        hospital.TimeZone = asked.TimeZone ?? hospital.TimeZone;

        db.Raise(() => new HospitalUpdated(hospital.ToContract()));
        await db.SaveChangesAsync(ct);
        return hospital.ToContract();
    }
}
