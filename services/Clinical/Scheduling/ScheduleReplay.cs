using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.History;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Scheduling;

internal sealed class ScheduleReplay(ClinicalDb db) : IReplaySource
{
    public async Task<IReadOnlyList<ReplayItem>> ReadPageAsync(RowKey after, CancellationToken ct)
    {
        var zones = await db.Hospitals.ToDictionaryAsync(h => h.HospitalId, h => h.TimeZone, ct);
        return await db.Schedules.Where(s => EF.Functions.GreaterThan(ValueTuple.Create(s.HospitalId, s.DoctorId), ValueTuple.Create(after.HospitalId, after.Id)))
            .OrderBy(s => s.HospitalId).ThenBy(s => s.DoctorId)
            .ToReplayPageAsync(s => new(s.HospitalId, s.DoctorId), s => [new DoctorScheduleSet(new(
                s.DoctorId, s.HospitalId, zones.GetValueOrDefault(s.HospitalId, "UTC"), s.Timetable.SlotMinutes, s.Timetable.WorkingHours, s.Timetable.Breaks, s.Timetable.Exceptions,
                s.Version, s.CreatedAt, s.UpdatedAt))], ct);
    }
}
