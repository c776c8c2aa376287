using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Platform.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Patients;

internal sealed class GetPatientHandler(IdentityDb db, PatientResource patients, RepresentedPatients represented) : IToolHandler<GetPatient, Patient>
{
    public async Task<Patient> HandleAsync(GetPatient request, CancellationToken ct)
    {
        if (!await represented.IncludeAsync(request.PatientId, ct)) return await patients.GetAsync(request.PatientId, ct);
        var patient = await db.Accounts.AsNoTracking().SingleOrDefaultAsync(a => a.Id == request.PatientId && a.Role == Role.Patient && a.IsActive, ct)
            ?? throw new NotFound("patient");
        return patient.ToPatient();
    }
}
