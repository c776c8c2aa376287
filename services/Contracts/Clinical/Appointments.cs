using System.ComponentModel.DataAnnotations;

namespace MedCor.Contracts.Clinical;

/// <summary>Specifies the status of an appointment.</summary>
public enum AppointmentStatus { Scheduled, InProgress, Completed, Cancelled, NoShow }

/// <summary>Represents a patient's appointment with a doctor.</summary>
/// <param name="PatientName"><example>"Miriam Schubert"</example></param>
/// <param name="DoctorName"><example>"Katrin Vogel"</example></param>
/// <param name="AppointmentDate">The date, in the hospital's time zone. <example>"2027-03-01"</example></param>
/// <param name="AppointmentTime">The time at which the appointment begins, in the hospital's time zone. <example>"14:00:00"</example></param>
/// <param name="DurationMinutes">The length, in minutes. <example>30</example></param>
/// <param name="TimeZone">The IANA name of the time zone in which date and time are given. <example>"Europe/Berlin"</example></param>
/// <param name="StartsAt">The instant at which the appointment begins. <example>"2027-03-01T13:00:00Z"</example></param>
/// <param name="EndsAt">
/// The instant at which the appointment ends (exclusive); the next appointment may begin at this instant.
/// <example>"2027-03-01T13:30:00Z"</example>
/// </param>
/// <param name="Reason">The reason for the appointment; null for staff who may not see it. <example>"Regular checkup"</example></param>
/// <param name="Notes">Further information; null for staff who may not see it. <example>"Prefers to be called before noon."</example></param>
/// <param name="Rating">The patient's rating, from 1 to 5. <example>null</example></param>
/// <param name="RatingComment">The patient's comment on the rating; null for staff who may not see it. <example>null</example></param>
/// <param name="RescheduledFrom">The ID of the appointment that this one replaces. <example>null</example></param>
/// <param name="RescheduledTo">The ID of the appointment that replaces this one, which is therefore cancelled. <example>null</example></param>
/// <param name="RepresentedBy">
/// The ID of the guardian or proxy who has booked, rescheduled or cancelled the appointment for the patient, of several the last; null when nobody has.
/// <example>null</example>
/// </param>
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
    string? Reason,
    string? Notes,
    AppointmentStatus Status,
    int? Rating,
    string? RatingComment,
    Guid? RescheduledFrom,
    Guid? RescheduledTo,
    long Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    Guid? RepresentedBy = null) : IClinicalContent
{
    /// <summary>Returns the appointment without the texts about it: its reason, notes and comment on the rating.</summary>
    public Appointment WithoutTexts() => this with { Reason = null, Notes = null, RatingComment = null };

    /// <summary>Returns when and with whom the appointment takes place, without its reason and other clinical content.</summary>
    public LiveAppointment WithoutContent() => new(
        Id: Id,
        HospitalId: HospitalId,
        PatientId: PatientId,
        PatientName: PatientName,
        DoctorId: DoctorId,
        DoctorName: DoctorName,
        AppointmentDate: AppointmentDate,
        AppointmentTime: AppointmentTime,
        DurationMinutes: DurationMinutes,
        TimeZone: TimeZone,
        StartsAt: StartsAt,
        EndsAt: EndsAt,
        Status: Status,
        Rating: Rating,
        RescheduledFrom: RescheduledFrom,
        RescheduledTo: RescheduledTo,
        Version: Version,
        CreatedAt: CreatedAt,
        UpdatedAt: UpdatedAt,
        RepresentedBy: RepresentedBy);
}

/// <summary>
/// Represents an appointment in a live event, without the texts that the patient, the doctor and others wrote about it. Callers who may read the texts request
/// them with a separate call, which is recorded in the audit trail.
/// </summary>
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
    DateTimeOffset UpdatedAt,
    Guid? RepresentedBy);

