using MedCor.Clinical.People;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Clinical.Schedules;

internal sealed class GetDoctorScheduleHandler(ClinicalDb db, PersonCopies people) : IToolHandler<GetDoctorSchedule, DoctorSchedule>
{
    public async Task<DoctorSchedule> Handle(GetDoctorSchedule request, CancellationToken ct) => (await people.RequireDoctor(request.DoctorId, ct)).ToContractFor(db.Tenancy.Caller.Kind);
}
