using MedCor.Contracts.Identity;
using MedCor.Platform.Tools;

namespace MedCor.Identity.Doctors;

internal sealed class GetDoctorDetailsHandler(DoctorResource doctors) : IToolHandler<GetDoctorDetails, Doctor>
{
    public Task<Doctor> HandleAsync(GetDoctorDetails request, CancellationToken ct) => doctors.GetAsync(request.DoctorId, ct);
}