/// <summary>Represents an appointment that a change elsewhere affects: its IDs, date and time, without the reason.</summary>
/// <param name="AppointmentDate"><example>"2027-03-01"</example></param>
/// <param name="AppointmentTime"><example>"14:00:00"</example></param>
public sealed record AffectedAppointment(Guid Id, Guid PatientId, Guid DoctorId, DateOnly AppointmentDate, TimeOnly AppointmentTime);

/// <summary>
/// Lists appointments, the latest first. Patients see their own and, with patient_id, those of a patient for whom they act; staff see those of their hospital.
/// </summary>
/// <param name="PatientId">The ID of the patient whose appointments are listed.</param>
/// <param name="DoctorId">The ID of the doctor whose appointments are listed.</param>
/// <param name="Status">The status of the appointments that are listed.</param>
/// <param name="DateFrom">The first date of the appointments that are listed. <example>"2026-01-01"</example></param>
/// <param name="DateTo">The last date of the appointments that are listed, inclusive. <example>"2027-12-31"</example></param>
[Tool("list_appointments", Effect.Read, Callers.Everyone)]
public sealed record ListAppointments(
    Guid? PatientId = null,
    Guid? DoctorId = null,
    AppointmentStatus? Status = null,
    DateOnly? DateFrom = null,
    DateOnly? DateTo = null) : PagedTool<Appointment>;

/// <summary>Returns one appointment.</summary>
/// <param name="AppointmentId">The ID of the appointment.</param>
[Tool("get_appointment", Effect.Read, Callers.Everyone)]
public sealed record GetAppointment(Guid AppointmentId) : ITool<Appointment>;

/// <summary>
/// Books an appointment for a patient with a doctor. The doctor must be working at that time, and neither the doctor nor the patient may be booked then;
/// list_appointment_slots returns such times. If the time has been taken meanwhile, the error is CONFLICT, with the nearest free times in details.alternatives.
/// Patients book for themselves or for whom they act: one slot that list_appointment_slots offers, and no more open bookings at once than the
/// max_open_patient_bookings of their hospital.
/// </summary>
/// <param name="PatientId">The ID of the patient.</param>
/// <param name="DoctorId">The ID of the doctor.</param>
/// <param name="AppointmentDate">The date, in the hospital's time zone.</param>
/// <param name="AppointmentTime">
/// The time at which the appointment begins, in the hospital's time zone. A time that occurs twice on that day means the earlier one.
/// </param>
/// <param name="Reason">The reason for the visit.</param>
/// <param name="Notes">Further information for the people involved.</param>
/// <param name="DurationMinutes">The length, in minutes; one slot of the doctor's schedule by default. Patients cannot book any other length.</param>
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
/// Changes the status of an appointment: SCHEDULED to IN_PROGRESS, CANCELLED or NO_SHOW; IN_PROGRESS to COMPLETED or CANCELLED. No other transition is
/// possible. NO_SHOW is possible only once the appointment's start time is reached; for a patient who comes early, IN_PROGRESS and then COMPLETED are possible
/// before it. Cancelling frees the time and requires the reason in notes. Patients only cancel, for themselves or whom they act for, until the
/// appointment begins. Receptionists only cancel, or set NO_SHOW.
/// </summary>
/// <param name="AppointmentId">The ID of the appointment.</param>
/// <param name="Status">The new status. <example>"IN_PROGRESS"</example></param>
/// <param name="Notes">Text that is appended to the existing notes, on a new line.</param>
/// <param name="ExpectedVersion">The expected version of the appointment; the change is rejected if the appointment is no longer at this version.</param>
[Tool("update_appointment_status", Effect.Update, Callers.Everyone)]
public sealed record UpdateAppointmentStatus(
    Guid AppointmentId,
    AppointmentStatus Status,
    [property: MaxLength(2000), Multiline, NotAField] string? Notes = null,
    [property: NotAField] long? ExpectedVersion = null) : ITool<Appointment>;

