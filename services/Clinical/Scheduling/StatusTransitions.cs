using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;

namespace MedCor.Clinical.Scheduling;

/// <summary>Defines the status transitions that an appointment allows.</summary>
internal static class StatusTransitions
{
    /// <summary>The statuses in which an appointment occupies the time of its doctor and patient. The exclusion constraints list the same statuses.</summary>
    internal static readonly AppointmentStatus[] Occupying = [AppointmentStatus.Scheduled, AppointmentStatus.InProgress, AppointmentStatus.Completed];

    /// <param name="hasStarted">Whether the appointment's start has been reached; a no-show cannot be recorded before it.</param>
    internal static IReadOnlyList<AppointmentStatus> AllowedFrom(AppointmentStatus status, bool hasStarted) => status switch
    {
        AppointmentStatus.Scheduled when hasStarted => [AppointmentStatus.InProgress, AppointmentStatus.Cancelled, AppointmentStatus.NoShow],
        AppointmentStatus.Scheduled => [AppointmentStatus.InProgress, AppointmentStatus.Cancelled],
        AppointmentStatus.InProgress => [AppointmentStatus.Completed, AppointmentStatus.Cancelled],
        _ => [],
    };

    internal static ApiException NotAllowed(AppointmentStatus status, bool hasStarted)
    {
        var allowed = AllowedFrom(status, hasStarted);
        return new Conflict(allowed.Count == 0
                ? $"The appointment is {ToWireName(status)}, which is final."
                : $"The appointment is {ToWireName(status)}; from there it can only become {string.Join(" or ", allowed.Select(ToWireName))}.")
            .WithDetail("status", status).WithDetail("allowed", allowed);
    }

    internal static ApiException NoShowTooEarly(Appointment appointment)
    {
        var allowed = AllowedFrom(appointment.Status, hasStarted: false);
        return new Conflict(
            $"The appointment begins at {appointment.AppointmentTime:HH:mm} on {appointment.AppointmentDate:yyyy-MM-dd} ({appointment.TimeZone}); "
                + $"NO_SHOW is possible from then on. Until then it can only become {string.Join(" or ", allowed.Select(ToWireName))}.")
            .WithDetail("status", appointment.Status).WithDetail("allowed", allowed).WithDetail("no_show_from", appointment.StartsAt);
    }

    /// <summary>Returns the name of a status in the contract.</summary>
    internal static string ToWireName(AppointmentStatus status) => JsonNamingPolicy.SnakeCaseUpper.ConvertName(status.ToString());
}
