using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Patients;

internal sealed class GetPatientHandler(IdentityDb db) : IHandle<GetPatient, Patient>
{
    public async Task<Patient> Handle(GetPatient asked, CancellationToken ct) =>
        (await db.Seen().AsNoTracking().Where(a => a.Role == Role.Patient).Find(asked.PatientId, "patient", ct)).ToPatient();
}
