using MedCor.Contracts.Analytics;
using MedCor.Platform.Tools;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Analytics.Statistics;

internal sealed class GetHospitalStatisticsHandler(AnalyticsDb db, StatisticsQueries book)
    : IToolHandler<GetHospitalStatistics, HospitalStatistics>, IParameterValidator<GetHospitalStatistics>
{
    public Task AddErrorsAsync(GetHospitalStatistics request, ParameterErrors errors, CancellationToken ct)
    {
        book.RequireHospital(request.HospitalId, errors);
        errors.AddDateRange(request.DateFrom, request.DateTo);
        return Task.CompletedTask;
    }

    public async Task<HospitalStatistics> HandleAsync(GetHospitalStatistics request, CancellationToken ct)
    {
        var hospital = await book.ResolveHospitalAsync(request.HospitalId, ct);
        var (id, today) = (hospital.HospitalId, book.Today(hospital));
        var to = request.DateTo ?? (request.DateFrom > today ? request.DateFrom.Value : today);
        var period = new Period(request.DateFrom ?? new(to.Year, to.Month, 1), to);

        var heads = await db.HeadCounts.Where(h => h.HospitalId == id).GroupBy(h => h.HospitalId)
            .Select(g => new { Patients = g.Sum(h => h.Patients), Doctors = g.Sum(h => h.Doctors), Nurses = g.Sum(h => h.Nurses) }).SingleOrDefaultAsync(ct);
        var todays = await db.DoctorDays.Where(d => d.HospitalId == id && d.Day == today)
            .SumAsync(d => d.Scheduled + d.InProgress + d.Completed + d.NoShows, ct);
        var figures = await book.ReadFiguresAsync([(hospital, period), (hospital, Period.Containing(ReportPeriod.Monthly, today))], ct);
        var (f, month) = (figures[0], figures[1]);
        return new(
            HospitalId: id,
            DateFrom: period.From,
            DateTo: period.To,
            TimeZone: hospital.TimeZone,
            Patients: heads?.Patients ?? 0,
            Doctors: heads?.Doctors ?? 0,
            Nurses: heads?.Nurses ?? 0,
            NewPatients: f.NewPatients,
            Appointments: f.Appointments,
            Scheduled: f.Scheduled,
            InProgress: f.InProgress,
            Completed: f.Completed,
            Cancelled: f.Cancelled,
            NoShows: f.NoShows,
            PatientsSeen: f.PatientsSeen,
            AverageRating: f.AverageRating,
            Revenue: f.Revenue,
            Currency: f.Currency,
            TotalPatients: heads?.Patients ?? 0,
            TodayAppointments: todays,
            ActiveDoctors: heads?.Doctors ?? 0,
            MonthlyRevenue: month.Revenue);
    }
}
