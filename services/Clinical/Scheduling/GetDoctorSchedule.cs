using MedCor.Clinical.People;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Tools;

namespace MedCor.Clinical.Scheduling;

internal sealed class GetDoctorScheduleHandler(ClinicalDb db, PersonCopies people) : IToolHandler<GetDoctorSchedule, DoctorSchedule>
{
    public async Task<DoctorSchedule> HandleAsync(GetDoctorSchedule request, CancellationToken ct) => (await people.RequireDoctorAsync(request.DoctorId, ct)).ToContractFor(db.Tenancy.Caller.Kind);
}
