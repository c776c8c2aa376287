using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Clinical.Treatments;

internal sealed class GetTreatmentHandler(TreatmentResource treatments) : IToolHandler<GetTreatment, Contracts.Clinical.Treatment>
{
    public Task<Contracts.Clinical.Treatment> Handle(GetTreatment request, CancellationToken ct) => treatments.Get(request.TreatmentId, ct);
}
