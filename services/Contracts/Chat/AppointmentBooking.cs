using System.ComponentModel.DataAnnotations;

namespace MedCor.Contracts.Chat;

/// <summary>What may be known before a visit is booked.</summary>
/// <param name="PatientId">Who comes; patients book for themselves.</param>
/// <param name="PreferredDate">From which day on free times are offered, by the clocks of the hospital.</param>
/// <param name="HospitalId">Your own hospital unless given; platform administrators must say which.</param>
public sealed record BookingStart(Guid? PatientId = null, DateOnly? PreferredDate = null, Guid? HospitalId = null) : IPromptInitialData;

/// <summary>Who comes.</summary>
/// <param name="PatientId">The patient.</param>
/// <param name="Search">Instead: words of a name or e-mail address, as list_patients takes them, to be offered those that have them all.</param>
public sealed record SelectPatient(Guid? PatientId = null, [property: MaxLength(200)] string? Search = null);

/// <summary>What the visit is about.</summary>
/// <param name="Reason">Why the patient comes, in their own words.</param>
/// <param name="SpecialtyId">The specialty it belongs to; any unless given.</param>
public sealed record DescribeConcern([property: Length(1, 500), Multiline] string Reason, Guid? SpecialtyId = null);

/// <summary>Whom the patient wants to see.</summary>
/// <param name="DoctorId">The doctor.</param>
/// <param name="Recommend">Instead: the one who is free first.</param>
public sealed record ChooseDoctor(Guid? DoctorId = null, bool Recommend = false);

/// <summary>When the patient comes.</summary>
/// <param name="AppointmentDate">The day, by the clocks of the hospital.</param>
/// <param name="AppointmentTime">When it begins; without it, the free times of the day are offered.</param>
public sealed record PickTime(DateOnly AppointmentDate, TimeOnly? AppointmentTime = null);

/// <summary>Whether all is as it should be.</summary>
/// <param name="Confirm">True books the visit.</param>
/// <param name="Notes">What else those involved should know.</param>
public sealed record ConfirmBooking(bool Confirm, [property: MaxLength(2000), Multiline] string? Notes = null);

/// <summary>That the confirmation may go out.</summary>
public sealed record SendConfirmation;

/// <summary>The word to patient and doctor that a visit is agreed upon.</summary>
/// <param name="Id">The appointment's.</param>
/// <param name="TimeZone">IANA name of the zone that date and time are meant in.</param>
public sealed record Confirmation(
    Guid Id,
    Guid HospitalId,
    Guid PatientId,
    Guid DoctorId,
    DateOnly AppointmentDate,
    TimeOnly AppointmentTime,
    string TimeZone,
    DateTimeOffset SentAt);

/// <summary>Patient and doctor are told that a visit is agreed upon: live, to whoever of them listens; no letter and no e-mail goes out.</summary>
public sealed record AppointmentConfirmed(Confirmation Confirmation, long Version) : IntegrationEvent(Confirmation.HospitalId, Version)
{
    public override LiveUpdate LiveUpdate => new("confirmations", Change.Created, Confirmation, new(Callers.Staff, Confirmation.PatientId), AdditionalEventName: "appointment_confirmed");
}
