using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace MedCor.Contracts.Clinical;

/// <summary>Represents a period of a weekday that recurs every week, in the hospital's time zone.</summary>
/// <param name="Weekday">The day of the week.</param>
/// <param name="Start">The time at which the period begins.</param>
/// <param name="End">The time at which the period ends (exclusive); 00:00:00 means midnight at the end of the day.</param>
public sealed record WeeklyPeriod(DayOfWeek Weekday, TimeOnly Start, TimeOnly End);

/// <summary>Represents a day, or a part of a day, on which a doctor does not work, such as leave.</summary>
/// <param name="Date">The date, in the hospital's time zone; at most ten years ahead.</param>
/// <param name="Start">The time at which the absence begins. It covers the whole day when neither start nor end is given.</param>
/// <param name="End">The time at which the absence ends; 00:00:00 means midnight at the end of the day.</param>
/// <param name="Reason">The reason for the absence. Not shown to patients.</param>
public sealed record Absence(
    [property: PlausibleDate] DateOnly Date,
    TimeOnly? Start = null,
    TimeOnly? End = null,
    [property: MaxLength(200), Multiline] string? Reason = null);

/// <summary>Represents the working schedule of a doctor.</summary>
/// <param name="TimeZone">The IANA name of the hospital's time zone, in which all times are given. <example>"Europe/Berlin"</example></param>
/// <param name="SlotMinutes">The default length of an appointment, in minutes. <example>30</example></param>
/// <param name="WorkingHours">
/// <example>
/// [{"weekday": "MONDAY", "start": "09:00:00", "end": "17:00:00"}, {"weekday": "TUESDAY", "start": "09:00:00", "end": "13:00:00"}]
/// </example>
/// </param>
/// <param name="Breaks"><example>[{"weekday":"MONDAY","start":"12:00:00","end":"13:00:00"}]</example></param>
/// <param name="Exceptions"><example>[{"date":"2027-03-02","reason":"Conference"}]</example></param>
/// <param name="Version">
/// The version of the schedule; 0 until a schedule is set. Until then it is Monday to Friday, 09:00 to 17:00, with slots of 30 minutes.
/// </param>
[Audited(AuditKind.Administration, "schedules", RecordsReads = false)]
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
    /// <summary>After a change: the future appointments that are now outside the schedule, at most 100, the earliest first. They stay booked.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<AffectedAppointment>? Affected { get; init; }

    /// <summary>After a change: the number of future appointments that are now outside the schedule.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? AffectedCount { get; init; }

    /// <summary>Returns the schedule as everyone may read it: only colleagues may know why a doctor is absent.</summary>
    public DoctorSchedule WithoutReasons() => this with { Exceptions = [.. Exceptions.Select(e => e with { Reason = null })] };
}

/// <summary>Represents the times of a day at which a doctor can be booked.</summary>
/// <param name="Date"><example>"2027-03-01"</example></param>
/// <param name="TimeZone">The IANA name of the hospital's time zone, in which the times are given. <example>"Europe/Berlin"</example></param>
/// <param name="SlotMinutes">The default length of an appointment and the interval between the times, in minutes. <example>30</example></param>
/// <param name="AvailableTimes"><example>["09:00:00","09:30:00","14:00:00"]</example></param>
[Audited(AuditKind.Administration, RecordsReads = false)]
public sealed record AppointmentSlots(Guid DoctorId, DateOnly Date, string TimeZone, int SlotMinutes, IReadOnlyList<TimeOnly> AvailableTimes);

/// <summary>Lists the times of a day at which a doctor can be booked: the doctor's working hours without booked and past times.</summary>
/// <param name="DoctorId">The ID of the doctor.</param>
/// <param name="Date">The date, in the hospital's time zone.</param>
/// <param name="DurationMinutes">The length of the appointment, in minutes; one slot of the doctor's schedule by default. <example>30</example></param>
[Tool("list_appointment_slots", Effect.Read, Callers.Everyone)]
public sealed record ListAppointmentSlots(
    Guid DoctorId,
    DateOnly Date,
    [property: Range(5, 480)] int? DurationMinutes = null) : ITool<AppointmentSlots>;

/// <summary>
/// Returns a doctor's schedule: working hours and breaks by weekday, exceptions such as leave, and the slot length. The reasons for absences are shown only to
/// staff.
/// </summary>
/// <param name="DoctorId">The ID of the doctor.</param>
[Tool("get_doctor_schedule", Effect.Read, Callers.Everyone)]
public sealed record GetDoctorSchedule(Guid DoctorId) : ITool<DoctorSchedule>;

/// <summary>
/// Replaces a doctor's whole schedule. Parts that are omitted become empty; a call that changes nothing, or only the order of the entries, creates no new
/// version. Doctors set their own schedule, administrators any. Existing appointments stay booked; the result lists those that are now outside the schedule as
/// affected.
/// </summary>
/// <param name="DoctorId">The ID of the doctor.</param>
/// <param name="WorkingHours">The working hours; periods of the same weekday must not overlap.</param>
/// <param name="SlotMinutes">
/// The default length of an appointment, in minutes. Free times are offered at this interval from the start of each working period.
/// </param>
/// <param name="Breaks">The breaks within the working hours.</param>
/// <param name="Exceptions">The days or parts of days on which the doctor does not work; no two may overlap.</param>
/// <param name="ExpectedVersion">
/// The expected version of the schedule; the change is rejected if the schedule is no longer at this version. 0 if none has been set yet.
/// </param>
[Tool("set_doctor_schedule", Effect.Update, Callers.Admins | Callers.Doctor)]
public sealed record SetDoctorSchedule(
    Guid DoctorId,
    [property: MaxLength(70)] IReadOnlyList<WeeklyPeriod> WorkingHours,
    [property: Range(5, 480)] int SlotMinutes = 30,
    [property: MaxLength(70)] IReadOnlyList<WeeklyPeriod>? Breaks = null,
    [property: MaxLength(400)] IReadOnlyList<Absence>? Exceptions = null,
    [property: NotAField] long? ExpectedVersion = null) : ITool<DoctorSchedule>;

/// <summary>Represents the event that a doctor's schedule was set.</summary>
/// <param name="ValidFrom">
/// The date, in the hospital's time zone, from which the schedule applies; earlier days keep the previous one. Null in events of earlier versions, which did
/// not include it.
/// </param>
[LiveResource("schedules", Callers = Callers.Everyone)]
public sealed record DoctorScheduleSet(DoctorSchedule Schedule, DateOnly? ValidFrom = null) : IntegrationEvent(Schedule.HospitalId, Schedule.Version)
{
    public override LiveUpdate LiveUpdate => new(Change.Updated, Schedule.WithoutReasons(), new(Callers.Everyone));
}
