using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Resources;

namespace MedCor.Hospital.Hospitals;

internal sealed class HospitalResource(HospitalDb db) : QueryableResource<Hospital, Contracts.Hospital.Hospital>(db)
{
    private static readonly QueryableFields<Hospital> QueryFields = new QueryableFields<Hospital>("name", h => h.Id)
    {
        { "id", h => h.Id, Selectivity.High },
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
        .WithSearch(h => h.Name + " " + h.City + " " + h.Subdomain);

    protected override QueryableFields<Hospital> Fields => QueryFields;
    protected override string EntityName => "hospital";
    protected override IQueryable<Hospital> Rows => db.Hospitals;
    protected override Contracts.Hospital.Hospital ToContract(Hospital row) => row.ToContract();
}
