using MedCor.Contracts;
using MedCor.Contracts.Analytics;
using MedCor.Platform.Tools;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Analytics.Statistics;

internal sealed class GetSpecialtyDemandHandler(AnalyticsDb db, StatisticsQueries queries)
    : IToolHandler<GetSpecialtyDemand, HospitalDemand>, IParameterValidator<GetSpecialtyDemand>
{
    private const decimal SecondsPerDay = 24 * 60 * 60;

    public Task AddErrorsAsync(GetSpecialtyDemand request, ParameterErrors errors, CancellationToken ct)
    {
        queries.RequireHospital(request.HospitalId, errors);
        return Task.CompletedTask;
    }

    public async Task<HospitalDemand> HandleAsync(GetSpecialtyDemand request, CancellationToken ct)
    {
        var hospital = await queries.ResolveHospitalAsync(request.HospitalId, ct);
        var (id, zone) = (hospital.HospitalId, StatisticsQueries.TimeZoneOf(hospital));
        var period = Period.Containing(request.Period, request.Date ?? queries.Today(hospital));
        var (first, last) = period;

        var work = await db.DoctorDays.Where(d => d.HospitalId == id && d.Day >= first && d.Day <= last).GroupBy(d => d.DoctorId).Select(g => new
        {
            DoctorId = g.Key,
            Taking = g.Sum(d => d.Scheduled + d.InProgress + d.Completed),
            Completed = g.Sum(d => d.Completed),
            Cancelled = g.Sum(d => d.Cancelled),
            NoShows = g.Sum(d => d.NoShows),
            BookedMinutes = g.Sum(d => d.BookedMinutes),
            WaitSeconds = g.Sum(d => d.WaitSeconds),
        }).ToDictionaryAsync(w => w.DoctorId, ct);
        var active = await db.People.AsNoTracking().Where(p => p.HospitalId == id && p.Role == Role.Doctor && p.IsActive).ToDictionaryAsync(p => p.UserId, ct);
        var practices = await db.PrimarySpecialties.AsNoTracking().Where(p => p.HospitalId == id).ToDictionaryAsync(p => p.DoctorId, ct);
        var schedules = (await queries.FindSchedules(id, period).ToListAsync(ct)).ToLookup(s => s.DoctorId);
        var specialties = await db.Specialties.ToDictionaryAsync(s => s.Id, ct);
        var hospitalPeriods = await queries.FindHospitalPeriodsAsync(id, ct);
        var usual = StatisticsQueries.CountWorkingMinutes([], zone, [period]);

        var demand = from doctor in active.Keys.Union(work.Keys)
                     group doctor by practices.GetValueOrDefault(doctor)?.SpecialtyId into doctors
                     let specialty = doctors.Key is { } key ? specialties.GetValueOrDefault(key) : null
                     let done = doctors.Where(work.ContainsKey).Select(d => work[d]).ToArray()
                     let working = doctors.Where(active.ContainsKey).Sum(CountWorkingMinutes)
                     let booked = doctors.Where(d => active.ContainsKey(d) && work.ContainsKey(d)).Sum(d => work[d].BookedMinutes)
                     let taking = done.Sum(w => w.Taking)
                     select new SpecialtyDemand(
                         SpecialtyId: doctors.Key,
                         Code: specialty?.Code,
                         Name: specialty?.Name,
                         Doctors: doctors.Count(active.ContainsKey),
                         Appointments: taking + done.Sum(w => w.Cancelled + w.NoShows),
                         Completed: done.Sum(w => w.Completed),
                         Cancelled: done.Sum(w => w.Cancelled),
                         NoShows: done.Sum(w => w.NoShows),
                         AverageWaitDays: taking == 0 ? null : Math.Round(done.Sum(w => w.WaitSeconds) / SecondsPerDay / taking, 2),
                         Utilization: StatisticsQueries.Ratio(booked, working, 4));
        return new(id, request.Period, first, last,
            [.. demand.OrderByDescending(d => d.Appointments).ThenBy(d => d.Code, StringComparer.Ordinal).ThenBy(d => d.SpecialtyId)]);

        int CountWorkingMinutes(Guid doctor)
        {
            var days = StatisticsQueries.FindActiveDays(hospitalPeriods,
                practices.GetValueOrDefault(doctor)?.ActivePeriods ?? active[doctor].EstimatedPeriods, zone, period);
            return !schedules.Contains(doctor) && days is [var all] && all == period
                ? usual
                : StatisticsQueries.CountWorkingMinutes([.. schedules[doctor]], zone, days);
        }
    }
}
