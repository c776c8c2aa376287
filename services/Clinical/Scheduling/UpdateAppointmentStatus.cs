using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Tools;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Scheduling;

internal sealed class UpdateAppointmentStatusHandler(ClinicalDb db, TimeProvider clock)
    : IToolHandler<UpdateAppointmentStatus, Contracts.Clinical.Appointment>, IParameterValidator<UpdateAppointmentStatus>,
        IReplayLimiter<Contracts.Clinical.Appointment>
{
    public Task<Contracts.Clinical.Appointment> LimitAsync(Contracts.Clinical.Appointment result, CancellationToken ct) => db.LimitAsync(result, ct);

    public Task AddErrorsAsync(UpdateAppointmentStatus request, ParameterErrors errors, CancellationToken ct)
    {
        if (errors.AreRight("status") && request.Status == AppointmentStatus.Cancelled && string.IsNullOrWhiteSpace(request.Notes))
            errors.Add("notes", "must contain the reason for the cancellation");
        return Task.CompletedTask;
    }

    public async Task<Contracts.Clinical.Appointment> HandleAsync(UpdateAppointmentStatus request, CancellationToken ct)
    {
        if (db.Tenancy.Caller.Kind == Callers.Patient && request.Status != AppointmentStatus.Cancelled)
            throw new Forbidden("Patients can only cancel their appointments.");
        if (db.Tenancy.Caller.Kind == Callers.Receptionist && request.Status is not (AppointmentStatus.Cancelled or AppointmentStatus.NoShow))
            throw new Forbidden("Receptionists can only cancel appointments, or record that the patient did not come.");

        var appointment = await db.AppointmentsWithNames.SingleOrDefaultAsync(v => v.Appointment.Id == request.AppointmentId, ct)
            ?? throw new NotFound("appointment");
        appointment.Appointment.ThrowIfVersionDiffers(request.ExpectedVersion);
        var now = clock.GetUtcNow();
        if (db.Tenancy.Caller.Kind == Callers.Patient && appointment.Appointment.Status is AppointmentStatus.Scheduled or AppointmentStatus.InProgress)
            appointment.Appointment.EnsureNotStarted(now);
        appointment.Appointment.ChangeStatus(request.Status, request.Notes, now);
        appointment.Appointment.RecordRepresentative(db.FindActingRepresentative(appointment.Appointment.PatientId));

        var representatives = await db.FindRepresentativesAsync(appointment.Appointment.HospitalId, appointment.Appointment.PatientId, ct);
        db.Raise(() => new AppointmentUpdated(appointment.ToContract(), representatives));
        await db.SaveChangesAsync(ct);
        return appointment.ToContractFor(db.Tenancy.Caller.Kind);
    }
}
