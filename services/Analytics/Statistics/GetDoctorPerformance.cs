using MedCor.Contracts;
using MedCor.Contracts.Analytics;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Analytics.Statistics;

internal sealed class GetDoctorPerformanceHandler(AnalyticsDb db, StatisticsQueries queries) : IToolHandler<GetDoctorPerformance, DoctorPerformance>
{
    public async Task<DoctorPerformance> HandleAsync(GetDoctorPerformance request, CancellationToken ct)
    {
        if (db.Tenancy.Caller is { Kind: Callers.Doctor, UserId: var me } && me != request.DoctorId)
            throw new Forbidden("Doctors see their own performance only.");
        var doctor = request.DoctorId;
        // The work of those who were doctors is part of the hospital's figures, so it is found under their names as well.
        var person = await db.People.AsNoTracking()
            .FirstOrDefaultAsync(p => p.UserId == doctor && (p.Role == Role.Doctor || db.PrimarySpecialties.Any(s => s.DoctorId == doctor)), ct)
            ?? throw new NotFound("doctor");
        var owner = person.HospitalId;
        var hospital = await queries.ResolveHospitalAsync(owner, ct);
        var period = Period.Containing(request.Period, request.Date ?? queries.Today(hospital));
        var (from, to) = period;

        var days = await db.DoctorDays.Where(d => d.HospitalId == owner && d.DoctorId == doctor && d.Day >= from && d.Day <= to).ToListAsync(ct);
        var seen = await db.Appointments
            .Where(v => v.HospitalId == owner && v.DoctorId == doctor && v.Day >= from && v.Day <= to && v.Status == AppointmentStatus.Completed)
            .Select(v => v.PatientId).Distinct().CountAsync(ct);
        var schedules = await queries.FindSchedules(owner, period).Where(s => s.DoctorId == doctor).ToListAsync(ct);
        var active = await db.PrimarySpecialties.Where(p => p.HospitalId == owner && p.DoctorId == doctor).Select(p => p.ActivePeriods).SingleOrDefaultAsync(ct)
            ?? person.EstimatedPeriods;
        var zone = StatisticsQueries.TimeZoneOf(hospital);
        var working = StatisticsQueries.CountWorkingMinutes(schedules, zone,
            StatisticsQueries.FindActiveDays(await queries.FindHospitalPeriodsAsync(owner, ct), active, zone, period));
        var booked = days.Sum(d => d.BookedMinutes);
        return new(
            DoctorId: doctor,
            HospitalId: owner,
            Period: request.Period,
            DateFrom: from,
            DateTo: to,
            Appointments: days.Sum(d => d.Scheduled + d.InProgress + d.Completed + d.Cancelled + d.NoShows),
            Completed: days.Sum(d => d.Completed),
            Cancelled: days.Sum(d => d.Cancelled),
            NoShows: days.Sum(d => d.NoShows),
            PatientsSeen: seen,
            AverageRating: StatisticsQueries.Ratio(days.Sum(d => d.RatingSum), days.Sum(d => d.Ratings), 2),
            BookedMinutes: booked,
            WorkingMinutes: working,
            Utilization: StatisticsQueries.Ratio(booked, working, 4));
    }
}
