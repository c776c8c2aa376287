using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Database;
using MedCor.Platform.Tools;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Scheduling;

internal sealed class SetDoctorScheduleHandler(ClinicalDb db, DoctorAvailabilities doctors, BookingService bookings, BookingPauses pauses, TimeProvider clock)
    : IToolHandler<SetDoctorSchedule, DoctorSchedule>, ICurrentStateProvider<SetDoctorSchedule>, IParameterValidator<SetDoctorSchedule>
{
    private const int MaxListed = 100;

    public async Task<object> GetCurrentAsync(SetDoctorSchedule request, CancellationToken ct) =>
        (await doctors.RequireAsync(request.DoctorId, ct)).ToContractFor(db.Tenancy.Caller.Kind);

    public Task AddErrorsAsync(SetDoctorSchedule request, ParameterErrors errors, CancellationToken ct)
    {
        TimetableValidator.AddErrors(request, errors);
        return Task.CompletedTask;
    }

    public async Task<DoctorSchedule> HandleAsync(SetDoctorSchedule request, CancellationToken ct)
    {
        if (db.Tenancy.Caller is { Kind: Callers.Doctor, UserId: var me } && me != request.DoctorId)
            throw new Forbidden("Doctors set their own schedule only.");
        var (doctor, hospital, _) = await doctors.RequireAsync(request.DoctorId, ct);
        var today = hospital.Today(clock.GetUtcNow());

        await pauses.LockExclusiveAsync(doctor.Id, ct);
        var schedule = await db.Schedules.SingleOrDefaultAsync(s => s.HospitalId == doctor.HospitalId && s.DoctorId == doctor.Id, ct);
        var timetable = TimetableValidator.Validate(request, schedule?.Timetable.Exceptions ?? [], today);
        if (schedule is null)
        {
            if (request.ExpectedVersion is > 0) throw new Conflict("No schedule has been set yet; expected_version is 0 then.").WithDetail("version", 0);
            db.Add(schedule = new() { HospitalId = doctor.HospitalId, DoctorId = doctor.Id, Timetable = timetable, ValidFrom = today });
        }
        else
        {
            schedule.ThrowIfVersionDiffers(request.ExpectedVersion);
            if (timetable != schedule.Timetable)
            {
                if (schedule.ValidFrom < today) db.Add(schedule.ToFormer());
                (schedule.Timetable, schedule.ValidFrom) = (timetable, today);
            }
        }

        var availability = new DoctorAvailability(doctor, hospital, schedule);
        if (db.ChangeTracker.HasChanges()) await SaveAsync(availability, ct);

        var affected = await bookings.FindUncoveredAsync(availability, clock.GetUtcNow(), ct);
        return availability.ToContract() with { Affected = [.. affected.Take(MaxListed).Select(v => v.ToAffected())], AffectedCount = affected.Count };
    }

    private async Task SaveAsync(DoctorAvailability availability, CancellationToken ct)
    {
        db.Raise(() => new DoctorScheduleSet(availability.ToContract(), availability.Schedule!.ValidFrom));
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException e) when (e.ViolatesConstraint("schedules_pkey"))
        {
            throw new Conflict("The schedule was changed by another request at the same time. Read it again, then retry.");
        }
    }
}
