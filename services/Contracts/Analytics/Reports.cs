namespace MedCor.Contracts.Analytics;

/// <summary>What a report is about.</summary>
public enum ReportType { Hospital }

/// <summary>A closed month of a hospital.</summary>
/// <param name="Id">Always the same for the same month of the same hospital.</param>
[Resource("analytics/reports", Callers.Admins)]
public sealed record Report(Guid Id, ReportType Type, ReportPeriod Period, Guid HospitalId, DateOnly DateFrom, DateOnly DateTo)
{
    /// <summary>What the month came to.</summary>
    public ReportFigures Figures { get; init; } = new(0, 0, 0, 0, 0, 0, 0, 0, null, "0.00", "USD");
}

/// <summary>The main figures of a report, under the names that get_hospital_statistics has for them.</summary>
public sealed record ReportFigures(
    int NewPatients, int Appointments, int Scheduled, int InProgress, int Completed, int Cancelled, int NoShows, int PatientsSeen, decimal? AverageRating, string Revenue, string Currency);

/// <summary>Lists the monthly reports there are, the newest first: one for each month that is over and had appointments or invoices.</summary>
/// <param name="HospitalId">Only those of this hospital.</param>
/// <param name="DateFrom">Only months that end on this day or later.</param>
/// <param name="DateTo">Only months that begin on this day or earlier.</param>
[Tool("list_reports", Effect.Read, Callers.Admins)]
public sealed record ListReports(ReportType? Type = null, Guid? HospitalId = null, [property: PlausibleDate] DateOnly? DateFrom = null, [property: PlausibleDate] DateOnly? DateTo = null) : PagedTool<Report>;
