using MedCor.Clinical.People;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Clinical.Schedules;

internal sealed class GetDoctorScheduleHandler(ClinicalDb db, KnownPeople people) : IHandle<GetDoctorSchedule, DoctorSchedule>
{
    public async Task<DoctorSchedule> Handle(GetDoctorSchedule asked, CancellationToken ct) => (await people.Doctor(asked.DoctorId, ct)).For(db.Tenancy.Caller.Kind);
}
