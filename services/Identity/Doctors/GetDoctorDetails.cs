using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Identity.Doctors;

internal sealed class GetDoctorDetailsHandler(VisibleDoctors doctors) : IHandle<GetDoctorDetails, Doctor>
{
    public Task<Doctor> Handle(GetDoctorDetails asked, CancellationToken ct) => doctors.Get(asked.DoctorId, ct);
}
