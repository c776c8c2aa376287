using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Resources;

namespace MedCor.Clinical.Appointments;

internal sealed class VisibleAppointments(ClinicalDb db) : Resource<Appointment, Visit, Contracts.Clinical.Appointment>(db)
{
    private static readonly Fields<Appointment> All = new Fields<Appointment>("-appointment_date,-appointment_time", a => a.Id)
    {
        { "id", a => a.Id, Selects.Few },
        { "hospital_id", a => a.HospitalId },
        { "patient_id", a => a.PatientId, Selects.Few },
        { "doctor_id", a => a.DoctorId, Selects.Few },
        { "status", a => a.Status },
        { "appointment_date", a => a.AppointmentDate },
        { "appointment_time", a => a.AppointmentTime },
        { "starts_at", a => a.StartsAt },
        { "rating", a => a.Rating },
        { "created_at", a => a.CreatedAt },
        { "updated_at", a => a.UpdatedAt },
    }
        .Indexed("appointment_date", "appointment_time").Indexed("status", "appointment_date", "appointment_time")
        .Indexed("doctor_id", "appointment_date", "appointment_time").Indexed("patient_id", "appointment_date", "appointment_time")
        .Indexed("starts_at").Indexed("status", "starts_at").Indexed("created_at").Indexed("updated_at");

    protected override Fields<Appointment> Fields => All;
    protected override string Thing => "appointment";
    protected override string? OwnedBy => "patient_id";
    protected override IQueryable<Appointment> Rows => db.SeenAppointments;
    protected override IQueryable<Visit> Complete(IQueryable<Appointment> rows) => db.Named(rows);
    protected override Contracts.Clinical.Appointment Show(Visit row) => row.ToContract();
}
