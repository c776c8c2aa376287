using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Clinical.Treatments;

internal sealed class ListTreatmentsHandler(ClinicalDb db) : IHandle<ListTreatments, Page<Contracts.Clinical.Treatment>>
{
    private static readonly SortFields<Treatment> Sort = new SortFields<Treatment>("-created_at") { { "created_at", t => t.CreatedAt } }.Then(t => t.Id);

    public Task<Page<Contracts.Clinical.Treatment>> Handle(ListTreatments asked, CancellationToken ct)
    {
        var caller = db.Tenancy.Caller;
        if (caller.Kind == Callers.Patient && asked.PatientId is { } other && other != caller.UserId) throw new Forbidden("Patients see their own treatments only.");

        var treatments = db.Treatments;
        if (asked.PatientId is { } patient) treatments = treatments.Where(t => t.PatientId == patient);
        if (asked.DoctorId is { } doctor) treatments = treatments.Where(t => t.DoctorId == doctor);
        if (asked.Status is { } status) treatments = treatments.Where(t => t.Status == status);
        return treatments.Page(asked, Sort, t => t.For(caller.Kind), ct);
    }
}
