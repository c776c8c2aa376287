using MedCor.Contracts.Analytics;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Resources;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Analytics.Figures;

/// <summary>What get_hospital_statistics answers, its parameters being the filter. There is one, with no pages and no id.</summary>
internal sealed class DashboardResource(IToolHandler<GetHospitalStatistics, HospitalStatistics> statistics) : IResourceHandler<HospitalStatistics>
{
    public async Task<object> List(ResourceQuery query, CancellationToken ct) => await statistics.Handle(query.ToToolParameters<GetHospitalStatistics>(), ct);

    public Task<HospitalStatistics> Get(Guid id, CancellationToken ct) => throw new NotFound("path");
}
