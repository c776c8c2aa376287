using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using MedCor.Contracts.Clinical;

namespace MedCor.Contracts.Hospital;

/// <summary>Represents a hospital: a tenant, isolated from all others.</summary>
/// <param name="Id"><example>"01980000-0000-7000-8001-000000000000"</example></param>
/// <param name="Name"><example>"General"</example></param>
/// <param name="Subdomain"><example>"general"</example></param>
/// <param name="RegistrationNumber"><example>"DE-BE-2026-0117"</example></param>
/// <param name="Email"><example>"office@general.example"</example></param>
/// <param name="PhoneNumber"><example>"+49 30 5550112"</example></param>
/// <param name="AddressLine1"><example>"Lindenstrasse 12"</example></param>
/// <param name="AddressLine2"><example>"House B"</example></param>
/// <param name="City"><example>"Berlin"</example></param>
/// <param name="State"><example>"Berlin"</example></param>
/// <param name="Country"><example>"Germany"</example></param>
/// <param name="PostalCode"><example>"10117"</example></param>
/// <param name="HospitalType"><example>"General"</example></param>
/// <param name="TimeZone">The IANA name of the hospital's time zone. <example>"Europe/Berlin"</example></param>
/// <param name="MaxOpenPatientBookings">
/// The maximum number of upcoming appointments that a patient may have booked themselves; with 0, only staff book. Staff are not limited by it.
/// <example>3</example>
/// </param>
[Resource("hospitals", Callers.Everyone)]
[Audited(AuditKind.Administration, RecordsReads = false)]
public sealed record Hospital(
    Guid Id,
    string Name,
    string Subdomain,
    string RegistrationNumber,
    string Email,
    string PhoneNumber,
    string AddressLine1,
    string? AddressLine2,
    string City,
    string? State,
    string Country,
    string PostalCode,
    string HospitalType,
    string TimeZone,
    bool IsActive,
    long Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    [property: NeverNullInResponse] int? MaxOpenPatientBookings)
{
    /// <summary>The default maximum number of upcoming appointments that a patient may have booked themselves.</summary>
    public const int DefaultMaxOpenPatientBookings = 3;

    /// <summary>The highest value that a hospital can set for this maximum.</summary>
    public const int HighestMaxOpenPatientBookings = 100;
}

/// <summary>Represents a hospital after a change.</summary>
/// <param name="RegistrationNumber"><example>"DE-BE-2026-0117"</example></param>
/// <param name="Email"><example>"patient@general.example"</example></param>
/// <param name="PhoneNumber"><example>"+49 30 5550112"</example></param>
/// <param name="AddressLine1"><example>"Lindenstrasse 12"</example></param>
/// <param name="AddressLine2"><example>"House B"</example></param>
/// <param name="City"><example>"Berlin"</example></param>
/// <param name="State"><example>"Berlin"</example></param>
/// <param name="Country"><example>"Germany"</example></param>
/// <param name="PostalCode"><example>"10117"</example></param>
/// <param name="HospitalType"><example>"General"</example></param>
/// <param name="TimeZone">The IANA name of the hospital's time zone. <example>"Europe/Berlin"</example></param>
/// <param name="MaxOpenPatientBookings">
/// The maximum number of upcoming appointments that a patient may have booked themselves; with 0, only staff book. Staff are not limited by it.
/// <example>3</example>
/// </param>
/// <param name="Affected">
/// After a change of the time zone: the upcoming appointments, at most 100, the earliest first. Each keeps the instant for which it was booked and is still
/// listed in the time zone in which it was booked; in the new time zone its date and time differ. Null if the time zone did not change.
/// </param>
/// <param name="AffectedCount">
/// After a change of the time zone: the number of upcoming appointments, counted up to 10,000. Null if the time zone did not change.
/// </param>
[Audited(AuditKind.Administration, "hospitals")]
public sealed record UpdatedHospital(
    Guid Id,
    string Name,
    string Subdomain,
    string RegistrationNumber,
    string Email,
    string PhoneNumber,
    string AddressLine1,
    string? AddressLine2,
    string City,
    string? State,
    string Country,
    string PostalCode,
    string HospitalType,
    string TimeZone,
    bool IsActive,
    long Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    int MaxOpenPatientBookings,
    [property: MaxLength(100)] IReadOnlyList<RezonedAppointment>? Affected,
    long? AffectedCount);

