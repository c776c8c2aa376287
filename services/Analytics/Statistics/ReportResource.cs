using System.Security.Cryptography;
using System.Text;
using MedCor.Analytics.Appointments;
using MedCor.Contracts;
using MedCor.Contracts.Analytics;
using MedCor.Platform.Querying;
using MedCor.Platform.Resources;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Analytics.Statistics;

/// <summary>Lists one report for each month that is over and had appointments or invoices.</summary>
internal sealed class ReportResource(AnalyticsDb db, StatisticsQueries queries, TimeProvider clock) : QueryableResource<ReportMonth, Report>(db)
{
    private static readonly QueryableFields<ReportMonth> QueryFields = new("-date_from", m => m.HospitalId)
    {
        { "hospital_id", m => m.HospitalId },
        { "date_from", m => m.Month },
        { "date_to", m => m.Month.AddMonths(1).AddDays(-1) },
    };

    protected override QueryableFields<ReportMonth> Fields => QueryFields;
    protected override string EntityName => "report";

    protected override IQueryable<ReportMonth> Rows => db.Tenancy.SeesAllHospitals
        ? db.Set<ReportMonth>().FromSql(ClosedMonths(clock.GetUtcNow())).IgnoreQueryFilters()
        : db.Set<ReportMonth>().FromSql(ClosedMonths(clock.GetUtcNow()));

    public override async Task<Report> GetAsync(Guid id, CancellationToken ct)
    {
        // The id is a hash of hospital and month and cannot be looked up; a hospital has only twelve months a year to search.
        var found = await Rows.AsNoTracking().AsAsyncEnumerable().Select(ToContract).FirstOrDefaultAsync(r => r.Id == id, ct) ?? throw new NotFound(EntityName);
        return (await WithFiguresAsync([found], ct))[0];
    }

    protected override Report ToContract(ReportMonth row)
    {
        var period = Period.Containing(ReportPeriod.Monthly, row.Month);
        var id = SHA256.HashData(Encoding.UTF8.GetBytes($"{row.HospitalId:N} {row.Month:yyyy-MM}"))[..16];
        // A name-based UUID of version 8, whose layout RFC 9562 leaves to the implementation.
        (id[6], id[8]) = ((byte)(0x80 | (id[6] & 0x0f)), (byte)(0x80 | (id[8] & 0x3f)));
        return new(new Guid(id, bigEndian: true), ReportType.Hospital, ReportPeriod.Monthly, row.HospitalId, period.From, period.To);
    }

    protected override async Task<Page<Report>> ReadAsync(ListQuery<ReportMonth> list, CancellationToken ct)
    {
        var page = await base.ReadAsync(list, ct);
        return page with { Results = await WithFiguresAsync(page.Results, ct) };
    }

    private async Task<IReadOnlyList<Report>> WithFiguresAsync(IReadOnlyList<Report> reports, CancellationToken ct)
    {
        var statistics = await queries.ReadAsync(reports.Select(r => (r.HospitalId, (DateOnly?)r.DateFrom, (DateOnly?)r.DateTo)), ct);
        return [.. reports.Zip(statistics, (report, s) => report with
        {
            Figures = new(
                NewPatients: s.NewPatients,
                Appointments: s.Appointments,
                Scheduled: s.Scheduled,
                InProgress: s.InProgress,
                Completed: s.Completed,
                Cancelled: s.Cancelled,
                NoShows: s.NoShows,
                PatientsSeen: s.PatientsSeen,
                AverageRating: s.AverageRating,
                Revenue: s.Revenue,
                Currency: s.Currency),
        })];
    }

    /// <summary>
    /// Selects the months that have ended on each hospital's clocks; the same month may not have ended yet for a hospital in another time zone.
    /// </summary>
    private static FormattableString ClosedMonths(DateTimeOffset now) => $"""
        SELECT m.hospital_id, m.month FROM months m JOIN known_hospitals h USING (hospital_id)
        WHERE (m.month + interval '1 month')::date <= ({now} AT TIME ZONE h.time_zone)::date
        """;
}
