using System.ComponentModel.DataAnnotations;

namespace MedCor.Contracts.Clinical;

/// <summary>Where an appointment stands.</summary>
public enum AppointmentStatus { Scheduled, InProgress, Completed, Cancelled, NoShow }

/// <summary>A patient's visit to a doctor.</summary>
/// <param name="AppointmentDate">The day, by the clocks of the hospital.</param>
/// <param name="AppointmentTime">When it begins, by the clocks of the hospital.</param>
/// <param name="TimeZone">IANA name of the zone that date and time are meant in.</param>
/// <param name="StartsAt">The instant at which it begins.</param>
/// <param name="EndsAt">The instant before which it ends; the next may begin then.</param>
/// <param name="Rating">What its patient thought of it, 1 to 5.</param>
/// <param name="RescheduledFrom">The appointment that this one replaces.</param>
/// <param name="RescheduledTo">The appointment that replaces this one, which is cancelled therefore.</param>
[Resource("appointments", Callers.Everyone)]
public sealed record Appointment(
    Guid Id,
    Guid HospitalId,
    Guid PatientId,
    string? PatientName,
    Guid DoctorId,
    string? DoctorName,
    DateOnly AppointmentDate,
    TimeOnly AppointmentTime,
    int DurationMinutes,
    string TimeZone,
    DateTimeOffset StartsAt,
    DateTimeOffset EndsAt,
    string Reason,
    string? Notes,
    AppointmentStatus Status,
    int? Rating,
    string? RatingComment,
    Guid? RescheduledFrom,
    Guid? RescheduledTo,
    long Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt) : IClinicalContent
{
    /// <summary>When and with whom, and nothing of what it is for.</summary>
    public LiveAppointment WithoutContent() => new(
        Id, HospitalId, PatientId, PatientName, DoctorId, DoctorName, AppointmentDate, AppointmentTime, DurationMinutes, TimeZone, StartsAt, EndsAt,
        Status, Rating, RescheduledFrom, RescheduledTo, Version, CreatedAt, UpdatedAt);
}

/// <summary>An appointment as live events tell it: without what patient, doctor and others wrote about it. Who may read that asks for it, and the asking is recorded.</summary>
public sealed record LiveAppointment(
    Guid Id,
    Guid HospitalId,
    Guid PatientId,
    string? PatientName,
    Guid DoctorId,
    string? DoctorName,
    DateOnly AppointmentDate,
    TimeOnly AppointmentTime,
    int DurationMinutes,
    string TimeZone,
    DateTimeOffset StartsAt,
    DateTimeOffset EndsAt,
    AppointmentStatus Status,
    int? Rating,
    Guid? RescheduledFrom,
    Guid? RescheduledTo,
    long Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt);

/// <summary>An appointment that a change elsewhere concerns: which it is and when, and nothing of what it is for.</summary>
public sealed record AffectedAppointment(Guid Id, Guid PatientId, Guid DoctorId, DateOnly AppointmentDate, TimeOnly AppointmentTime);

/// <summary>Lists appointments, the latest first. Patients see their own; staff see those of their hospital.</summary>
/// <param name="DateFrom">From this day on.</param>
/// <param name="DateTo">To this day, inclusive.</param>
[Tool("list_appointments", Effect.Read, Callers.Everyone)]
public sealed record ListAppointments(
    Guid? PatientId = null,
    Guid? DoctorId = null,
    AppointmentStatus? Status = null,
    DateOnly? DateFrom = null,
    DateOnly? DateTo = null) : PagedTool<Appointment>;

/// <summary>Shows one appointment.</summary>
[Tool("get_appointment", Effect.Read, Callers.Everyone)]
public sealed record GetAppointment(Guid AppointmentId) : ITool<Appointment>;

