using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Tools;

namespace MedCor.Clinical.Treatments;

internal sealed class ListTreatmentsHandler(TreatmentResource treatments) : IToolHandler<ListTreatments, Page<Contracts.Clinical.Treatment>>
{
    public Task<Page<Contracts.Clinical.Treatment>> HandleAsync(ListTreatments request, CancellationToken ct) => treatments.ReadPageAsync(request, list => list
        .Where("patient_id", request.PatientId)
        .Where("doctor_id", request.DoctorId)
        .Where("status", request.Status), ct);
}
