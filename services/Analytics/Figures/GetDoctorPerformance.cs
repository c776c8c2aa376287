using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Analytics;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Analytics.Figures;

internal sealed class GetDoctorPerformanceHandler(AnalyticsDb db, FigureBook book) : IHandle<GetDoctorPerformance, DoctorPerformance>
{
    public async Task<DoctorPerformance> Handle(GetDoctorPerformance asked, CancellationToken ct)
    {
        if (db.Tenancy.Caller is { Kind: Callers.Doctor, UserId: var me } && me != asked.DoctorId) throw new Forbidden("Doctors see their own performance only.");
        var doctor = asked.DoctorId;
        var owner = await db.People.Where(p => p.UserId == doctor && p.Role == Role.Doctor).Select(p => (Guid?)p.HospitalId).FirstOrDefaultAsync(ct) ?? throw new Missing("doctor");
        var hospital = await book.Hospital(owner, ct);
        var (from, to) = Period.Of(asked.Period, asked.Date ?? book.Today(hospital));

        var days = await db.DoctorDays.Where(d => d.HospitalId == owner && d.DoctorId == doctor && d.Day >= from && d.Day <= to).ToListAsync(ct);
        var seen = await db.Visits.Where(v => v.HospitalId == owner && v.DoctorId == doctor && v.Day >= from && v.Day <= to && v.Status == AppointmentStatus.Completed)
            .Select(v => v.PatientId).Distinct().CountAsync(ct);
        var schedule = await db.Schedules.Where(s => s.HospitalId == owner && s.DoctorId == doctor).Select(s => s.Schedule).SingleOrDefaultAsync(ct);
        var working = WorkingHours.Minutes(schedule is null ? null : JsonSerializer.Deserialize<DoctorSchedule>(schedule, Json.Options), FigureBook.Zone(hospital), from, to);
        var booked = days.Sum(d => d.BookedMinutes);
        return new(
            doctor, owner, asked.Period, from, to, days.Sum(d => d.Scheduled + d.InProgress + d.Completed + d.Cancelled + d.NoShows),
            days.Sum(d => d.Completed), days.Sum(d => d.Cancelled), days.Sum(d => d.NoShows), seen, FigureBook.Ratio(days.Sum(d => d.RatingSum), days.Sum(d => d.Ratings), 2),
            booked, working, FigureBook.Ratio(booked, working, 4));
    }
}
