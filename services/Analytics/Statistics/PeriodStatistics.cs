namespace MedCor.Analytics.Statistics;

/// <summary>Represents the statistics of a hospital over a period, and what is counted now.</summary>
/// <param name="Patients">The active patients, now.</param>
/// <param name="Doctors">The active doctors, now.</param>
/// <param name="Nurses">The active nurses, now.</param>
/// <param name="TodayAppointments">The appointments of today, without the canceled ones.</param>
/// <param name="MonthlyRevenue">The revenue of the current month, in the currency of the newest invoice, as is <paramref name="Revenue"/>.</param>
internal sealed record PeriodStatistics(
    string TimeZone, DateOnly From, DateOnly To, int Patients, int Doctors, int Nurses, int TodayAppointments, string MonthlyRevenue, string Revenue,
    string Currency, int NewPatients, int PatientsSeen, int Scheduled, int InProgress, int Completed, int Cancelled, int NoShows, decimal? AverageRating)
{
    internal int Appointments => Scheduled + InProgress + Completed + Cancelled + NoShows;
}
