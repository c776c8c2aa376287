using MedCor.Contracts.Identity;
using MedCor.Platform.Tools;

namespace MedCor.Identity.Patients;

internal sealed class GetPatientHandler(PatientResource patients) : IToolHandler<GetPatient, Patient>
{
    public Task<Patient> HandleAsync(GetPatient request, CancellationToken ct) => patients.GetAsync(request.PatientId, ct);
}
