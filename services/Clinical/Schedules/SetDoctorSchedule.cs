using MedCor.Clinical.Appointments;
using MedCor.Clinical.People;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Database;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Schedules;

internal sealed class SetDoctorScheduleHandler(ClinicalDb db, KnownPeople people, Bookings bookings, BookingPauses pauses, TimeProvider clock) : IHandle<SetDoctorSchedule, DoctorSchedule>, IAmend<SetDoctorSchedule>
{
    private const int MostShown = 100;

    public async Task<object> Shown(SetDoctorSchedule asked, CancellationToken ct) => (await people.Doctor(asked.DoctorId, ct)).For(db.Tenancy.Caller.Kind);

    public async Task<DoctorSchedule> Handle(SetDoctorSchedule asked, CancellationToken ct)
    {
        if (db.Tenancy.Caller is { Kind: Callers.Doctor, UserId: var me } && me != asked.DoctorId) throw new Forbidden("Doctors set their own schedule only.");
        var (doctor, hospital, _) = await people.Doctor(asked.DoctorId, ct);

        await pauses.Alone(doctor.Id, ct);
        var schedule = await db.Schedules.SingleOrDefaultAsync(s => s.HospitalId == doctor.HospitalId && s.DoctorId == doctor.Id, ct);
        var timetable = TimetableRules.Check(asked, schedule?.Timetable.Exceptions ?? []);
        if (schedule is null)
        {
            if (asked.ExpectedVersion is > 0) throw new Conflict("No schedule has been set yet; expected_version is 0 then.").With("version", 0);
            db.Add(schedule = new() { HospitalId = doctor.HospitalId, DoctorId = doctor.Id, Timetable = timetable });
        }
        else
        {
            schedule.Expect(asked.ExpectedVersion);
            schedule.Timetable = timetable;
        }

        var practice = new Practice(doctor, hospital, schedule);
        db.Raise(() => new DoctorScheduleSet(practice.ToContract()));
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException e) when (e.Violates("schedules_pkey"))
        {
            throw new Conflict("The schedule was set by somebody else at the same moment. Read it again, then repeat.");
        }

        var affected = await bookings.Outside(practice, clock.GetUtcNow(), ct);
        return practice.ToContract() with { Affected = [.. affected.Take(MostShown).Select(v => v.ToAffected())], AffectedCount = affected.Count };
    }
}
