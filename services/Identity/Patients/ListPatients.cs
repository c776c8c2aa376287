using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Platform.Tools;

namespace MedCor.Identity.Patients;

internal sealed class ListPatientsHandler(PatientResource patients) : IToolHandler<ListPatients, Page<Patient>>
{
    public Task<Page<Patient>> HandleAsync(ListPatients request, CancellationToken ct) => patients.ReadPageAsync(request, list => list
        .Where("hospital_id", request.HospitalId)
        .Where("is_active", request.IsActive)
        .Where("date_of_birth", request.DateOfBirth)
        .Search("search", request.Search), ct);
}
