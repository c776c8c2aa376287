using System.Text.Json.Serialization;

namespace MedCor.Contracts.Analytics;

/// <summary>A stretch of the calendar: a day, a week from Monday, a month, a quarter, a year.</summary>
public enum ReportPeriod { Daily, Weekly, Monthly, Quarterly, Yearly }

/// <summary>A hospital in figures. Appointments count on the day of the visit, by the clocks of the hospital.</summary>
/// <param name="Patients">Those in use now.</param>
/// <param name="Doctors">Those in use now.</param>
/// <param name="Nurses">Those in use now.</param>
/// <param name="NewPatients">Registered within the period.</param>
/// <param name="Appointments">Of any status.</param>
/// <param name="Cancelled">With those that were rescheduled.</param>
/// <param name="PatientsSeen">Different patients with a completed appointment.</param>
/// <param name="AverageRating">Of those appointments that were rated; null when none was.</param>
/// <param name="Revenue">Invoiced within the period, less credit notes.</param>
/// <param name="Currency">That of the newest invoice; amounts in another one are not part of the revenue.</param>
/// <param name="TotalPatients">Patients in use now.</param>
/// <param name="TodayAppointments">Today's that are not cancelled, whatever period was asked for.</param>
/// <param name="ActiveDoctors">Doctors in use now.</param>
/// <param name="MonthlyRevenue">That of this calendar month, whatever period was asked for.</param>
[Resource("analytics/dashboard", Callers.Staff)]
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

/// <summary>Shows a hospital in figures for a period: people, appointments by status, ratings, revenue.</summary>
/// <param name="HospitalId">Your own unless given; platform administrators must give it.</param>
/// <param name="DateFrom">From this day on; the first of this month unless given.</param>
/// <param name="DateTo">To this day, inclusive; today unless given.</param>
[Tool("get_hospital_statistics", Effect.Read, Callers.Staff)]
public sealed record GetHospitalStatistics(Guid? HospitalId = null, [property: PlausibleDate] DateOnly? DateFrom = null, [property: PlausibleDate] DateOnly? DateTo = null) : ITool<HospitalStatistics>;

/// <summary>A doctor's work in figures.</summary>
/// <param name="PatientsSeen">Different patients with a completed appointment.</param>
/// <param name="AverageRating">Null when none was rated.</param>
/// <param name="WorkingMinutes">By the schedule that holds on each day: a new one changes no day before it was set.</param>
/// <param name="Utilization">Booked of working minutes, 1 being all; null when they do not work in the period.</param>
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

/// <summary>Shows a doctor's work in figures. Doctors may ask for themselves.</summary>
/// <param name="Date">A day of the period that is meant; today unless given.</param>
[Tool("get_doctor_performance", Effect.Read, Callers.Admins | Callers.Doctor)]
public sealed record GetDoctorPerformance(Guid DoctorId, ReportPeriod Period = ReportPeriod.Monthly, [property: PlausibleDate] DateOnly? Date = null) : ITool<DoctorPerformance>;

/// <summary>How much the specialties of a hospital are asked for.</summary>
/// <param name="Specialties">The most demanded first.</param>
public sealed record HospitalDemand(Guid HospitalId, ReportPeriod Period, DateOnly DateFrom, DateOnly DateTo, IReadOnlyList<SpecialtyDemand> Specialties);

/// <summary>How much one specialty is asked for. A doctor's appointments count for their main specialty.</summary>
/// <param name="SpecialtyId">None for doctors who practise none.</param>
/// <param name="Doctors">Those in use now.</param>
/// <param name="AverageWaitDays">From booking to visit, of appointments that were not cancelled or missed; null when there are none.</param>
/// <param name="Utilization">Booked of working minutes of its doctors in use, by the schedules that hold on each day, 1 being all; null when none works in the period.</param>
public sealed record SpecialtyDemand(
    Guid? SpecialtyId, string? Code, string? Name, int Doctors, int Appointments, int Completed, int Cancelled, int NoShows, decimal? AverageWaitDays, decimal? Utilization);

/// <summary>Shows how much each specialty of a hospital is asked for: appointments, waiting time, utilization.</summary>
/// <param name="HospitalId">Your own unless given; platform administrators must give it.</param>
/// <param name="Date">A day of the period that is meant; today unless given.</param>
[Tool("get_specialty_demand", Effect.Read, Callers.Admins | Callers.Doctor)]
public sealed record GetSpecialtyDemand(Guid? HospitalId = null, ReportPeriod Period = ReportPeriod.Monthly, [property: PlausibleDate] DateOnly? Date = null) : ITool<HospitalDemand>;
