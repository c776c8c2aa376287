using MedCor.Clinical.People;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Database;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Clinical.Scheduling;

[PersonalData(OnErasure.Keep, nameof(Appointment.PatientId))]
internal sealed class Appointment : Entity, IEncryptedRow
{
    public required Guid HospitalId { get; init; }
    public required Guid PatientId { get; init; }
    public required Guid DoctorId { get; init; }
    public required DateOnly AppointmentDate { get; init; }
    public required TimeOnly AppointmentTime { get; init; }
    public required int DurationMinutes { get; init; }
    public required string TimeZone { get; init; }
    public required DateTimeOffset StartsAt { get; init; }
    public required DateTimeOffset EndsAt { get; init; }
    [Encrypted]
    public required string Reason { get; init; }

    [Encrypted]
    public string? Notes { get; private set; }
    public AppointmentStatus Status { get; private set; } = AppointmentStatus.Scheduled;
    public int? Rating { get; private set; }

    [Encrypted]
    public string? RatingComment { get; private set; }

    /// <summary>
    /// Gets the user who booked the appointment or, if it replaces another one, the user who booked that one; null when it was booked before this was recorded.
    /// What a guardian or proxy books counts as booked by the patient, so that the same rules apply.
    /// </summary>
    public Guid? BookedBy { get; init; }

    /// <summary>
    /// Gets the doctor or nurse who chose the time by moving the appointment without having the patient in their care by a visit; null otherwise.
    /// </summary>
    public Guid? MovedBy { get; init; }

    /// <summary>Gets the guardian or proxy who has booked, moved or cancelled the appointment for the patient, of several the last.</summary>
    public Guid? RepresentedBy { get; private set; }
    public Guid? RescheduledFrom { get; init; }
    public Guid? RescheduledTo { get; private set; }

    internal Interval Interval => new(StartsAt, EndsAt);

    /// <summary>Gets whether the patient booked the appointment, or somebody who acts for the patient.</summary>
    internal bool IsSelfBooked => BookedBy == PatientId;

    /// <summary>
    /// Books an appointment. Throws <see cref="ValidationFailed"/> naming all reasons against it, or <see cref="Conflict"/> when the hospital is inactive.
    /// </summary>
    internal static Appointment Book(DoctorAvailability availability, PersonCopy patient, BookingRequest request, DateTimeOffset now)
    {
        var errors = PersonCopy.ValidateActive(availability.Doctor, patient);
        if (availability.Doctor is { IsActive: true, IsAvailable: false }) errors.Add("doctor_id", ["is a doctor who does not currently accept appointments"]);
        var minutes = request.DurationMinutes ?? availability.Timetable.SlotMinutes;
        if (request.IsByPatient && request.DurationMinutes is { } requestedMinutes && requestedMinutes != availability.Timetable.SlotMinutes
            && request.RescheduledFrom is null)
            errors.Add("duration_minutes",
                [$"must be {availability.Timetable.SlotMinutes}, one slot of the doctor's schedule: patients cannot book another length"]);
        var time = availability.ResolveInterval(request.Date, request.Time, minutes, now, errors, onlySlots: request.IsByPatient);
        if (errors.Count > 0) throw new ValidationFailed(errors);
        if (!availability.Hospital.IsActive) throw new Conflict("The hospital is inactive; no appointments can be booked.");

        return new()
        {
            HospitalId = availability.Hospital.HospitalId,
            PatientId = patient.Id,
            DoctorId = availability.Doctor.Id,
            AppointmentDate = request.Date,
            AppointmentTime = request.Time,
            DurationMinutes = minutes,
            TimeZone = availability.Hospital.TimeZone,
            StartsAt = time!.Value.Start,
            EndsAt = time.Value.End,
            Reason = request.Reason,
            Notes = request.Notes,
            BookedBy = request.BookedBy,
            MovedBy = request.MovedBy,
            RepresentedBy = request.RepresentedBy,
            RescheduledFrom = request.RescheduledFrom,
        };
    }

