using MedCor.Clinical.People;
using MedCor.Clinical.Scheduling;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Tools;

namespace MedCor.Clinical.MedicalRecords;

internal sealed class CreateMedicalRecordHandler(ClinicalDb db, PersonCopies people, DoctorAvailabilities doctors, TimeProvider clock)
    : IToolHandler<CreateMedicalRecord, Contracts.Clinical.MedicalRecord>, IToolPreparation<CreateMedicalRecord>
{
    private static readonly RecordType[] NurseRecordTypes = [RecordType.Triage, RecordType.Vitals, RecordType.NursingNote];
    private PersonCopy _patient = null!;

    public async Task PrepareAsync(CreateMedicalRecord request, CancellationToken ct)
    {
        if (db.Tenancy.Caller.Kind == Callers.Nurse && !NurseRecordTypes.Contains(request.RecordType)) throw new Forbidden("Nurses write TRIAGE, VITALS and NURSING_NOTE.");
        if (request.DoctorId is { } answering) db.Tenancy.Caller.EnsureMayWriteFor(answering);
        PersonCopy? doctor = null;
        if (request.DoctorId is { } id) ((doctor, _, _), _patient) = await doctors.RequireWithPatientAsync(id, request.PatientId, ct);
        else _patient = await people.RequirePatientAsync(request.PatientId, ct);
        if (PersonCopy.ValidateActive(doctor, _patient) is { Count: > 0 } wrongs) throw new ValidationFailed(wrongs);
    }

    public async Task<Contracts.Clinical.MedicalRecord> HandleAsync(CreateMedicalRecord request, CancellationToken ct)
    {
        var author = db.Tenancy.Caller;
        var record = new MedicalRecord
        {
            HospitalId = _patient.HospitalId,
            PatientId = _patient.Id,
            DoctorId = request.DoctorId ?? (author.Kind == Callers.Doctor ? author.UserId : null),
            AuthorId = author.UserId,
            RecordType = request.RecordType,
            Title = request.Title,
            Description = request.Description,
            Diagnosis = request.Diagnosis,
            Symptoms = request.Symptoms,
            TreatmentPlan = request.TreatmentPlan,
            Attachments = [.. request.Attachments ?? []],
        };
        db.Add(record);
        db.Add(record.NextVersion(null, clock.GetUtcNow()));
        db.Raise(() => new MedicalRecordCreated(record.ToContract().WithoutContent()));
        await db.SaveChangesAsync(ct);
        return record.ToContract();
    }
}
