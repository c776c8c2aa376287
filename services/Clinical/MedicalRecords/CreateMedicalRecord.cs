using MedCor.Clinical.People;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Clinical.MedicalRecords;

internal sealed class CreateMedicalRecordHandler(ClinicalDb db, KnownPeople people, TimeProvider clock)
    : IHandle<CreateMedicalRecord, Contracts.Clinical.MedicalRecord>, IPrepare<CreateMedicalRecord>
{
    private static readonly RecordType[] OfNurses = [RecordType.Triage, RecordType.Vitals, RecordType.NursingNote];
    private Person patient = null!;

    public async Task Prepare(CreateMedicalRecord asked, CancellationToken ct)
    {
        if (db.Tenancy.Caller.Kind == Callers.Nurse && !OfNurses.Contains(asked.RecordType)) throw new Forbidden("Nurses write TRIAGE, VITALS and NURSING_NOTE.");
        if (asked.DoctorId is { } answering) db.Tenancy.Caller.MustNotActFor(answering);
        Person? doctor = null;
        if (asked.DoctorId is { } id) ((doctor, _, _), patient) = await people.DoctorAndPatient(id, asked.PatientId, ct);
        else patient = await people.Patient(asked.PatientId, ct);
        if (Person.Gone(doctor, patient) is { Count: > 0 } wrongs) throw new Invalid(wrongs);
    }

    public async Task<Contracts.Clinical.MedicalRecord> Handle(CreateMedicalRecord asked, CancellationToken ct)
    {
        var author = db.Tenancy.Caller;
        var record = new MedicalRecord
        {
            HospitalId = patient.HospitalId,
            PatientId = patient.Id,
            DoctorId = asked.DoctorId ?? (author.Kind == Callers.Doctor ? author.UserId : null),
            AuthorId = author.UserId,
            RecordType = asked.RecordType,
            Title = asked.Title,
            Description = asked.Description,
            Diagnosis = asked.Diagnosis,
            Symptoms = asked.Symptoms,
            TreatmentPlan = asked.TreatmentPlan,
            Attachments = [.. asked.Attachments ?? []],
        };
        db.Add(record);
        db.Add(record.NextVersion(null, clock.GetUtcNow()));
        db.Raise(() => new MedicalRecordCreated(record.ToContract().WithoutContent()));
        await db.SaveChangesAsync(ct);
        return record.ToContract();
    }
}
