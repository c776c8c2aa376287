using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.History;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Schedules;

internal sealed class TellSchedules(ClinicalDb db) : ITellHistory
{
    public async IAsyncEnumerable<IntegrationEvent> Tell([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        var zones = await db.Hospitals.ToDictionaryAsync(h => h.HospitalId, h => h.TimeZone, ct);
        await foreach (var s in Pages.ByKey(last => db.Schedules.Where(s => s.DoctorId > last).OrderBy(s => s.DoctorId), s => s.DoctorId, ct))
            yield return new DoctorScheduleSet(new(
                s.DoctorId, s.HospitalId, zones.GetValueOrDefault(s.HospitalId, "UTC"), s.Timetable.SlotMinutes, s.Timetable.WorkingHours, s.Timetable.Breaks, s.Timetable.Exceptions,
                s.Version, s.CreatedAt, s.UpdatedAt));
    }
}
