using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Doctors;

internal sealed class GetDoctorDetailsHandler(IdentityDb db) : IHandle<GetDoctorDetails, Doctor>
{
    public async Task<Doctor> Handle(GetDoctorDetails asked, CancellationToken ct) =>
        (await db.Doctors().AsNoTracking().Find(asked.DoctorId, "doctor", ct)).ToDoctor();
}
