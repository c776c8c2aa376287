using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Identity.Patients;

internal sealed class GetPatientHandler(VisiblePatients patients) : IHandle<GetPatient, Patient>
{
    public Task<Patient> Handle(GetPatient asked, CancellationToken ct) => patients.Get(asked.PatientId, ct);
}
