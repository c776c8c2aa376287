using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace MedCor.Contracts.Hospital;

/// <summary>A hospital: a tenant, sealed off from every other.</summary>
/// <param name="TimeZone">IANA name of the zone in which its clocks run.</param>
/// <param name="MaxOpenPatientBookings">How many appointments still to come a patient may hold that they booked themselves; with 0 only staff book. Staff are not bound by it.</param>
[Resource("hospitals", Callers.Everyone)]
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
    /// <summary>How many open bookings of their own making a patient may hold unless the hospital says otherwise.</summary>
    public const int DefaultMaxOpenPatientBookings = 3;

    /// <summary>The most that a hospital can allow.</summary>
    public const int HighestMaxOpenPatientBookings = 100;
}

/// <summary>A hospital that was changed.</summary>
/// <param name="TimeZone">IANA name of the zone in which its clocks run.</param>
/// <param name="MaxOpenPatientBookings">How many appointments still to come a patient may hold that they booked themselves; with 0 only staff book. Staff are not bound by it.</param>
/// <param name="Affected">
/// After a change of the time zone: the appointments still to come, at most 100, the next first. Each stays at the instant for which it was booked, and goes on to be listed by the
/// clocks that it was booked by; on those of the new zone it now reads otherwise. Null when the zone stayed.
/// </param>
/// <param name="AffectedCount">After a change of the time zone: how many appointments are still to come, counted to 10,000. Null when the zone stayed.</param>
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

/// <summary>An appointment at which the clocks of its hospital now show another time than the one that was agreed. Its instant is as it was.</summary>
/// <param name="StartsAt">The instant at which it begins, then as now.</param>
/// <param name="AppointmentDate">The day for which it was booked, by the clocks of <paramref name="TimeZone"/>.</param>
/// <param name="AppointmentTime">The time for which it was booked, by the clocks of <paramref name="TimeZone"/>.</param>
/// <param name="TimeZone">The zone that it was booked in and goes on to be listed in.</param>
/// <param name="NewDate">The day on which it begins by the hospital's clocks from now on.</param>
/// <param name="NewTime">The time at which it begins by the hospital's clocks from now on.</param>
/// <param name="NewTimeZone">The hospital's zone from now on.</param>
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
/// <param name="Search">Words that the name, city or subdomain must have, all of them, in any order: one or two letters from the beginning of a word, more anywhere. Case and accents make no difference.</param>
/// <param name="IsActive">Only those in use, or only those out of use.</param>
[Tool("list_hospitals", Effect.Read, Callers.Everyone)]
public sealed record ListHospitals([property: MaxLength(200)] string? Search = null, bool? IsActive = null) : PagedTool<Hospital>;

/// <summary>Shows one hospital.</summary>
[Tool("get_hospital", Effect.Read, Callers.Everyone)]
public sealed record GetHospital(Guid HospitalId) : ITool<Hospital>;

/// <summary>Opens a hospital. Its subdomain and registration number must be its own, whatever their case.</summary>
/// <param name="TimeZone">IANA name of the zone in which its clocks run, such as Europe/Berlin; UTC unless given.</param>
/// <param name="MaxOpenPatientBookings">How many appointments still to come a patient may hold that they booked themselves; with 0 only staff book.</param>
[Tool("create_hospital", Effect.Create, Callers.Platform)]
public sealed record CreateHospital(
    [property: Length(1, 200)] string Name,
    [property: RegularExpression("[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", ErrorMessage = "must be a DNS label: a to z, 0 to 9 and hyphens, at most 63 characters")] string Subdomain,
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
    [property: Range(0, Hospital.HighestMaxOpenPatientBookings), DefaultValue(Hospital.DefaultMaxOpenPatientBookings)] int MaxOpenPatientBookings = Hospital.DefaultMaxOpenPatientBookings) : ITool<Hospital>;

/// <summary>
/// Changes a hospital; what is not given stays as it is, and null clears what may be without a value. With another time zone the doctors' schedules are meant by the new clocks at once, while appointments that are booked stay at their
/// instants: the answer lists them as affected, each with the time that was agreed and the one that the clocks now show. A hospital that comes back into use is as delete_hospital left it: its users log in anew, its
/// appointments are still booked, also those whose time has passed, and its subscription goes on unless its period ended meanwhile; then create_subscription begins a new one.
/// </summary>
/// <param name="TimeZone">IANA name of the zone in which its clocks run.</param>
/// <param name="MaxOpenPatientBookings">How many appointments still to come a patient may hold that they booked themselves; with 0 only staff book. Those who hold more keep them.</param>
/// <param name="IsActive">true takes a hospital back into use, by the platform's administrators alone; delete_hospital takes it out of use.</param>
/// <param name="ExpectedVersion">Refuses the change if the hospital is no longer at this version.</param>
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
    [property: AllowedValues(true, null, ErrorMessage = "can only be true: delete_hospital takes a hospital out of use")] bool? IsActive = null,
    [property: NotAField] long? ExpectedVersion = null) : ITool<UpdatedHospital>;

/// <summary>
/// Takes a hospital out of use: its users can no longer log in, nothing is booked there, and its subscription ends with the period that is paid for. Nothing of it is deleted, and appointments stay booked.
/// update_hospital with is_active true takes it back into use.
/// </summary>
[Tool("delete_hospital", Effect.Delete, Callers.Platform)]
public sealed record DeleteHospital(Guid HospitalId) : ITool<Hospital>;

/// <summary>A hospital opened.</summary>
public sealed record HospitalCreated(Hospital Hospital) : IntegrationEvent(Hospital.Id, Hospital.Version)
{
    public override LiveUpdate LiveUpdate => new("hospitals", Change.Created, Hospital, new(Callers.Everyone));
}

/// <summary>A hospital changed.</summary>
public sealed record HospitalUpdated(Hospital Hospital) : IntegrationEvent(Hospital.Id, Hospital.Version)
{
    public override LiveUpdate LiveUpdate => new("hospitals", Change.Updated, Hospital, new(Callers.Everyone));
}

/// <summary>A hospital went out of use.</summary>
public sealed record HospitalDeactivated(Hospital Hospital) : IntegrationEvent(Hospital.Id, Hospital.Version)
{
    public override LiveUpdate LiveUpdate => new("hospitals", Change.Deleted, Hospital, new(Callers.Everyone));
}