    /// <summary>Changes the status. Throws <see cref="Conflict"/> naming the allowed transitions when this one is not allowed, or not yet.</summary>
    internal void ChangeStatus(AppointmentStatus status, string? notes, DateTimeOffset now)
    {
        var hasStarted = now >= StartsAt;
        if (!StatusTransitions.AllowedFrom(Status, hasStarted).Contains(status))
            throw status == AppointmentStatus.NoShow && Status == AppointmentStatus.Scheduled
                ? StatusTransitions.NoShowTooEarly(this)
                : StatusTransitions.NotAllowed(Status, hasStarted);
        Status = status;
        AppendNotes(notes);
    }

    /// <summary>
    /// Throws <see cref="Conflict"/> when the appointment has begun: from then on its patient can no longer cancel or move it, and staff record the outcome.
    /// </summary>
    internal void EnsureNotStarted(DateTimeOffset now)
    {
        if (now >= StartsAt || Status == AppointmentStatus.InProgress)
            throw new Conflict("The appointment has started or is over; patients can cancel and reschedule only future appointments. Ask your hospital.")
                .WithDetail("starts_at", StartsAt);
    }

    /// <summary>Cancels the appointment in favor of its replacement. Throws <see cref="Conflict"/> when it is not scheduled or its time is over.</summary>
    internal void RescheduleTo(Appointment replacement, string? reason, DateTimeOffset now)
    {
        if (Status != AppointmentStatus.Scheduled)
            throw new Conflict($"Only a SCHEDULED appointment can be rescheduled; this one is {StatusTransitions.ToWireName(Status)}.").WithDetail("status",
                Status);
        if (now >= EndsAt)
            throw new Conflict("The appointment is over; it can no longer be rescheduled. Set its status with update_appointment_status, and book a new one.")
                .WithDetail("ends_at", EndsAt);
        Status = AppointmentStatus.Cancelled;
        RescheduledTo = replacement.Id;
        AppendNotes(reason);
    }

    /// <summary>Records who has acted for the patient.</summary>
    /// <param name="representative">The guardian or proxy; null when nobody has, and the last one stays.</param>
    internal void RecordRepresentative(Guid? representative) => RepresentedBy = representative ?? RepresentedBy;

    /// <summary>Rates the appointment. Throws <see cref="Conflict"/> unless it is completed.</summary>
    internal void Rate(int rating, Optional<string?> comment)
    {
        if (Status != AppointmentStatus.Completed)
            throw new Conflict($"Only a COMPLETED appointment can be rated; this one is {StatusTransitions.ToWireName(Status)}.").WithDetail("status", Status);
        Rating = rating;
        RatingComment = comment.Or(RatingComment);
    }

    private void AppendNotes(string? text) => Notes = string.IsNullOrWhiteSpace(text) ? Notes : Notes is null ? text : $"{Notes}\n{text}";

    internal sealed class Configuration : IEntityTypeConfiguration<Appointment>
    {
        public void Configure(EntityTypeBuilder<Appointment> appointment)
        {
            appointment.ToTable("appointments").HasKey(a => new { a.HospitalId, a.Id });
            appointment.Property(a => a.Rating).HasColumnType("smallint");
        }
    }
}

/// <summary>Represents a request to book an appointment.</summary>
/// <param name="DurationMinutes">The duration in minutes; one slot when null.</param>
/// <param name="RescheduledFrom">The appointment that the new one replaces.</param>
/// <param name="BookedBy">The user who books the appointment or, if it replaces another one, the user who booked that one.</param>
/// <param name="MovedBy">The doctor or nurse who moves the appointment without having the patient in their care by a visit.</param>
/// <param name="IsByPatient">
/// Whether the patient makes the request, or somebody who acts for the patient: they may book only at the start of a slot of the schedule.
/// </param>
/// <param name="RepresentedBy">The guardian or proxy who makes the request or, if it replaces another appointment, has acted for the patient before.</param>
internal sealed record BookingRequest(
    DateOnly Date, TimeOnly Time, string Reason, string? Notes = null, int? DurationMinutes = null, Guid? RescheduledFrom = null, Guid? BookedBy = null,
    bool IsByPatient = false, Guid? MovedBy = null, Guid? RepresentedBy = null);
