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
            Id: a.Id,
            HospitalId: a.HospitalId,
            PatientId: a.PatientId,
            PatientName: Patient?.Name,
            DoctorId: a.DoctorId,
            DoctorName: Doctor?.Name,
            AppointmentDate: a.AppointmentDate,
            AppointmentTime: a.AppointmentTime,
            DurationMinutes: a.DurationMinutes,
            TimeZone: a.TimeZone,
            StartsAt: a.StartsAt,
            EndsAt: a.EndsAt,
            Reason: a.Reason,
            Notes: a.Notes,
            Status: a.Status,
            Rating: a.Rating,
            RatingComment: a.RatingComment,
            RescheduledFrom: a.RescheduledFrom,
            RescheduledTo: a.RescheduledTo,
            Version: a.Version,
            CreatedAt: a.CreatedAt,
            UpdatedAt: a.UpdatedAt);
    }

    internal AffectedAppointment ToAffected() =>
        new(Appointment.Id, Appointment.PatientId, Appointment.DoctorId, Appointment.AppointmentDate, Appointment.AppointmentTime);
}
