using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Identity.Patients;

internal sealed class ListPatientsHandler(VisiblePatients patients) : IHandle<ListPatients, Page<Patient>>
{
    public Task<Page<Patient>> Handle(ListPatients asked, CancellationToken ct) => patients.Page(asked, list => list
        .Where("hospital_id", asked.HospitalId)
        .Where("is_active", asked.IsActive)
        .Where("date_of_birth", asked.DateOfBirth)
        .Search("search", asked.Search), ct);
}
