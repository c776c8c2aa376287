using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Resources;

namespace MedCor.Hospital.Hospitals;

internal sealed class VisibleHospitals(HospitalDb db) : Resource<Hospital, Contracts.Hospital.Hospital>(db)
{
    private static readonly Fields<Hospital> All = new Fields<Hospital>("name", h => h.Id)
    {
        { "id", h => h.Id, Selects.Few },
        { "name", h => h.Name },
        { "subdomain", h => h.Subdomain },
        { "registration_number", h => h.RegistrationNumber },
        { "city", h => h.City },
        { "state", h => h.State },
        { "country", h => h.Country },
        { "hospital_type", h => h.HospitalType },
        { "time_zone", h => h.TimeZone },
        { "is_active", h => h.IsActive },
        { "created_at", h => h.CreatedAt },
        { "updated_at", h => h.UpdatedAt },
    }
        .Searched(h => h.Name + " " + h.City + " " + h.Subdomain);

    protected override Fields<Hospital> Fields => All;
    protected override string Thing => "hospital";
    protected override IQueryable<Hospital> Rows => db.Hospitals;
    protected override Contracts.Hospital.Hospital Show(Hospital row) => row.ToContract();
}
