using MedCor.Contracts.Analytics;
using MedCor.Platform.Tools;
using MedCor.Validation;

namespace MedCor.Analytics.Statistics;

internal sealed class GetHospitalStatisticsHandler(StatisticsQueries queries)
    : IToolHandler<GetHospitalStatistics, HospitalStatistics>, IParameterValidator<GetHospitalStatistics>
{
    public Task AddErrorsAsync(GetHospitalStatistics request, ParameterErrors errors, CancellationToken ct)
    {
        queries.RequireHospital(request.HospitalId, errors);
        errors.AddDateRange(request.DateFrom, request.DateTo);
        return Task.CompletedTask;
    }

    public async Task<HospitalStatistics> HandleAsync(GetHospitalStatistics request, CancellationToken ct)
    {
        var (hospital, s) = await queries.ReadAsync(request.HospitalId, request.DateFrom, request.DateTo, ct);
        return new(
            HospitalId: hospital,
            DateFrom: s.From,
            DateTo: s.To,
            TimeZone: s.TimeZone,
            Patients: s.Patients,
            Doctors: s.Doctors,
            Nurses: s.Nurses,
            NewPatients: s.NewPatients,
            Appointments: s.Appointments,
            Scheduled: s.Scheduled,
            InProgress: s.InProgress,
            Completed: s.Completed,
            Cancelled: s.Cancelled,
            NoShows: s.NoShows,
            PatientsSeen: s.PatientsSeen,
            AverageRating: s.AverageRating,
            Revenue: s.Revenue,
            Currency: s.Currency,
            TotalPatients: s.Patients,
            TodayAppointments: s.TodayAppointments,
            ActiveDoctors: s.Doctors,
            MonthlyRevenue: s.MonthlyRevenue);
    }
}
