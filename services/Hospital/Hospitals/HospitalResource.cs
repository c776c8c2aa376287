using MedCor.Platform.Database;
using MedCor.Platform.Querying;
using MedCor.Platform.Resources;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Hospital.Hospitals;

internal sealed class HospitalResource(HospitalDb db) : QueryableResource<Hospital, Contracts.Hospital.Hospital>(db)
{
    private static readonly QueryableFields<Hospital> QueryFields = new QueryableFields<Hospital>("name", h => h.Id)
    {
        { "id", h => h.Id, Selectivity.High },
        { "name", h => EF.Functions.Collate(h.Name, TextFunctions.NameCollation) },
        { "subdomain", h => h.Subdomain },
        { "registration_number", h => EF.Functions.Collate(h.RegistrationNumber, TextFunctions.NameCollation) },
        { "city", h => EF.Functions.Collate(h.City, TextFunctions.NameCollation) },
        { "state", h => EF.Functions.Collate(h.State, TextFunctions.NameCollation) },
        { "country", h => EF.Functions.Collate(h.Country, TextFunctions.NameCollation) },
        { "hospital_type", h => EF.Functions.Collate(h.HospitalType, TextFunctions.NameCollation) },
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
