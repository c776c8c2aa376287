using System.ComponentModel.DataAnnotations;

namespace MedCor.Contracts.Clinical;

/// <summary>Specifies the kind of a medical record.</summary>
public enum RecordType
{
    Consultation, Checkup, Appointment, Triage, Vitals, NursingNote, LabResult, Prescription, Procedure, Imaging, Discharge, Referral, Onboarding, Other,
}

/// <summary>Specifies whether a medical record is valid.</summary>
public enum RecordStatus { Active, EnteredInError }

/// <summary>
/// Represents a finding about a patient or an action taken. Its content is visible to the patient and to the staff whom the access policy of their hospital
/// allows; administrators whom it does not allow see only that the record exists.
/// </summary>
/// <param name="DoctorId">The ID of the responsible doctor.</param>
/// <param name="AuthorId">The ID of the user who wrote this version. <example>"01980000-0000-7000-8001-00000000000a"</example></param>
/// <param name="RecordType"><example>"CHECKUP"</example></param>
/// <param name="Title"><example>"Annual checkup"</example></param>
/// <param name="Description"><example>"Routine examination without findings."</example></param>
/// <param name="Diagnosis"><example>"In good health"</example></param>
/// <param name="Symptoms"><example>"None"</example></param>
/// <param name="TreatmentPlan"><example>"Next checkup in a year."</example></param>
/// <param name="Attachments">
/// The addresses or names of attachments. Older entries with another scheme than http or https are prefixed with <c>unsafe:</c>.
/// <example>["blood-count-2026-02-01.pdf"]</example>
/// </param>
/// <param name="Restricted">
/// Whether only its author, the responsible doctor, the patient and those who treat the patient see the content, whatever the access policy of the hospital.
/// <example>false</example>
/// </param>
[Resource("medical_records", Callers.ClinicalStaff | Callers.Patient)]
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
    DateTimeOffset UpdatedAt,
    bool Restricted = false) : IClinicalContent
{
    /// <summary>Returns the record without its content, so that only its existence is visible.</summary>
    public MedicalRecord WithoutContent() =>
        this with { Title = null, Description = null, Diagnosis = null, Symptoms = null, TreatmentPlan = null, Attachments = null };
}

/// <summary>Represents a medical record at one version.</summary>
/// <param name="Version">The version number, from 1.</param>
/// <param name="AuthorId">The ID of the user who wrote the version. <example>"01980000-0000-7000-8001-00000000000a"</example></param>
/// <param name="WrittenAt">The time at which the version was written.</param>
/// <param name="Reason">The reason for the change. <example>"The laboratory has answered."</example></param>
/// <param name="Record">The record at this version.</param>
public sealed record MedicalRecordVersion(long Version, Guid AuthorId, DateTimeOffset WrittenAt, string? Reason, MedicalRecord Record);

/// <summary>
/// Lists medical records, the latest first. Patients see their own and, with patient_id, those of a patient for whom they act; staff see those of their
/// hospital.
/// </summary>
/// <param name="PatientId">The ID of the patient whose records are listed.</param>
/// <param name="RecordType">The kind of records that are listed.</param>
/// <param name="DateFrom">
/// The first day on which the records were written, in the hospital's time zone; in UTC for platform administrators.
/// <example>"2026-01-01"</example>
/// </param>
/// <param name="DateTo">The last day on which the records were written, inclusive. <example>"2027-12-31"</example></param>
[Tool("list_medical_records", Effect.Read, Callers.ClinicalStaff | Callers.Patient)]
public sealed record ListMedicalRecords(
    Guid? PatientId = null,
    RecordType? RecordType = null,
    DateOnly? DateFrom = null,
    DateOnly? DateTo = null) : PagedTool<MedicalRecord>;

/// <summary>Returns the current version of one medical record.</summary>
/// <param name="RecordId">The ID of the medical record.</param>
[Tool("get_medical_record", Effect.Read, Callers.ClinicalStaff | Callers.Patient)]
public sealed record GetMedicalRecord(Guid RecordId) : ITool<MedicalRecord>;

/// <summary>Lists all versions of a medical record, the latest first, each with its author, time and reason.</summary>
/// <param name="RecordId">The ID of the medical record.</param>
[Tool("get_medical_record_history", Effect.Read, Callers.ClinicalStaff | Callers.Patient)]
public sealed record GetMedicalRecordHistory(Guid RecordId) : PagedTool<MedicalRecordVersion>;

