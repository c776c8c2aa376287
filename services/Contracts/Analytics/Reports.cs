using MedCor.Contracts.Clinical;

namespace MedCor.Contracts.Analytics;

/// <summary>Specifies the subject of a report.</summary>
public enum ReportType { Hospital }

/// <summary>Represents the report of a completed month of a hospital.</summary>
/// <param name="Id">The ID of the report, always the same for the same month of the same hospital.</param>
/// <param name="Period"><example>"MONTHLY"</example></param>
/// <param name="DateFrom"><example>"2026-01-01"</example></param>
/// <param name="DateTo"><example>"2027-12-31"</example></param>
[Resource("analytics/reports", Callers.Admins)]
[Audited(AuditKind.Administration, RecordsReads = false)]
public sealed record Report(Guid Id, ReportType Type, ReportPeriod Period, Guid HospitalId, DateOnly DateFrom, DateOnly DateTo)
{
    /// <summary>The statistics of the month.</summary>
    public ReportFigures Figures { get; init; } = new(
        NewPatients: 0,
        Appointments: 0,
        Scheduled: 0,
        InProgress: 0,
        Completed: 0,
        Cancelled: 0,
        NoShows: 0,
        PatientsSeen: 0,
        AverageRating: null,
        Revenue: "0.00",
        Currency: "USD");
}

/// <summary>Represents the main statistics of a report, under the names that get_hospital_statistics uses.</summary>
/// <param name="AverageRating"><example>4.6</example></param>
/// <param name="Revenue"><example>"1980.00"</example></param>
/// <param name="Currency"><example>"EUR"</example></param>
public sealed record ReportFigures(
    int NewPatients, int Appointments, int Scheduled, int InProgress, int Completed, int Cancelled, int NoShows, int PatientsSeen, decimal? AverageRating,
    string Revenue, string Currency);

/// <summary>Lists the available monthly reports, the newest first. There is one for each completed month that had appointments or invoices.</summary>
/// <param name="Type">The type of the reports that are listed.</param>
/// <param name="HospitalId">The ID of the hospital whose reports are listed.</param>
/// <param name="DateFrom">The earliest last day of a month that is listed.</param>
/// <param name="DateTo">The latest first day of a month that is listed.</param>
[Tool("list_reports", Effect.Read, Callers.Admins)]
public sealed record ListReports(
    ReportType? Type = null, Guid? HospitalId = null, [property: PlausibleDate] DateOnly? DateFrom = null, [property: PlausibleDate] DateOnly? DateTo = null)
    : PagedTool<Report>;