/// <summary>
/// Moves an appointment that has not begun to another time with the same doctor, in one step: the old appointment is cancelled and its time becomes free, a new
/// appointment replaces it, and each refers to the other. Returns the new appointment. An appointment whose time is over can no longer be moved. Patients may
/// move their own, or those of whom they act for, until they begin, to a time that list_appointment_slots offers; a length that staff chose is kept, and no
/// other may be longer than one slot.
/// </summary>
/// <param name="AppointmentId">The ID of the appointment to move.</param>
/// <param name="AppointmentDate">The new date, in the hospital's time zone.</param>
/// <param name="AppointmentTime">The new time, in the hospital's time zone.</param>
/// <param name="Reason">The reason for the move; it is appended to the notes of the old appointment. <example>"The patient is on a journey."</example></param>
/// <param name="ExpectedVersion">The expected version of the appointment; the change is rejected if the appointment is no longer at this version.</param>
[Tool("reschedule_appointment", Effect.Create, Callers.Everyone)]
public sealed record RescheduleAppointment(
    Guid AppointmentId,
    DateOnly AppointmentDate,
    TimeOnly AppointmentTime,
    [property: MaxLength(500), Multiline] string? Reason = null,
    long? ExpectedVersion = null) : ITool<Appointment>;

/// <summary>Rates a completed appointment; you must be its patient. A second rating replaces the first, and also its comment if a comment is given.</summary>
/// <param name="AppointmentId">The ID of the appointment.</param>
/// <param name="Rating">The rating, from 1 (bad) to 5 (very good). <example>5</example></param>
/// <param name="Comment">
/// A comment in your own words, which the hospital's staff can read. If omitted, an earlier comment stays; null removes it.
/// <example>"Took the time to explain everything."</example>
/// </param>
/// <param name="ExpectedVersion">The expected version of the appointment; the change is rejected if the appointment is no longer at this version.</param>
[Tool("rate_appointment", Effect.Update, Callers.Patient)]
public sealed record RateAppointment(
    Guid AppointmentId,
    [property: Range(1, 5)] int Rating,
    [property: MaxLength(1000), Multiline] Optional<string?> Comment = default,
    [property: NotAField] long? ExpectedVersion = null) : ITool<Appointment>;

/// <summary>Represents the event that an appointment was booked.</summary>
/// <param name="RepresentativeUserIds">The guardians and proxies of the patient who receive the live event; null in events of earlier versions.</param>
[LiveResource("appointments")]
[NamedLiveEvent("appointment_created", typeof(LiveAppointment), "an appointment was booked")]
public sealed record AppointmentCreated(Appointment Appointment, IReadOnlyList<Guid>? RepresentativeUserIds = null)
    : IntegrationEvent(Appointment.HospitalId, Appointment.Version)
{
    /// <summary>Gets the appointment without its texts: events wait in outboxes, queues and dead letters, where nothing encrypts them.</summary>
    public Appointment Appointment { get; init; } = Appointment.WithoutTexts();

    public override LiveUpdate LiveUpdate =>
        new(Change.Created, Appointment.WithoutContent(), new(Callers.Staff, Appointment.PatientId, RepresentativeUserIds));
}

/// <summary>Represents the event that an appointment changed its status, was rescheduled or was rated.</summary>
/// <param name="RepresentativeUserIds">The guardians and proxies of the patient who receive the live event; null in events of earlier versions.</param>
[LiveResource("appointments")]
public sealed record AppointmentUpdated(Appointment Appointment, IReadOnlyList<Guid>? RepresentativeUserIds = null)
    : IntegrationEvent(Appointment.HospitalId, Appointment.Version)
{
    /// <summary>Gets the appointment without its texts: events wait in outboxes, queues and dead letters, where nothing encrypts them.</summary>
    public Appointment Appointment { get; init; } = Appointment.WithoutTexts();

    public override LiveUpdate LiveUpdate =>
        new(Change.Updated, Appointment.WithoutContent(), new(Callers.Staff, Appointment.PatientId, RepresentativeUserIds));
}