/// <summary>
/// Represents an appointment whose local time differs from the agreed one because its hospital changed its time zone. Its instant is unchanged.
/// </summary>
/// <param name="StartsAt">The instant at which the appointment begins, unchanged. <example>"2027-03-01T13:00:00Z"</example></param>
/// <param name="AppointmentDate">The date for which the appointment was booked, in <c>time_zone</c>. <example>"2027-03-01"</example></param>
/// <param name="AppointmentTime">The time for which the appointment was booked, in <c>time_zone</c>. <example>"14:00:00"</example></param>
/// <param name="TimeZone">The time zone in which the appointment was booked and is still listed. <example>"Europe/Berlin"</example></param>
/// <param name="NewDate">The date on which the appointment begins in the hospital's new time zone. <example>"2027-03-01"</example></param>
/// <param name="NewTime">The time at which the appointment begins in the hospital's new time zone. <example>"08:00:00"</example></param>
/// <param name="NewTimeZone">The hospital's new time zone. <example>"America/New_York"</example></param>
public sealed record RezonedAppointment(
    Guid Id,
    Guid PatientId,
    Guid DoctorId,
    DateTimeOffset StartsAt,
    DateOnly AppointmentDate,
    TimeOnly AppointmentTime,
    string TimeZone,
    DateOnly NewDate,
    TimeOnly NewTime,
    string NewTimeZone);

/// <summary>Lists the hospitals that you may see, by name.</summary>
/// <param name="Search">
/// Search words, all of which must occur in the name, city or subdomain, in any order. Words of one or two letters match the beginning of a word, longer ones
/// match anywhere. Case and accents are ignored.
/// <example>"General"</example>
/// </param>
/// <param name="IsActive">Whether to list only active (true) or only inactive (false) hospitals.</param>
[Tool("list_hospitals", Effect.Read, Callers.Everyone)]
public sealed record ListHospitals([property: MaxLength(200)] string? Search = null, bool? IsActive = null) : PagedTool<Hospital>;

/// <summary>Returns one hospital.</summary>
/// <param name="HospitalId">The ID of the hospital.</param>
[Tool("get_hospital", Effect.Read, Callers.Everyone)]
public sealed record GetHospital(Guid HospitalId) : ITool<Hospital>;

/// <summary>Creates a hospital. Its subdomain and its registration number must be unique, ignoring case.</summary>
/// <param name="Name">The name. <example>"Lakeside"</example></param>
/// <param name="Subdomain">A short name for addresses, unique. <example>"lakeside"</example></param>
/// <param name="RegistrationNumber">The number under which the authorities know the hospital; unique.</param>
/// <param name="Email">The e-mail address of the hospital. <example>"office@lakeside.example"</example></param>
/// <param name="PhoneNumber">The phone number.</param>
/// <param name="AddressLine1">Street and number.</param>
/// <param name="City">The city.</param>
/// <param name="Country">The country.</param>
/// <param name="PostalCode">The postal code.</param>
/// <param name="HospitalType">The kind of hospital, such as General.</param>
/// <param name="State">The state or province.</param>
/// <param name="AddressLine2">Further parts of the address.</param>
/// <param name="TimeZone">The IANA name of the hospital's time zone, such as Europe/Berlin; UTC by default.</param>
/// <param name="MaxOpenPatientBookings">The maximum number of upcoming appointments that a patient may have booked themselves; with 0, only staff book.</param>
[Tool("create_hospital", Effect.Create, Callers.Platform)]
public sealed record CreateHospital(
    [property: Length(1, 200)] string Name,
    [property: RegularExpression("[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?",
        ErrorMessage = "must be a DNS label: a to z, 0 to 9 and hyphens, at most 63 characters")] string Subdomain,
    [property: Length(1, 100)] string RegistrationNumber,
    [property: EmailAddress, MaxLength(254)] string Email,
    [property: PhoneNumber, Length(3, 40)] string PhoneNumber,
    [property: Length(1, 200)] string AddressLine1,
    [property: Length(1, 100)] string City,
    [property: Length(1, 100)] string Country,
    [property: Length(1, 20)] string PostalCode,
    [property: Length(1, 100)] string HospitalType,
    [property: MaxLength(100)] string? State = null,
    [property: MaxLength(200)] string? AddressLine2 = null,
    [property: TimeZoneName] string TimeZone = "UTC",
    [property: Range(0, Hospital.HighestMaxOpenPatientBookings), DefaultValue(
        Hospital.DefaultMaxOpenPatientBookings)] int MaxOpenPatientBookings = Hospital.DefaultMaxOpenPatientBookings) : ITool<Hospital>;

