using MedCor.Clinical.People;
using MedCor.Clinical.Scheduling;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Tools;

namespace MedCor.Clinical.Treatments;

internal sealed class CreateTreatmentHandler(ClinicalDb db, DoctorAvailabilities doctors, TimeProvider clock)
    : IToolHandler<CreateTreatment, PersonCopy, Contracts.Clinical.Treatment>
{
    /// <summary>Checks who treats whom and returns the patient.</summary>
    public async Task<PersonCopy> PrepareAsync(CreateTreatment request, CancellationToken ct)
    {
        db.Tenancy.Caller.EnsureMayWriteFor(request.DoctorId);
        var (doctor, patient, _) = await doctors.RequireWithPatientAsync(request.DoctorId, request.PatientId, ct);
        var errors = PersonCopy.ValidateActive(doctor.Doctor, patient);
        if (PlannedDateAttribute.FindError(request.FollowUpDate, doctor.Today(clock.GetUtcNow())) is { } error) errors.Add("follow_up_date", [error]);
        return errors.Count > 0 ? throw new ValidationFailed(errors) : patient;
    }

    public async Task<Contracts.Clinical.Treatment> HandleAsync(CreateTreatment request, PersonCopy patient, CancellationToken ct)
    {
        var treatment = new Treatment
        {
            HospitalId = patient.HospitalId,
            PatientId = patient.Id,
            DoctorId = request.DoctorId,
            AuthorId = db.Tenancy.Caller.UserId,
            Name = request.Name,
            Description = request.Description,
            Medications = Treatment.SerializeMedications(request.Medications),
            Instructions = request.Instructions,
            FollowUpDate = request.FollowUpDate,
            Notes = request.Notes,
        };
        var viewers = await ContentVisibility.FindViewersAsync(
            db, treatment.HospitalId, treatment.PatientId, isRestricted: false, [treatment.AuthorId, treatment.DoctorId], ct);
        var representatives = await db.FindRepresentativesAsync(treatment.HospitalId, treatment.PatientId, ct);
        db.Add(treatment);
        db.Raise(() => new TreatmentCreated(treatment.ToContract().WithoutContent(), viewers, representatives));
        await db.SaveChangesAsync(ct);
        return treatment.ToContract();
    }
}
