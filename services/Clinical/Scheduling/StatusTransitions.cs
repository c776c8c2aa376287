using System.Text.Json;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Problems;

namespace MedCor.Clinical.Scheduling;

/// <summary>How an appointment may move on.</summary>
internal static class StatusTransitions
{
    /// <summary>The appointments that take their doctor's and their patient's time. The exclusion constraints say the same.</summary>
    internal static readonly AppointmentStatus[] Occupying = [AppointmentStatus.Scheduled, AppointmentStatus.InProgress, AppointmentStatus.Completed];

    internal static IReadOnlyList<AppointmentStatus> AllowedFrom(AppointmentStatus status) => status switch
    {
        AppointmentStatus.Scheduled => [AppointmentStatus.InProgress, AppointmentStatus.Cancelled, AppointmentStatus.NoShow],
        AppointmentStatus.InProgress => [AppointmentStatus.Completed, AppointmentStatus.Cancelled],
        _ => [],
    };

    internal static ApiException NotAllowed(AppointmentStatus status)
    {
        var allowed = AllowedFrom(status);
        return new Conflict(allowed.Count == 0
                ? $"The appointment is {ToWireName(status)}, which is final."
                : $"The appointment is {ToWireName(status)}; from there it can only become {string.Join(" or ", allowed.Select(ToWireName))}.")
            .WithDetail("status", status).WithDetail("allowed", allowed);
    }

    /// <summary>Nobody has failed to come before they were to come.</summary>
    internal static ApiException NoShowTooEarly(Appointment appointment)
    {
        AppointmentStatus[] allowed = [.. AllowedFrom(appointment.Status).Where(s => s != AppointmentStatus.NoShow)];
        return new Conflict($"The appointment begins at {appointment.AppointmentTime:HH:mm} on {appointment.AppointmentDate:yyyy-MM-dd} ({appointment.TimeZone}); NO_SHOW is possible from then on. "
                + $"Until then it can only become {string.Join(" or ", allowed.Select(ToWireName))}.")
            .WithDetail("status", appointment.Status).WithDetail("allowed", allowed).WithDetail("no_show_from", appointment.StartsAt);
    }

    /// <summary>A status as the contract writes it.</summary>
    internal static string ToWireName(AppointmentStatus status) => JsonNamingPolicy.SnakeCaseUpper.ConvertName(status.ToString());
}
