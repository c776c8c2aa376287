using MedCor.Contracts;
using MedCor.Contracts.Analytics;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Analytics.Figures;

internal sealed class ListReportsHandler(Reports reports, FigureBook book) : IHandle<ListReports, Page<Report>>
{
    public async Task<Page<Report>> Handle(ListReports asked, CancellationToken ct)
    {
        if (asked.DateFrom > asked.DateTo) throw new Invalid("date_to", "must not be before date_from");
        if (asked.HospitalId is { } id) await book.Hospital(id, ct);

        return await reports.Page(asked, list => list
            .Where("hospital_id", asked.HospitalId)
            .From("date_from", asked.DateFrom is { } from ? new DateOnly(from.Year, from.Month, 1) : null)
            .To("date_from", asked.DateTo), ct);
    }
}