/// <summary>
/// Books a patient with a doctor, at a time when the doctor works and neither of the two is booked: list_appointment_slots tells such times.
/// When somebody else was quicker the answer is CONFLICT with the nearest free times in details.alternatives. Patients book for themselves: one slot, at a time that list_appointment_slots
/// offers, and no more at a time than their hospital's max_open_patient_bookings.
/// </summary>
/// <param name="AppointmentDate">The day, by the clocks of the hospital.</param>
/// <param name="AppointmentTime">When it begins, by the clocks of the hospital; a time that a day has twice means the earlier.</param>
/// <param name="Reason">Why the patient comes.</param>
/// <param name="Notes">What else those involved should know.</param>
/// <param name="DurationMinutes">How long it takes; one slot of the doctor's schedule unless given. Patients book no other length.</param>
[Tool("create_appointment", Effect.Create, Callers.Everyone)]
public sealed record CreateAppointment(
    Guid PatientId,
    Guid DoctorId,
    [property: Alias("date")] DateOnly AppointmentDate,
    [property: Alias("preferred_time")] TimeOnly AppointmentTime,
    [property: Length(1, 500), Multiline] string Reason,
    [property: MaxLength(2000), Multiline] string? Notes = null,
    [property: Range(5, 480)] int? DurationMinutes = null) : ITool<Appointment>;

/// <summary>
/// Moves an appointment on: SCHEDULED to IN_PROGRESS, CANCELLED or NO_SHOW; IN_PROGRESS to COMPLETED or CANCELLED. No other move is possible.
/// NO_SHOW is possible from the appointment's beginning on; who comes early is IN_PROGRESS, then COMPLETED, before it.
/// Cancelling frees the time and wants the reason in notes. Patients may cancel their own until it begins, nothing else.
/// </summary>
/// <param name="Notes">Added to the notes that are there, on a line of its own.</param>
/// <param name="ExpectedVersion">Refuses the change if the appointment is no longer at this version.</param>
[Tool("update_appointment_status", Effect.Update, Callers.Everyone)]
public sealed record UpdateAppointmentStatus(
    Guid AppointmentId,
    AppointmentStatus Status,
    [property: MaxLength(2000), Multiline, NotAField] string? Notes = null,
    [property: NotAField] long? ExpectedVersion = null) : ITool<Appointment>;

/// <summary>
/// Moves an appointment that has not begun to another time with the same doctor, in one step: the old one is cancelled and its time is free,
/// a new one takes its place, and each names the other. Answers the new one. One whose time is over can no longer be moved. Patients move theirs until it begins, to a time that
/// list_appointment_slots offers; they keep the length that staff chose, and no other that is longer than one slot.
/// </summary>
/// <param name="AppointmentDate">The new day, by the clocks of the hospital.</param>
/// <param name="AppointmentTime">The new time, by the clocks of the hospital.</param>
/// <param name="Reason">Why it is moved; added to the notes of the old one.</param>
/// <param name="ExpectedVersion">Refuses the change if the appointment is no longer at this version.</param>
[Tool("reschedule_appointment", Effect.Create, Callers.Everyone)]
public sealed record RescheduleAppointment(
    Guid AppointmentId,
    DateOnly AppointmentDate,
    TimeOnly AppointmentTime,
    [property: MaxLength(500), Multiline] string? Reason = null,
    long? ExpectedVersion = null) : ITool<Appointment>;

/// <summary>Says what you, its patient, thought of a completed appointment. Rating again replaces the rating, and the comment if one is given.</summary>
/// <param name="Rating">From 1, bad, to 5, very good.</param>
/// <param name="Comment">In your own words; the hospital's staff can read it. Left out, what you said before stays; null takes it back.</param>
/// <param name="ExpectedVersion">Refuses the change if the appointment is no longer at this version.</param>
[Tool("rate_appointment", Effect.Update, Callers.Patient)]
public sealed record RateAppointment(
    Guid AppointmentId,
    [property: Range(1, 5)] int Rating,
    [property: MaxLength(1000), Multiline] Optional<string?> Comment = default,
    [property: NotAField] long? ExpectedVersion = null) : ITool<Appointment>;

/// <summary>An appointment was booked.</summary>
public sealed record AppointmentCreated(Appointment Appointment) : IntegrationEvent(Appointment.HospitalId, Appointment.Version)
{
    public override LiveUpdate LiveUpdate => new("appointments", Change.Created, Appointment.WithoutContent(), new(Callers.Staff, Appointment.PatientId), AdditionalEventName: "appointment_created");
}

/// <summary>An appointment was moved on, rescheduled or rated.</summary>
public sealed record AppointmentUpdated(Appointment Appointment) : IntegrationEvent(Appointment.HospitalId, Appointment.Version)
{
    public override LiveUpdate LiveUpdate => new("appointments", Change.Updated, Appointment.WithoutContent(), new(Callers.Staff, Appointment.PatientId));
}