/// <summary>Creates a medical record. Nurses may create only TRIAGE, VITALS and NURSING_NOTE records.</summary>
/// <param name="PatientId">The ID of the patient.</param>
/// <param name="Title">The title.</param>
/// <param name="RecordType">The kind of record.</param>
/// <param name="Description">What happened, in as much detail as the record needs.</param>
/// <param name="Diagnosis">The diagnosis, as the clinician words it.</param>
/// <param name="Symptoms">The symptoms, as observed or reported.</param>
/// <param name="TreatmentPlan">What is planned next.</param>
/// <param name="Attachments">The attachments: http or https addresses, or names without a scheme.</param>
/// <param name="DoctorId">The ID of the responsible doctor; by default the author, if a doctor. Doctors may name only themselves.</param>
/// <param name="Restricted">Whether only you, the responsible doctor, the patient and those who treat the patient see the content.</param>
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
    Guid? DoctorId = null,
    bool Restricted = false) : ITool<MedicalRecord>;

/// <summary>
/// Amends a medical record. A given value replaces the stored one, null clears it, and omitted fields stay unchanged. Each change creates a new version, and
/// the earlier versions are kept; a call that changes nothing creates no version. A record that should never have been written is set to ENTERED_IN_ERROR, with
/// the reason; it stays readable as such and cannot be changed any more.
/// </summary>
/// <param name="RecordId">The ID of the medical record.</param>
/// <param name="Title">The new title.</param>
/// <param name="Description">The new description.</param>
/// <param name="Diagnosis">The new diagnosis.</param>
/// <param name="Symptoms">The new symptoms.</param>
/// <param name="TreatmentPlan">The new plan.</param>
/// <param name="Attachments">The attachments: http or https addresses, or names without a scheme.</param>
/// <param name="Status">The new status.</param>
/// <param name="Reason">The reason for the change. <example>"The laboratory has answered."</example></param>
/// <param name="ExpectedVersion">The expected version of the record; the change is rejected if the record is no longer at this version.</param>
/// <param name="Restricted">
/// Whether only its author, the responsible doctor, the patient and those who treat the patient see the content. Whoever created it and administrators set it.
/// </param>
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
    [property: NotAField] long? ExpectedVersion = null,
    bool? Restricted = null) : ITool<MedicalRecord>
{
    /// <summary>Returns whether the call changes the record itself, and not only who sees it.</summary>
    public bool ChangesContent() => this with { Reason = null, ExpectedVersion = null, Restricted = null } != new UpdateMedicalRecord(RecordId);
}

/// <summary>
/// Represents the event that a medical record was written. The live event does not include its content: callers who may read it request it with a separate
/// call, which is recorded in the audit trail.
/// </summary>
/// <param name="Viewers">The staff who may know of the record; null for all clinical staff of the hospital.</param>
/// <param name="RepresentativeUserIds">The guardians and proxies of the patient who receive the live event; null in events of earlier versions.</param>
[LiveResource("medical_records")]
public sealed record MedicalRecordCreated(MedicalRecord Record, ContentViewers? Viewers = null, IReadOnlyList<Guid>? RepresentativeUserIds = null)
    : IntegrationEvent(Record.HospitalId, Record.Version)
{
    public override LiveUpdate LiveUpdate =>
        new(Change.Created, Record.WithoutContent(), ContentViewers.GetAudience(Viewers, Record.PatientId, RepresentativeUserIds));
}

/// <summary>Represents the event that a medical record was amended. The live event does not include its content.</summary>
/// <param name="Viewers">The staff who may know of the record; null for all clinical staff of the hospital.</param>
/// <param name="RepresentativeUserIds">The guardians and proxies of the patient who receive the live event; null in events of earlier versions.</param>
[LiveResource("medical_records")]
public sealed record MedicalRecordUpdated(MedicalRecord Record, ContentViewers? Viewers = null, IReadOnlyList<Guid>? RepresentativeUserIds = null)
    : IntegrationEvent(Record.HospitalId, Record.Version)
{
    public override LiveUpdate LiveUpdate =>
        new(Change.Updated, Record.WithoutContent(), ContentViewers.GetAudience(Viewers, Record.PatientId, RepresentativeUserIds));
}
