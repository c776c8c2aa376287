using System.ComponentModel.DataAnnotations;

namespace MedCor.Contracts.Chat;

/// <summary>Represents the initial data of a booking.</summary>
/// <param name="PatientId">The ID of the patient; patients book only for themselves.</param>
/// <param name="PreferredDate">The first day for which free times are offered, in the hospital's time zone.</param>
/// <param name="HospitalId">The ID of the hospital; your own by default. Required for platform administrators.</param>
public sealed record BookingStart(Guid? PatientId = null, DateOnly? PreferredDate = null, Guid? HospitalId = null) : IPromptInitialData;

/// <summary>Selects the patient.</summary>
/// <param name="PatientId">The ID of the patient.</param>
/// <param name="Search">Words of a name or e-mail address, as in list_patients, instead of an ID. The patients who match all of them are then offered.</param>
public sealed record SelectPatient(Guid? PatientId = null, [property: MaxLength(200)] string? Search = null);

/// <summary>Describes the reason for the visit.</summary>
/// <param name="Reason">The reason, in the patient's own words.</param>
/// <param name="SpecialtyId">The ID of the specialty; any specialty if omitted.</param>
public sealed record DescribeConcern([property: Length(1, 500), Multiline] string Reason, Guid? SpecialtyId = null);

/// <summary>Chooses the doctor.</summary>
/// <param name="DoctorId">The ID of the doctor.</param>
/// <param name="Recommend">Whether to choose the doctor who is free first, instead of giving an ID.</param>
public sealed record ChooseDoctor(Guid? DoctorId = null, bool Recommend = false);

/// <summary>Chooses the time of the appointment.</summary>
/// <param name="AppointmentDate">The date, in the hospital's time zone.</param>
/// <param name="AppointmentTime">The time at which the appointment begins; if omitted, the free times are offered.</param>
public sealed record PickTime(DateOnly AppointmentDate, TimeOnly? AppointmentTime = null);

/// <summary>Confirms the booking.</summary>
/// <param name="Confirm">true books the appointment.</param>
/// <param name="Notes">Further information for the people involved.</param>
public sealed record ConfirmBooking(bool Confirm, [property: MaxLength(2000), Multiline] string? Notes = null);

/// <summary>Allows the confirmation to be sent.</summary>
public sealed record SendConfirmation;

/// <summary>Represents the confirmation of an appointment to patient and doctor.</summary>
/// <param name="Id">The ID of the appointment.</param>
/// <param name="TimeZone">The IANA name of the time zone in which date and time are given.</param>
public sealed record Confirmation(
    Guid Id,
    Guid HospitalId,
    Guid PatientId,
    Guid DoctorId,
    DateOnly AppointmentDate,
    TimeOnly AppointmentTime,
    string TimeZone,
    DateTimeOffset SentAt);

/// <summary>
/// Represents the event that an appointment was confirmed to patient and doctor. It is delivered live to those of them who are connected; no letter or e-mail
/// is sent.
/// </summary>
[LiveResource("confirmations", Callers = Callers.Everyone)]
[NamedLiveEvent("appointment_confirmed", typeof(Confirmation), "a booking by the prompt `appointment_booking` was confirmed to patient and doctor")]
public sealed record AppointmentConfirmed(Confirmation Confirmation, long Version) : IntegrationEvent(Confirmation.HospitalId, Version)
{
    public override LiveUpdate LiveUpdate => new(Change.Created, Confirmation, new(Callers.Staff, Confirmation.PatientId));
}
