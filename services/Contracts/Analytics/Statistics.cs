using System.Text.Json.Serialization;
using MedCor.Contracts.Clinical;

namespace MedCor.Contracts.Analytics;

/// <summary>Specifies a calendar period: a day, a week that begins on Monday, a month, a quarter or a year.</summary>
public enum ReportPeriod { Daily, Weekly, Monthly, Quarterly, Yearly }

/// <summary>Represents the statistics of a hospital. Appointments are counted on the day of the appointment, in the hospital's time zone.</summary>
/// <param name="DateFrom">The first day of the period. <example>"2026-01-01"</example></param>
/// <param name="DateTo">The last day of the period, inclusive. <example>"2027-12-31"</example></param>
/// <param name="TimeZone">The IANA name of the hospital's time zone. <example>"Europe/Berlin"</example></param>
/// <param name="Patients">The number of currently active patients.</param>
/// <param name="Doctors">The number of currently active doctors.</param>
/// <param name="Nurses">The number of currently active nurses.</param>
/// <param name="NewPatients">The number of patients who were registered within the period.</param>
/// <param name="Appointments">The number of appointments of any status.</param>
/// <param name="Cancelled">The number of cancelled appointments, including those that were rescheduled.</param>
/// <param name="PatientsSeen">The number of different patients with a completed appointment.</param>
/// <param name="AverageRating">The average rating of the rated appointments, from 1 to 5; null when none was rated. <example>4.6</example></param>
/// <param name="Revenue">The amount invoiced within the period, less credit notes. <example>"1980.00"</example></param>
/// <param name="Currency">The currency of the newest invoice; amounts in another currency are not included in the revenue. <example>"EUR"</example></param>
/// <param name="TotalPatients">The number of currently active patients.</param>
/// <param name="TodayAppointments">The number of today's appointments that are not cancelled, regardless of the requested period.</param>
/// <param name="ActiveDoctors">The number of currently active doctors.</param>
/// <param name="MonthlyRevenue">The revenue of the current calendar month, regardless of the requested period. <example>"1980.00"</example></param>
[Resource("analytics/dashboard", Callers.ClinicalStaff)]
[Audited(AuditKind.Administration, RecordsReads = false)]
public sealed record HospitalStatistics(
    Guid HospitalId,
    DateOnly DateFrom,
    DateOnly DateTo,
    string TimeZone,
    int Patients,
    int Doctors,
    int Nurses,
    int NewPatients,
    int Appointments,
    int Scheduled,
    int InProgress,
    int Completed,
    int Cancelled,
    int NoShows,
    int PatientsSeen,
    decimal? AverageRating,
    string Revenue,
    string Currency,
    [property: JsonPropertyName("totalPatients")] int TotalPatients,
    [property: JsonPropertyName("todayAppointments")] int TodayAppointments,
    [property: JsonPropertyName("activeDoctors")] int ActiveDoctors,
    [property: JsonPropertyName("monthlyRevenue")] string MonthlyRevenue);

/// <summary>Returns the statistics of a hospital for a period: people, appointments by status, ratings and revenue.</summary>
/// <param name="HospitalId">The ID of the hospital; your own by default. Required for platform administrators.</param>
/// <param name="DateFrom">The first day of the period; by default the first of the month of the last day.</param>
/// <param name="DateTo">The last day of the period, inclusive; by default today, or the first day if that is later.</param>
[Tool("get_hospital_statistics", Effect.Read, Callers.ClinicalStaff)]
public sealed record GetHospitalStatistics(
    Guid? HospitalId = null, [property: PlausibleDate] DateOnly? DateFrom = null, [property: PlausibleDate] DateOnly? DateTo = null)
    : ITool<HospitalStatistics>;

