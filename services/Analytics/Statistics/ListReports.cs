using MedCor.Contracts;
using MedCor.Contracts.Analytics;
using MedCor.Platform.Tools;
using MedCor.Validation;

namespace MedCor.Analytics.Statistics;

internal sealed class ListReportsHandler(ReportResource reports) : IToolHandler<ListReports, Page<Report>>, IParameterValidator<ListReports>
{
    public Task AddErrorsAsync(ListReports request, ParameterErrors errors, CancellationToken ct)
    {
        errors.AddDateRange(request.DateFrom, request.DateTo);
        return Task.CompletedTask;
    }

    public Task<Page<Report>> HandleAsync(ListReports request, CancellationToken ct) => reports.ReadPageAsync(request, list => list
        .Where("hospital_id", request.HospitalId)
        .From("date_from", request.DateFrom is { } from ? new DateOnly(from.Year, from.Month, 1) : null)
        .To("date_from", request.DateTo), ct);
}
