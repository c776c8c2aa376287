using MedCor.Clinical.People;
using MedCor.Clinical.Schedules;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Clinical.Appointments;

internal sealed class Appointment : Entity, ITenantOwned
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
    public required string Reason { get; init; }
    public string? Notes { get; private set; }
    public AppointmentStatus Status { get; private set; } = AppointmentStatus.Scheduled;
    public int? Rating { get; private set; }
    public string? RatingComment { get; private set; }

    /// <summary>Who booked it, or the one whose place it takes; null of one that was booked before this was kept.</summary>
    public Guid? BookedBy { get; init; }
    public Guid? RescheduledFrom { get; init; }
    public Guid? RescheduledTo { get; private set; }

    internal Interval Time => new(StartsAt, EndsAt);

    internal bool IsOfPatientsOwnMaking => BookedBy == PatientId;

    /// <summary>Throws <see cref="Invalid"/> naming all that stands against it.</summary>
    internal static Appointment Book(Practice practice, Person patient, Wish wish, DateTimeOffset now)
    {
        var wrongs = Person.Gone(practice.Doctor, patient);
        if (practice.Doctor is { IsActive: true, IsAvailable: false }) wrongs.Add("doctor_id", ["is a doctor who takes no appointments at present"]);
        var minutes = wish.Minutes ?? practice.Timetable.SlotMinutes;
        if (wish.ByPatient && wish.Minutes is { } asked && asked != practice.Timetable.SlotMinutes && wish.InPlaceOf is null)
            wrongs.Add("duration_minutes", [$"must be {practice.Timetable.SlotMinutes}, one slot of the doctor's schedule: patients book no other length"]);
        var time = practice.TimeFor(wish.Date, wish.Time, minutes, now, wrongs, onlySlots: wish.ByPatient);
        if (wrongs.Count > 0) throw new Invalid(wrongs);
        if (!practice.Hospital.IsActive) throw new Conflict("The hospital is out of use; nothing can be booked there.");

        return new()
        {
            HospitalId = practice.Hospital.HospitalId,
            PatientId = patient.Id,
            DoctorId = practice.Doctor.Id,
            AppointmentDate = wish.Date,
            AppointmentTime = wish.Time,
            DurationMinutes = minutes,
            TimeZone = practice.Hospital.TimeZone,
            StartsAt = time!.Value.From,
            EndsAt = time.Value.Until,
            Reason = wish.Reason,
            Notes = wish.Notes,
            BookedBy = wish.BookedBy,
            RescheduledFrom = wish.InPlaceOf,
        };
    }

    /// <summary>Throws <see cref="Conflict"/> naming the possible moves when this is none, or none yet.</summary>
    internal void ChangeStatus(AppointmentStatus status, string? notes, DateTimeOffset now)
    {
        if (!StatusMoves.From(Status).Contains(status)) throw StatusMoves.Refusal(Status);
        if (status == AppointmentStatus.NoShow && now < StartsAt) throw StatusMoves.TooEarly(this);
        Status = status;
        Note(notes);
    }

    /// <summary>Throws <see cref="Conflict"/> once it has begun: from then on its patient can no longer undo it, and staff say what became of it.</summary>
    internal void MustLieAhead(DateTimeOffset now)
    {
        if (now >= StartsAt || Status == AppointmentStatus.InProgress) throw new Conflict("The appointment has begun, or its time is over; patients cancel and move only what lies ahead. Ask your hospital.").With("starts_at", StartsAt);
    }

    /// <summary>Another one takes its place. Throws <see cref="Conflict"/> when it has come to an end, or its time is over.</summary>
    internal void RescheduleTo(Appointment other, string? reason, DateTimeOffset now)
    {
        if (Status != AppointmentStatus.Scheduled) throw new Conflict($"Only a SCHEDULED appointment can be rescheduled; this one is {StatusMoves.Word(Status)}.").With("status", Status);
        if (now >= EndsAt) throw new Conflict("The appointment's time is over; it can no longer be moved. Say what became of it with update_appointment_status, and book a new one.").With("ends_at", EndsAt);
        Status = AppointmentStatus.Cancelled;
        RescheduledTo = other.Id;
        Note(reason);
    }

    /// <summary>Throws <see cref="Conflict"/> unless it has taken place.</summary>
    internal void Rate(int rating, Optional<string?> comment)
    {
        if (Status != AppointmentStatus.Completed) throw new Conflict($"Only a COMPLETED appointment can be rated; this one is {StatusMoves.Word(Status)}.").With("status", Status);
        Rating = rating;
        RatingComment = comment.Or(RatingComment);
    }

    private void Note(string? more) => Notes = string.IsNullOrWhiteSpace(more) ? Notes : Notes is null ? more : $"{Notes}\n{more}";

    internal sealed class Table : IEntityTypeConfiguration<Appointment>
    {
        public void Configure(EntityTypeBuilder<Appointment> appointment)
        {
            appointment.ToTable("appointments").HasKey(a => new { a.HospitalId, a.Id });
            appointment.Property(a => a.Rating).HasColumnType("smallint");
        }
    }
}

/// <summary>What somebody wishes to book.</summary>
/// <param name="Minutes">One slot when not given.</param>
/// <param name="InPlaceOf">The appointment that it replaces.</param>
/// <param name="BookedBy">Who books it, or booked the one that it replaces.</param>
/// <param name="ByPatient">Whether its patient asks: patients begin with one of the schedule's slots.</param>
internal sealed record Wish(
    DateOnly Date, TimeOnly Time, string Reason, string? Notes = null, int? Minutes = null, Guid? InPlaceOf = null, Guid? BookedBy = null, bool ByPatient = false);