/// <summary>Represents the statistics of a doctor's work.</summary>
/// <param name="Period"><example>"MONTHLY"</example></param>
/// <param name="DateFrom"><example>"2026-01-01"</example></param>
/// <param name="DateTo"><example>"2027-12-31"</example></param>
/// <param name="PatientsSeen">The number of different patients with a completed appointment.</param>
/// <param name="AverageRating">The average rating of the rated appointments, from 1 to 5; null when none was rated. <example>4.6</example></param>
/// <param name="BookedMinutes">The booked time, in minutes.</param>
/// <param name="WorkingMinutes">
/// The working time, in minutes, by the schedule that applies on each day: a new schedule does not change days before it was set. Days on which the doctor's
/// account or the hospital was not active are not counted.
/// </param>
/// <param name="Utilization">
/// The ratio of booked to working minutes, 1 being fully booked; null when the doctor does not work in the period.
/// <example>0.62</example>
/// </param>
[Audited(AuditKind.Administration, "doctor_performance")]
public sealed record DoctorPerformance(
    Guid DoctorId,
    Guid HospitalId,
    ReportPeriod Period,
    DateOnly DateFrom,
    DateOnly DateTo,
    int Appointments,
    int Completed,
    int Cancelled,
    int NoShows,
    int PatientsSeen,
    decimal? AverageRating,
    int BookedMinutes,
    int WorkingMinutes,
    decimal? Utilization);

/// <summary>Returns the statistics of a doctor's work. Doctors may request only their own.</summary>
/// <param name="DoctorId">The ID of the doctor.</param>
/// <param name="Period">The length of the period.</param>
/// <param name="Date">A day within the period; today by default. <example>"2027-03-01"</example></param>
[Tool("get_doctor_performance", Effect.Read, Callers.Admins | Callers.Doctor)]
public sealed record GetDoctorPerformance(Guid DoctorId, ReportPeriod Period = ReportPeriod.Monthly, [property: PlausibleDate] DateOnly? Date = null)
    : ITool<DoctorPerformance>;

/// <summary>Represents the demand for the specialties of a hospital.</summary>
/// <param name="Period"><example>"MONTHLY"</example></param>
/// <param name="DateFrom"><example>"2026-01-01"</example></param>
/// <param name="DateTo"><example>"2027-12-31"</example></param>
/// <param name="Specialties">The specialties, the one in most demand first.</param>
[Audited(AuditKind.Administration, RecordsReads = false)]
public sealed record HospitalDemand(Guid HospitalId, ReportPeriod Period, DateOnly DateFrom, DateOnly DateTo, IReadOnlyList<SpecialtyDemand> Specialties);

/// <summary>Represents the demand for one specialty. A doctor's appointments are counted for the doctor's primary specialty.</summary>
/// <param name="SpecialtyId">The ID of the specialty; null for doctors without a specialty.</param>
/// <param name="Code"><example>"CARD"</example></param>
/// <param name="Name"><example>"Cardiology"</example></param>
/// <param name="Doctors">The number of currently active doctors.</param>
/// <param name="AverageWaitDays">
/// The average time from booking to appointment, in days, of appointments that were neither cancelled nor missed; null when there are none.
/// <example>3.5</example>
/// </param>
/// <param name="Utilization">
/// The ratio of booked to working minutes of the specialty's active doctors, by the schedules that apply on each day, 1 being fully booked. Days on which an
/// account or the hospital was not active are not counted. Null when none of the doctors works in the period.
/// <example>0.62</example>
/// </param>
public sealed record SpecialtyDemand(
    Guid? SpecialtyId, string? Code, string? Name, int Doctors, int Appointments, int Completed, int Cancelled, int NoShows,
    decimal? AverageWaitDays, decimal? Utilization);

/// <summary>Returns the demand for each specialty of a hospital: appointments, waiting time and utilization.</summary>
/// <param name="HospitalId">The ID of the hospital; your own by default. Required for platform administrators.</param>
/// <param name="Period">The length of the period.</param>
/// <param name="Date">A day within the period; today by default. <example>"2027-03-01"</example></param>
[Tool("get_specialty_demand", Effect.Read, Callers.Admins | Callers.Doctor)]
public sealed record GetSpecialtyDemand(Guid? HospitalId = null, ReportPeriod Period = ReportPeriod.Monthly, [property: PlausibleDate] DateOnly? Date = null)
    : ITool<HospitalDemand>;
