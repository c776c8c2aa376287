using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Clinical.Treatments;

internal sealed class ListTreatmentsHandler(ClinicalDb db, VisibleTreatments treatments) : IHandle<ListTreatments, Page<Contracts.Clinical.Treatment>>
{
    public Task<Page<Contracts.Clinical.Treatment>> Handle(ListTreatments asked, CancellationToken ct)
    {
        if (db.Tenancy.Caller is { Kind: Callers.Patient, UserId: var me } && asked.PatientId is { } other && other != me) throw new Forbidden("Patients see their own treatments only.");

        return treatments.Page(asked, list => list
            .Where("patient_id", asked.PatientId)
            .Where("doctor_id", asked.DoctorId)
            .Where("status", asked.Status), ct);
    }
}
