using MedCor.Clinical.People;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;

namespace MedCor.Clinical.Scheduling;

/// <summary>Represents an appointment with the local copies of its patient and doctor, where there are any.</summary>
internal sealed class AppointmentWithNames
{
    public required Appointment Appointment { get; init; }
    public required PersonCopy? Patient { get; init; }
    public required PersonCopy? Doctor { get; init; }

    /// <summary>Gets whether the caller may read what was written about the appointment, as far as it depends on the appointment.</summary>
    public bool HasContent { get; init; } = true;

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
            UpdatedAt: a.UpdatedAt,
            RepresentedBy: a.RepresentedBy);
    }

    /// <summary>Converts the appointment for a caller; receptionists, and staff who may not read it completely, receive no texts.</summary>
    internal Contracts.Clinical.Appointment ToContractFor(Callers kind) =>
        HasContent && kind != Callers.Receptionist ? ToContract() : ToContract().WithoutTexts();

    internal AffectedAppointment ToAffected() =>
        new(Appointment.Id, Appointment.PatientId, Appointment.DoctorId, Appointment.AppointmentDate, Appointment.AppointmentTime);
}