/// <summary>
/// Changes a hospital. Omitted fields stay unchanged, and null clears fields that may be empty. If the time zone changes, the doctors' schedules apply in the
/// new one at once, while booked appointments keep their instants: the result lists them as affected, each with the agreed local time and the new one. A
/// hospital that is activated again is as delete_hospital left it: its users log in again, its appointments are booked, and its subscription continues unless
/// its period ended; then create_subscription starts one.
/// </summary>
/// <param name="HospitalId">The ID of the hospital.</param>
/// <param name="Name">The new name. <example>"General"</example></param>
/// <param name="Email">The new e-mail address. <example>"office@general.example"</example></param>
/// <param name="PhoneNumber">The new phone number.</param>
/// <param name="AddressLine1">The new street and number.</param>
/// <param name="AddressLine2">The new further parts of the address.</param>
/// <param name="City">The new city.</param>
/// <param name="State">The new state or province.</param>
/// <param name="Country">The new country.</param>
/// <param name="PostalCode">The new postal code.</param>
/// <param name="HospitalType">The new kind of hospital.</param>
/// <param name="TimeZone">The IANA name of the hospital's time zone.</param>
/// <param name="MaxOpenPatientBookings">
/// The maximum number of upcoming appointments that a patient may have booked themselves; with 0, only staff book. Patients who have more keep them.
/// </param>
/// <param name="IsActive">true activates a hospital again; only platform administrators may do so. delete_hospital deactivates a hospital.</param>
/// <param name="ExpectedVersion">The expected version of the hospital; the change is rejected if the hospital is no longer at this version.</param>
[Tool("update_hospital", Effect.Update, Callers.Admins)]
public sealed record UpdateHospital(
    Guid HospitalId,
    [property: Length(1, 200)] string? Name = null,
    [property: EmailAddress, MaxLength(254)] string? Email = null,
    [property: PhoneNumber, Length(3, 40)] string? PhoneNumber = null,
    [property: Length(1, 200)] string? AddressLine1 = null,
    [property: MaxLength(200)] Optional<string?> AddressLine2 = default,
    [property: Length(1, 100)] string? City = null,
    [property: MaxLength(100)] Optional<string?> State = default,
    [property: Length(1, 100)] string? Country = null,
    [property: Length(1, 20)] string? PostalCode = null,
    [property: Length(1, 100)] string? HospitalType = null,
    [property: TimeZoneName] string? TimeZone = null,
    [property: Range(0, Hospital.HighestMaxOpenPatientBookings)] int? MaxOpenPatientBookings = null,
    [property: AllowedValues(true, null, ErrorMessage = "can only be true: use delete_hospital to deactivate a hospital")] bool? IsActive = null,
    [property: NotAField] long? ExpectedVersion = null) : ITool<UpdatedHospital>;

/// <summary>
/// Deactivates a hospital. Its users can no longer log in, nothing can be booked there, and its subscription ends with the period that is paid for. No data is
/// deleted, and appointments stay booked. update_hospital with is_active true activates it again.
/// </summary>
/// <param name="HospitalId">The ID of the hospital.</param>
[Tool("delete_hospital", Effect.Delete, Callers.Platform, RequiresStepUp = true)]
public sealed record DeleteHospital(Guid HospitalId) : ITool<Hospital>;

/// <summary>Represents an event about a hospital.</summary>
public abstract record HospitalEvent(Hospital Hospital) : IntegrationEvent(Hospital.Id, Hospital.Version)
{
    /// <summary>Gets the periods in which the hospital was active; null from a replica of a version that did not record them.</summary>
    public ActivePeriods? ActivePeriods { get; init; }
}

/// <summary>Represents the event that a hospital was created.</summary>
[LiveResource("hospitals")]
public sealed record HospitalCreated(Hospital Hospital) : HospitalEvent(Hospital)
{
    public override LiveUpdate LiveUpdate => new(Change.Created, Hospital, new(Callers.Everyone));
}

/// <summary>Represents the event that a hospital was changed.</summary>
[LiveResource("hospitals")]
public sealed record HospitalUpdated(Hospital Hospital) : HospitalEvent(Hospital)
{
    public override LiveUpdate LiveUpdate => new(Change.Updated, Hospital, new(Callers.Everyone));
}

/// <summary>Represents the event that a hospital was deactivated.</summary>
[LiveResource("hospitals")]
public sealed record HospitalDeactivated(Hospital Hospital) : HospitalEvent(Hospital)
{
    public override LiveUpdate LiveUpdate => new(Change.Deleted, Hospital, new(Callers.Everyone));
}
