using System.ComponentModel.DataAnnotations;

namespace MedCor.Contracts.Clinical;

/// <summary>What a medical record is about.</summary>
public enum RecordType { Consultation, Checkup, Appointment, Triage, Vitals, NursingNote, LabResult, Prescription, Procedure, Imaging, Discharge, Referral, Onboarding, Other }

/// <summary>Whether a medical record holds.</summary>
public enum RecordStatus { Active, EnteredInError }

/// <summary>Something that was found out or done about a patient. What it says is for those who treat the patient, their hospital's administrators and the patient; others see only that it is there.</summary>
/// <param name="DoctorId">The doctor who answers for it.</param>
/// <param name="AuthorId">Who wrote this version.</param>
/// <param name="Attachments">Addresses or names of what belongs to it. <c>unsafe:</c> stands before an older one with another scheme than http or https.</param>
[Resource("medical_records", Callers.Everyone)]
public sealed record MedicalRecord(
    Guid Id,
    Guid HospitalId,
    Guid PatientId,
    Guid? DoctorId,
    Guid AuthorId,
    RecordType RecordType,
    RecordStatus Status,
    string? Title,
    string? Description,
    string? Diagnosis,
    string? Symptoms,
    string? TreatmentPlan,
    IReadOnlyList<string>? Attachments,
    long Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt) : IClinicalContent
{
    /// <summary>That it is there, and nothing of what it says.</summary>
    public MedicalRecord WithoutContent() => this with { Title = null, Description = null, Diagnosis = null, Symptoms = null, TreatmentPlan = null, Attachments = null };
}

/// <summary>A medical record as it was at one version.</summary>
/// <param name="Version">Which version, from 1.</param>
/// <param name="AuthorId">Who wrote it.</param>
/// <param name="WrittenAt">When.</param>
/// <param name="Reason">Why it was changed.</param>
/// <param name="Record">What it said.</param>
public sealed record MedicalRecordVersion(long Version, Guid AuthorId, DateTimeOffset WrittenAt, string? Reason, MedicalRecord Record);

/// <summary>Lists medical records, the latest first. Patients see their own; staff see those of their hospital.</summary>
/// <param name="DateFrom">Written on this day, by the clocks of the hospital, or later; of UTC for the platform's administrators.</param>
/// <param name="DateTo">Written on this day or earlier.</param>
[Tool("list_medical_records", Effect.Read, Callers.Everyone)]
public sealed record ListMedicalRecords(
    Guid? PatientId = null,
    RecordType? RecordType = null,
    DateOnly? DateFrom = null,
    DateOnly? DateTo = null) : PagedTool<MedicalRecord>;

/// <summary>Shows one medical record as it now is.</summary>
[Tool("get_medical_record", Effect.Read, Callers.Everyone)]
public sealed record GetMedicalRecord(Guid RecordId) : ITool<MedicalRecord>;

/// <summary>Lists all versions of a medical record, the latest first, each with its author, time and reason.</summary>
[Tool("get_medical_record_history", Effect.Read, Callers.Everyone)]
public sealed record GetMedicalRecordHistory(Guid RecordId) : PagedTool<MedicalRecordVersion>;

/// <summary>Writes a medical record. Nurses write TRIAGE, VITALS and NURSING_NOTE.</summary>
/// <param name="DoctorId">The doctor who answers for it; the author, if a doctor, unless given. Doctors name nobody but themselves.</param>
/// <param name="Attachments">What belongs to it: http or https addresses, or names without a scheme.</param>
[Tool("create_medical_record", Effect.Create, Callers.HospitalAdmin | Callers.Doctor | Callers.Nurse)]
public sealed record CreateMedicalRecord(
    Guid PatientId,
    [property: Length(1, 200)] string Title,
    RecordType RecordType,
    [property: MaxLength(10_000), Multiline] string? Description = null,
    [property: MaxLength(10_000), Multiline] string? Diagnosis = null,
    [property: MaxLength(10_000), Multiline] string? Symptoms = null,
    [property: MaxLength(10_000), Multiline] string? TreatmentPlan = null,
    [property: UniqueItems, MaxLength(50), EachElementLength(1, 2000), HttpLinksOrNames] IReadOnlyList<string>? Attachments = null,
    Guid? DoctorId = null) : ITool<MedicalRecord>;

/// <summary>
/// Amends a medical record: what is given replaces what was said, null clears it, what is left out stays; as a new version, and the old ones stay. What leaves all as it was makes no version. One that should
/// never have been written becomes ENTERED_IN_ERROR, with the reason; it stays readable as such and changes no more.
/// </summary>
/// <param name="Attachments">What belongs to it: http or https addresses, or names without a scheme.</param>
/// <param name="Reason">Why it is changed.</param>
/// <param name="ExpectedVersion">Refuses the change if the record is no longer at this version.</param>
[Tool("update_medical_record", Effect.Update, Callers.HospitalAdmin | Callers.Doctor)]
public sealed record UpdateMedicalRecord(
    Guid RecordId,
    [property: Length(1, 200)] string? Title = null,
    [property: MaxLength(10_000), Multiline] Optional<string?> Description = default,
    [property: MaxLength(10_000), Multiline] Optional<string?> Diagnosis = default,
    [property: MaxLength(10_000), Multiline] Optional<string?> Symptoms = default,
    [property: MaxLength(10_000), Multiline] Optional<string?> TreatmentPlan = default,
    [property: UniqueItems, MaxLength(50), EachElementLength(1, 2000), HttpLinksOrNames] IReadOnlyList<string>? Attachments = null,
    RecordStatus? Status = null,
    [property: MaxLength(1000), Multiline, NotAField] string? Reason = null,
    [property: NotAField] long? ExpectedVersion = null) : ITool<MedicalRecord>;

/// <summary>A medical record was written. Tells that, not what it says: who may read that asks for it, and the asking is recorded.</summary>
public sealed record MedicalRecordCreated(MedicalRecord Record) : IntegrationEvent(Record.HospitalId, Record.Version)
{
    public override LiveUpdate LiveUpdate => new("medical_records", Change.Created, Record.WithoutContent(), new(Callers.Staff, Record.PatientId));
}

/// <summary>A medical record was amended. Tells that, not what it says.</summary>
public sealed record MedicalRecordUpdated(MedicalRecord Record) : IntegrationEvent(Record.HospitalId, Record.Version)
{
    public override LiveUpdate LiveUpdate => new("medical_records", Change.Updated, Record.WithoutContent(), new(Callers.Staff, Record.PatientId));
}
