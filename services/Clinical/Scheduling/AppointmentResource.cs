using MedCor.Clinical.People;
using MedCor.Contracts;
using MedCor.Platform.Querying;
using MedCor.Platform.Resources;

namespace MedCor.Clinical.Scheduling;

internal sealed class AppointmentResource(ClinicalDb db) : QueryableResource<Appointment, AppointmentWithNames, Contracts.Clinical.Appointment>(db)
{
    private static readonly QueryableFields<Appointment> QueryFields = new QueryableFields<Appointment>("-appointment_date,-appointment_time", a => a.Id)
    {
        { "id", a => a.Id, Selectivity.High },
        { "hospital_id", a => a.HospitalId },
        { "patient_id", a => a.PatientId, Selectivity.High },
        { "doctor_id", a => a.DoctorId, Selectivity.High },
        { "status", a => a.Status },
        { "appointment_date", a => a.AppointmentDate },
        { "appointment_time", a => a.AppointmentTime },
        { "starts_at", a => a.StartsAt },
        { "rating", a => a.Rating },
        { "created_at", a => a.CreatedAt },
        { "updated_at", a => a.UpdatedAt },
    }
        .WithIndex("appointment_date", "appointment_time").WithIndex("status", "appointment_date", "appointment_time")
        .WithIndex("doctor_id", "appointment_date", "appointment_time").WithIndex("patient_id", "appointment_date", "appointment_time")
        .WithIndex("starts_at").WithIndex("status", "starts_at").WithIndex("created_at").WithIndex("updated_at");

    protected override QueryableFields<Appointment> Fields => QueryFields;
    protected override string EntityName => "appointment";
    protected override string? OwnerField => "patient_id";
    protected override IQueryable<Appointment> Rows => db.VisibleAppointments;
    protected override IQueryable<AppointmentWithNames> IncludeRelated(IQueryable<Appointment> rows) => db.WithNamesForCaller(rows);
    protected override Contracts.Clinical.Appointment ToContract(AppointmentWithNames row) => row.ToContractFor(db.Tenancy.Caller.Kind);
    protected override Task<Guid?> FindSurvivingPatientAsync(Guid patientId, CancellationToken ct) => db.FindSurvivingPatientAsync(patientId, ct);
    protected override Task<Guid[]> FindRepresentedAsync(Guid[] patients, CancellationToken ct) => db.FindRepresentedAsync(patients, ct);

    /// <inheritdoc/>
    public override async Task<Contracts.Clinical.Appointment> GetAsync(Guid id, CancellationToken ct) =>
        ToContract(await db.FindAppointmentAsync(id, ct) ?? throw new NotFound(EntityName));
}
