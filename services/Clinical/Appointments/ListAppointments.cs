using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Clinical.Appointments;

internal sealed class ListAppointmentsHandler(ClinicalDb db) : IHandle<ListAppointments, Page<Contracts.Clinical.Appointment>>
{
    private static readonly SortFields<Visit> Sort = new SortFields<Visit>("-appointment_date,-appointment_time")
    {
        { "appointment_date", v => v.Appointment.AppointmentDate },
        { "appointment_time", v => v.Appointment.AppointmentTime },
        { "starts_at", v => v.Appointment.StartsAt },
        { "status", v => v.Appointment.Status },
        { "created_at", v => v.Appointment.CreatedAt },
        { "updated_at", v => v.Appointment.UpdatedAt },
    }.Then(v => v.Appointment.Id);

    public Task<Page<Contracts.Clinical.Appointment>> Handle(ListAppointments asked, CancellationToken ct)
    {
        if (db.Tenancy.Caller is { Kind: Callers.Patient, UserId: var me } && asked.PatientId is { } other && other != me) throw new Forbidden("Patients see their own appointments only.");
        if (asked.DateFrom > asked.DateTo) throw new Invalid("date_to", "must not be before date_from");

        var visits = db.Visits;
        if (asked.PatientId is { } patient) visits = visits.Where(v => v.Appointment.PatientId == patient);
        if (asked.DoctorId is { } doctor) visits = visits.Where(v => v.Appointment.DoctorId == doctor);
        if (asked.Status is { } status) visits = visits.Where(v => v.Appointment.Status == status);
        if (asked.DateFrom is { } from) visits = visits.Where(v => v.Appointment.AppointmentDate >= from);
        if (asked.DateTo is { } to) visits = visits.Where(v => v.Appointment.AppointmentDate <= to);
        return visits.Page(asked, Sort, v => v.ToContract(), ct);
    }
}
