using MedCor.Clinical.People;
using MedCor.Contracts.Clinical;

namespace MedCor.Clinical.Scheduling;

/// <summary>Represents an appointment with the local copies of its patient and doctor, where there are any.</summary>
internal sealed class AppointmentWithNames
{
    public required Appointment Appointment { get; init; }
    public required PersonCopy? Patient { get; init; }
    public required PersonCopy? Doctor { get; init; }

    internal Contracts.Clinical.Appointment ToContract()
    {
        var a = Appointment;
        return new(
            a.Id, a.HospitalId, a.PatientId, Patient?.Name, a.DoctorId, Doctor?.Name, a.AppointmentDate, a.AppointmentTime, a.DurationMinutes, a.TimeZone,
            a.StartsAt, a.EndsAt, a.Reason, a.Notes, a.Status, a.Rating, a.RatingComment, a.RescheduledFrom, a.RescheduledTo,
            a.Version, a.CreatedAt, a.UpdatedAt);
    }

    internal AffectedAppointment ToAffected() => new(Appointment.Id, Appointment.PatientId, Appointment.DoctorId, Appointment.AppointmentDate, Appointment.AppointmentTime);
}
