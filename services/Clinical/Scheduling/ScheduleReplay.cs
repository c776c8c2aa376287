using MedCor.Contracts.Clinical;
using MedCor.Platform.Replay;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Scheduling;

/// <summary>Replays the current and the former schedules of each doctor.</summary>
internal sealed class ScheduleReplay(ClinicalDb db) : IReplaySource
{
    public async Task<IReadOnlyList<ReplayItem>> ReadPageAsync(RowKey after, CancellationToken ct)
    {
        var zones = await db.Hospitals.ToDictionaryAsync(h => h.HospitalId, h => h.TimeZone, ct);
        return await db.Schedules
            .Where(s => EF.Functions.GreaterThan(ValueTuple.Create(s.HospitalId, s.DoctorId), ValueTuple.Create(after.HospitalId, after.Id)))
            .OrderBy(s => s.HospitalId).ThenBy(s => s.DoctorId)
            .Select(s => new { Schedule = s, Former = db.FormerSchedules.Where(f => f.HospitalId == s.HospitalId && f.DoctorId == s.DoctorId).ToList() })
            .ToReplayPageAsync(s => new(s.Schedule.HospitalId, s.Schedule.DoctorId),
                s => s.Former.Append(s.Schedule.ToFormer()).Select(f => new DoctorScheduleSet(new(
                    DoctorId: f.DoctorId,
                    HospitalId: f.HospitalId,
                    TimeZone: zones.GetValueOrDefault(f.HospitalId, "UTC"),
                    SlotMinutes: f.Timetable.SlotMinutes,
                    WorkingHours: f.Timetable.WorkingHours,
                    Breaks: f.Timetable.Breaks,
                    Exceptions: f.Timetable.Exceptions,
                    Version: f.Version,
                    CreatedAt: f.CreatedAt,
                    UpdatedAt: f.UpdatedAt), f.ValidFrom)), ct);
    }
}
