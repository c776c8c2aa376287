using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Clinical.Treatments;

internal sealed class GetTreatmentHandler(VisibleTreatments treatments) : IHandle<GetTreatment, Contracts.Clinical.Treatment>
{
    public Task<Contracts.Clinical.Treatment> Handle(GetTreatment asked, CancellationToken ct) => treatments.Get(asked.TreatmentId, ct);
}
