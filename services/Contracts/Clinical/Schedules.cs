using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace MedCor.Contracts.Clinical;

/// <summary>A stretch of every such weekday, by the clocks of the hospital.</summary>
/// <param name="Start">Its beginning.</param>
/// <param name="End">Its end, which is no longer part of it; 00:00:00 means midnight at the end of the day.</param>
public sealed record WeeklyPeriod(DayOfWeek Weekday, TimeOnly Start, TimeOnly End);

/// <summary>A day, or a part of one, on which a doctor does not work, such as leave.</summary>
/// <param name="Start">From when; the whole day when neither start nor end is given.</param>
/// <param name="End">Until when; 00:00:00 means midnight at the end of the day.</param>
/// <param name="Reason">Why. Patients are not shown it.</param>
public sealed record Absence(
    [property: PlausibleDate] DateOnly Date,
    TimeOnly? Start = null,
    TimeOnly? End = null,
    [property: MaxLength(200), Multiline] string? Reason = null);

/// <summary>When a doctor works.</summary>
/// <param name="TimeZone">IANA name of the hospital's zone, by whose clocks all times are meant.</param>
/// <param name="SlotMinutes">How long an appointment takes unless it says otherwise.</param>
/// <param name="Version">0 as long as nobody has set a schedule: Monday to Friday, 09:00 to 17:00, 30 minutes.</param>
public sealed record DoctorSchedule(
    Guid DoctorId,
    Guid HospitalId,
    string TimeZone,
    int SlotMinutes,
    IReadOnlyList<WeeklyPeriod> WorkingHours,
    IReadOnlyList<WeeklyPeriod> Breaks,
    IReadOnlyList<Absence> Exceptions,
    long Version,
    DateTimeOffset? CreatedAt,
    DateTimeOffset? UpdatedAt)
{
    /// <summary>After a change: the future appointments that now lie outside the schedule, at most 100, the next first. They stay booked.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<AffectedAppointment>? Affected { get; init; }

    /// <summary>After a change: how many future appointments now lie outside the schedule.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? AffectedCount { get; init; }

    /// <summary>What everybody may read of it: why a doctor is away is their colleagues' to know.</summary>
    public DoctorSchedule WithoutReasons() => this with { Exceptions = [.. Exceptions.Select(e => e with { Reason = null })] };
}

/// <summary>The times of a day at which a doctor can be booked.</summary>
/// <param name="TimeZone">IANA name of the hospital's zone, by whose clocks the times are meant.</param>
/// <param name="SlotMinutes">How long an appointment takes unless it says otherwise, and the step of the times.</param>
public sealed record AppointmentSlots(Guid DoctorId, DateOnly Date, string TimeZone, int SlotMinutes, IReadOnlyList<TimeOnly> AvailableTimes);

/// <summary>Tells at which times of a day a doctor can be booked: when they work, less what is booked, less what is past.</summary>
/// <param name="Date">The day, by the clocks of the hospital.</param>
/// <param name="DurationMinutes">How long the appointment is to be; one slot of the doctor's schedule unless given.</param>
[Tool("list_appointment_slots", Effect.Read, Callers.Everyone)]
public sealed record ListAppointmentSlots(
    Guid DoctorId,
    DateOnly Date,
    [property: Range(5, 480)] int? DurationMinutes = null) : ITool<AppointmentSlots>;

/// <summary>Shows when a doctor works: working hours and breaks by weekday, exceptions such as leave, the length of a slot. Why a doctor is away is shown to staff alone.</summary>
[Tool("get_doctor_schedule", Effect.Read, Callers.Everyone)]
public sealed record GetDoctorSchedule(Guid DoctorId) : ITool<DoctorSchedule>;

/// <summary>
/// Replaces a doctor's schedule as a whole; what is not given is empty then; what leaves all as it was makes no version. Doctors set their own, administrators anybody's.
/// Appointments that are booked already stay; the answer lists those that now lie outside the schedule as affected.
/// </summary>
/// <param name="SlotMinutes">How long an appointment takes unless it says otherwise; free times are offered in this step from the start of each working period.</param>
/// <param name="WorkingHours">When the doctor works; periods of one weekday must not overlap.</param>
/// <param name="Breaks">When they do not, although the working hours say so.</param>
/// <param name="Exceptions">Days or parts of days on which they do not work; no two may overlap.</param>
/// <param name="ExpectedVersion">Refuses the change if the schedule is no longer at this version; 0 when none has been set yet.</param>
[Tool("set_doctor_schedule", Effect.Update, Callers.Admins | Callers.Doctor)]
public sealed record SetDoctorSchedule(
    Guid DoctorId,
    [property: MaxLength(70)] IReadOnlyList<WeeklyPeriod> WorkingHours,
    [property: Range(5, 480)] int SlotMinutes = 30,
    [property: MaxLength(70)] IReadOnlyList<WeeklyPeriod>? Breaks = null,
    [property: MaxLength(400)] IReadOnlyList<Absence>? Exceptions = null,
    [property: NotAField] long? ExpectedVersion = null) : ITool<DoctorSchedule>;

/// <summary>A doctor's schedule was set.</summary>
/// <param name="ValidFrom">The day, by the hospital's clocks, from which it holds: the days before keep the former one. Null from versions before, which did not tell it.</param>
public sealed record DoctorScheduleSet(DoctorSchedule Schedule, DateOnly? ValidFrom = null) : IntegrationEvent(Schedule.HospitalId, Schedule.Version)
{
    public override LiveUpdate LiveUpdate => new("schedules", Change.Updated, Schedule.WithoutReasons(), new(Callers.Everyone));
}
