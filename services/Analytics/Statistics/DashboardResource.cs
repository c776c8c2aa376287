using MedCor.Contracts;
using MedCor.Contracts.Analytics;
using MedCor.Platform.Resources;

namespace MedCor.Analytics.Statistics;

/// <summary>
/// Returns the result of get_hospital_statistics as a resource; the tool's parameters are the filter. There is a single one, without pages or ids.
/// </summary>
internal sealed class DashboardResource(GetHospitalStatisticsHandler statistics) : IResourceHandler<HospitalStatistics>
{
    public async Task<object> ListAsync(ResourceQuery query, CancellationToken ct) =>
        await statistics.HandleAsync(await query.ReadToolParametersAsync(statistics, ct), ct);

    public Task<HospitalStatistics> GetAsync(Guid id, CancellationToken ct) => throw new NotFound("path");
}
