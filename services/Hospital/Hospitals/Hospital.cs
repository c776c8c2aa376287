using MedCor.Contracts;
using MedCor.Contracts.Hospital;
using MedCor.Platform.Database;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Hospital.Hospitals;

[NoPersonalData]
internal sealed class Hospital : Entity, ITenantOwned
{
    public required string Name { get; set; }
    public required string Subdomain { get; init; }
    public required string RegistrationNumber { get; init; }
    public required string Email { get; set; }
    public required string PhoneNumber { get; set; }
    public required string AddressLine1 { get; set; }
    public string? AddressLine2 { get; set; }
    public required string City { get; set; }
    public string? State { get; set; }
    public required string Country { get; set; }
    public required string PostalCode { get; set; }
    public required string HospitalType { get; set; }
    public required string TimeZone { get; set; }
    public required int MaxOpenPatientBookings { get; set; }
    public bool IsActive { get; set; } = true;

    /// <summary>Gets or sets the periods in which the hospital was active.</summary>
    public ActivePeriods ActivePeriods { get; set; } = ActivePeriods.None;

    /// <summary>Gets the id of the hospital itself: a hospital is its own tenant.</summary>
    public Guid HospitalId { get => Id; private init { } }

    /// <summary>Raises the event that describes the hospital after a change.</summary>
    internal void RaiseChanged(TenantDb db, Func<Contracts.Hospital.Hospital, HospitalEvent> create)
    {
        ActivePeriods = ActivePeriods.Continue(IsActive, db.UtcNow);
        db.Raise(() => ToEvent(create));
    }

    internal HospitalEvent ToEvent(Func<Contracts.Hospital.Hospital, HospitalEvent> create) => create(ToContract()) with { ActivePeriods = ActivePeriods };

    internal Contracts.Hospital.Hospital ToContract() => new(
        Id: Id,
        Name: Name,
        Subdomain: Subdomain,
        RegistrationNumber: RegistrationNumber,
        Email: Email,
        PhoneNumber: PhoneNumber,
        AddressLine1: AddressLine1,
        AddressLine2: AddressLine2,
        City: City,
        State: State,
        Country: Country,
        PostalCode: PostalCode,
        HospitalType: HospitalType,
        TimeZone: TimeZone,
        IsActive: IsActive,
        Version: Version,
        CreatedAt: CreatedAt,
        UpdatedAt: UpdatedAt,
        MaxOpenPatientBookings: MaxOpenPatientBookings);

    internal sealed class Configuration : IEntityTypeConfiguration<Hospital>
    {
        public void Configure(EntityTypeBuilder<Hospital> hospital)
        {
            hospital.ToTable("hospitals").HasKey(h => h.Id);
        }
    }
}
