using System.ComponentModel.DataAnnotations;

namespace MedCor.Contracts.Clinical;

/// <summary>
/// Asks Clinical to book nothing more until it hears of a change that is about to be made, and to name what is booked. Whoever makes the change can so tell everything that it concerns: nothing is
/// booked between the answer and the change. Not a tool: services ask each other.
/// </summary>
/// <param name="UserId">The doctor or patient whom the change concerns; null when it concerns the whole hospital.</param>
/// <param name="Version">The version of the user or the hospital before the change. The pause ends when Clinical hears of a later one, or after a minute.</param>
public sealed record PauseBookings(Guid HospitalId, Guid? UserId, long Version)
{
    /// <summary>Where Clinical takes it, with the token of the administrator who asks for the change.</summary>
    public const string Path = "/bookings/pause";
}

/// <summary>The appointments still to come.</summary>
/// <param name="Results">At most 100, the next first.</param>
/// <param name="Total">How many there are, counted to 10,000.</param>
public sealed record UpcomingBookings([property: MaxLength(100)] IReadOnlyList<UpcomingBooking> Results, long Total);

/// <summary>An appointment still to come: when it is, and nothing of what it is for.</summary>
/// <param name="TimeZone">The zone by whose clocks its day and time were agreed.</param>
public sealed record UpcomingBooking(Guid Id, Guid PatientId, Guid DoctorId, DateOnly AppointmentDate, TimeOnly AppointmentTime, string TimeZone, DateTimeOffset StartsAt);
