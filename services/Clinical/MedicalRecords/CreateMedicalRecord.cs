using MedCor.Clinical.People;
using MedCor.Clinical.Scheduling;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Tools;

namespace MedCor.Clinical.MedicalRecords;

internal sealed class CreateMedicalRecordHandler(ClinicalDb db, PersonCopies people, DoctorAvailabilities doctors, TimeProvider clock)
    : IToolHandler<CreateMedicalRecord, PersonCopy, Contracts.Clinical.MedicalRecord>
{
    private static readonly RecordType[] NurseRecordTypes = [RecordType.Triage, RecordType.Vitals, RecordType.NursingNote];

    /// <summary>Checks who writes about whom and returns the patient.</summary>
    public async Task<PersonCopy> PrepareAsync(CreateMedicalRecord request, CancellationToken ct)
    {
        if (db.Tenancy.Caller.Kind == Callers.Nurse && !NurseRecordTypes.Contains(request.RecordType))
            throw new Forbidden("Nurses write TRIAGE, VITALS and NURSING_NOTE.");
        if (request.DoctorId is { } answering) db.Tenancy.Caller.EnsureMayWriteFor(answering);
        var (doctor, patient, _) = request.DoctorId is { } id
            ? await doctors.RequireWithPatientAsync(id, request.PatientId, ct)
            : ((DoctorAvailability?)null, await people.RequirePatientAsync(request.PatientId, ct), false);
        return PersonCopy.ValidateActive(doctor?.Doctor, patient) is { Count: > 0 } wrongs ? throw new ValidationFailed(wrongs) : patient;
    }

    public async Task<Contracts.Clinical.MedicalRecord> HandleAsync(CreateMedicalRecord request, PersonCopy patient, CancellationToken ct)
    {
        var author = db.Tenancy.Caller;
        var record = new MedicalRecord
        {
            HospitalId = patient.HospitalId,
            PatientId = patient.Id,
            DoctorId = request.DoctorId ?? (author.Kind == Callers.Doctor ? author.UserId : null),
            AuthorId = author.UserId,
            RecordType = request.RecordType,
            Title = request.Title,
            Description = request.Description,
            Diagnosis = request.Diagnosis,
            Symptoms = request.Symptoms,
            TreatmentPlan = request.TreatmentPlan,
            Attachments = [.. request.Attachments ?? []],
            IsRestricted = request.Restricted,
        };
        var viewers = await ContentVisibility.FindViewersAsync(db, record.HospitalId, record.PatientId, record.IsRestricted, record.Writers, ct);
        var representatives = await db.FindRepresentativesAsync(record.HospitalId, record.PatientId, ct, completely: record.IsRestricted);
        db.Add(record);
        db.Add(record.NextVersion(null, author.UserId, clock.GetUtcNow()));
        db.Raise(() => new MedicalRecordCreated(record.ToContract().WithoutContent(), viewers, representatives));
        await db.SaveChangesAsync(ct);
        return record.ToContract();
    }
}
