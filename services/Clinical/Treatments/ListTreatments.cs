using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Clinical.Treatments;

internal sealed class ListTreatmentsHandler(ClinicalDb db, TreatmentResource treatments) : IToolHandler<ListTreatments, Page<Contracts.Clinical.Treatment>>
{
    public Task<Page<Contracts.Clinical.Treatment>> HandleAsync(ListTreatments request, CancellationToken ct)
    {
        if (db.Tenancy.Caller is { Kind: Callers.Patient, UserId: var me } && request.PatientId is { } other && other != me) throw new Forbidden("Patients see their own treatments only.");

        return treatments.ReadPageAsync(request, list => list
            .Where("patient_id", request.PatientId)
            .Where("doctor_id", request.DoctorId)
            .Where("status", request.Status), ct);
    }
}
