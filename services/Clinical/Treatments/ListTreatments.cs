using MedCor.Clinical.People;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Tools;

namespace MedCor.Clinical.Treatments;

internal sealed class ListTreatmentsHandler(TreatmentResource treatments, PersonCopies people)
    : IToolHandler<ListTreatments, Page<Contracts.Clinical.Treatment>>
{
    public Task<Page<Contracts.Clinical.Treatment>> HandleAsync(ListTreatments request, CancellationToken ct) =>
        people.ListAsync(request.PatientId, patientId => treatments.ReadPageAsync(request, list => list
            .Where("patient_id", patientId)
            .Where("doctor_id", request.DoctorId)
            .Where("status", request.Status), ct), ct);
}
