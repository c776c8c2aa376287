using System.ComponentModel.DataAnnotations;

namespace MedCor.Contracts.Clinical;

/// <summary>
/// Asks the Clinical service to pause bookings until it receives the event of a change that is about to be made, and to return the existing bookings. Nothing
/// is booked between the response and the change, so the service that makes the change can report every booking that it affects. This is not a tool: services
/// call it among themselves.
/// </summary>
/// <param name="HospitalId">The ID of the hospital.</param>
/// <param name="UserId">The ID of the doctor or patient whom the change concerns; null when it concerns the whole hospital.</param>
/// <param name="Version">
/// The version of the user or hospital before the change. The pause ends when Clinical receives the event of a later version, or after one minute.
/// </param>
public sealed record PauseBookings(Guid HospitalId, Guid? UserId, long Version)
{
    /// <summary>The path of the request at the Clinical service. It carries the token of the administrator who requested the change.</summary>
    public const string Path = "/bookings/pause";
}

/// <summary>Represents the upcoming appointments.</summary>
/// <param name="Results">The next appointments, at most 100, the earliest first.</param>
/// <param name="Total">The number of upcoming appointments, counted up to 10,000.</param>
public sealed record UpcomingBookings([property: MaxLength(100)] IReadOnlyList<UpcomingBooking> Results, long Total);

/// <summary>Represents an upcoming appointment: its time, without its reason.</summary>
/// <param name="TimeZone">The time zone in which the date and time were agreed.</param>
public sealed record UpcomingBooking(Guid Id, Guid PatientId, Guid DoctorId, DateOnly AppointmentDate, TimeOnly AppointmentTime, string TimeZone,
    DateTimeOffset StartsAt);
