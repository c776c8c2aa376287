using System.Security.Cryptography;
using System.Text;
using MedCor.Analytics.Visits;
using MedCor.Contracts;
using MedCor.Contracts.Analytics;
using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Analytics.Figures;

internal sealed class ListReportsHandler(AnalyticsDb db, FigureBook book, TimeProvider clock) : IHandle<ListReports, Page<Report>>
{
    private static readonly SortFields<ReportMonth> Sort = new SortFields<ReportMonth>("-date_from") { { "date_from", m => m.Month } }.Then(m => m.HospitalId);

    public async Task<Page<Report>> Handle(ListReports asked, CancellationToken ct)
    {
        if (asked.DateFrom > asked.DateTo) throw new Invalid("date_to", "must not be before date_from");
        // A hospital is where its clocks are: where the month is over already, another one's may still run.
        var months = db.Tenancy.Hospital is null
            ? db.Set<ReportMonth>().FromSql(Closed(clock.GetUtcNow())).IgnoreQueryFilters()
            : db.Set<ReportMonth>().FromSql(Closed(clock.GetUtcNow()));
        if (asked.HospitalId is { } id)
        {
            await book.Hospital(id, ct);
            months = months.Where(m => m.HospitalId == id);
        }
        if (asked.DateFrom is { } from)
        {
            var first = new DateOnly(from.Year, from.Month, 1);
            months = months.Where(m => m.Month >= first);
        }
        if (asked.DateTo is { } to) months = months.Where(m => m.Month <= to);

        var page = await months.Page(asked, Sort, Show, ct);
        var shown = page.Results.Select(r => r.HospitalId).ToArray();
        var hospitals = await db.Hospitals.Where(h => shown.Contains(h.HospitalId)).ToDictionaryAsync(h => h.HospitalId, ct);
        var figures = await book.Of([.. page.Results.Select(r => (hospitals[r.HospitalId], new Period(r.DateFrom, r.DateTo)))], ct);
        return page with { Results = [.. page.Results.Zip(figures, (report, f) => report with { Figures = f })] };
    }

    private static FormattableString Closed(DateTimeOffset now) => $"""
        SELECT m.hospital_id, m.month FROM months m JOIN known_hospitals h USING (hospital_id)
        WHERE (m.month + interval '1 month')::date <= ({now} AT TIME ZONE h.time_zone)::date
        """;

    private static Report Show(ReportMonth month)
    {
        var period = Period.Of(ReportPeriod.Monthly, month.Month);
        var id = SHA256.HashData(Encoding.UTF8.GetBytes($"{month.HospitalId:N} {month.Month:yyyy-MM}"))[..16];
        // A name-based id of the kind that RFC 9562 leaves to whoever makes it.
        (id[6], id[8]) = ((byte)(0x80 | (id[6] & 0x0f)), (byte)(0x80 | (id[8] & 0x3f)));
        return new(new Guid(id, bigEndian: true), ReportType.Hospital, ReportPeriod.Monthly, month.HospitalId, period.From, period.To);
    }
}
