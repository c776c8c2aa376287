using MedCor.Contracts.Clinical;
using MedCor.Platform.Tools;

namespace MedCor.Clinical.Treatments;

internal sealed class GetTreatmentHandler(TreatmentResource treatments) : IToolHandler<GetTreatment, Contracts.Clinical.Treatment>
{
    public Task<Contracts.Clinical.Treatment> HandleAsync(GetTreatment request, CancellationToken ct) => treatments.GetAsync(request.TreatmentId, ct);
}
