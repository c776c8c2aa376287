using MedCor.Contracts.Clinical;
using MedCor.Platform.Tools;

namespace MedCor.Clinical.Scheduling;

internal sealed class GetDoctorScheduleHandler(ClinicalDb db, DoctorAvailabilities doctors) : IToolHandler<GetDoctorSchedule, DoctorSchedule>
{
    public async Task<DoctorSchedule> HandleAsync(GetDoctorSchedule request, CancellationToken ct) =>
        (await doctors.RequireAsync(request.DoctorId, ct)).ToContractFor(db.Tenancy.Caller.Kind);
}
