using MedCor.Contracts;
using MedCor.Contracts.Analytics;
using MedCor.Platform.Resources;
using MedCor.Platform.Tools;

namespace MedCor.Analytics.Statistics;

/// <summary>What get_hospital_statistics answers, its parameters being the filter. There is one, with no pages and no id.</summary>
internal sealed class DashboardResource(IToolHandler<GetHospitalStatistics, HospitalStatistics> statistics) : IResourceHandler<HospitalStatistics>
{
    public async Task<object> ListAsync(ResourceQuery query, CancellationToken ct) => 
        await statistics.HandleAsync(await query.ReadToolParametersAsync(statistics, ct), ct);

    public Task<HospitalStatistics> GetAsync(Guid id, CancellationToken ct) => throw new NotFound("path");
}
