using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Database;
using MedCor.Platform.Tenancy;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Clinical.MedicalRecords;

/// <summary>Represents a medical record in its current state. Earlier states are kept as <see cref="RecordVersion"/> rows.</summary>
[PersonalData(OnErasure.Keep, nameof(MedicalRecord.PatientId))]
internal sealed class MedicalRecord : Entity, IEncryptedRow
{
    public required Guid HospitalId { get; init; }
    public required Guid PatientId { get; init; }
    public required Guid? DoctorId { get; init; }
    public required Guid AuthorId { get; set; }
    public required RecordType RecordType { get; init; }
    public RecordStatus Status { get; private set; } = RecordStatus.Active;

    [Encrypted]
    public required string Title { get; set; }

    [Encrypted]
    public string? Description { get; set; }

    [Encrypted]
    public string? Diagnosis { get; set; }

    [Encrypted]
    public string? Symptoms { get; set; }

    [Encrypted]
    public string? TreatmentPlan { get; set; }

    [Encrypted]
    public string[] Attachments { get; set; } = [];

    /// <summary>Gets or sets whether only those who treat the patient see the content, besides the author and the patient.</summary>
    public bool IsRestricted { get; set; }

    /// <summary>Gets the author and the responsible doctor, if there is one.</summary>
    internal IEnumerable<Guid> Writers => DoctorId is { } doctor ? [AuthorId, doctor] : [AuthorId];

    /// <summary>Throws <see cref="Conflict"/> when the record was entered in error, which is final.</summary>
    internal void EnsureNotFinal()
    {
        if (Status == RecordStatus.EnteredInError) throw new Conflict("The record is ENTERED_IN_ERROR, which is final.").WithDetail("status", Status);
    }

    /// <summary>Applies an amendment.</summary>
    internal void Amend(UpdateMedicalRecord request)
    {
        Title = request.Title ?? Title;
        Description = request.Description.Or(Description);
        Diagnosis = request.Diagnosis.Or(Diagnosis);
        Symptoms = request.Symptoms.Or(Symptoms);
        TreatmentPlan = request.TreatmentPlan.Or(TreatmentPlan);
        Attachments = request.Attachments is { } attachments ? [.. attachments.Select(ToStoredAttachment)] : Attachments;
        Status = request.Status ?? Status;
    }

    /// <summary>Returns the stored attachment when the given one is that attachment as responses show it; otherwise the given one.</summary>
    private string ToStoredAttachment(string attachments) =>
        Attachments.FirstOrDefault(stored => PlainText.NormalizeLine(HttpLinksOrNamesAttribute.NeutralizeScheme(stored)) == attachments) ?? attachments;

    /// <summary>Creates the version of the state that is about to be saved; it is never changed.</summary>
    /// <param name="writtenBy">The user who makes the change: the author, or who only changes whether the record is restricted.</param>
    internal RecordVersion NextVersion(string? reason, Guid writtenBy, DateTimeOffset now) => new()
    {
        HospitalId = HospitalId,
        RecordId = Id,
        Version = Version + 1,
        AuthorId = writtenBy,
        WrittenAt = now,
        Reason = reason,
        Status = Status,
        Title = Title,
        Description = Description,
        Diagnosis = Diagnosis,
        Symptoms = Symptoms,
        TreatmentPlan = TreatmentPlan,
        Attachments = Attachments,
        IsRestricted = IsRestricted,
    };

    internal Contracts.Clinical.MedicalRecord ToContract() => new(
        Id: Id,
        HospitalId: HospitalId,
        PatientId: PatientId,
        DoctorId: DoctorId,
        AuthorId: AuthorId,
        RecordType: RecordType,
        Status: Status,
        Title: Title,
        Description: Description,
        Diagnosis: Diagnosis,
        Symptoms: Symptoms,
        TreatmentPlan: TreatmentPlan,
        Attachments: ToShownAttachments(Attachments),
        Version: Version,
        CreatedAt: CreatedAt,
        UpdatedAt: UpdatedAt,
        Restricted: IsRestricted);

    /// <summary>Converts attachments for a response: schemes that were accepted when they were stored, but are not any more, are neutralized.</summary>
    internal static string[] ToShownAttachments(string[] attachments) => [.. attachments.Select(HttpLinksOrNamesAttribute.NeutralizeScheme)];

    /// <summary>Converts the record for a caller.</summary>
    /// <param name="hasContent">Whether the caller sees the content; administrators who do not see only that the record exists.</param>
    internal Contracts.Clinical.MedicalRecord ToContractWith(bool hasContent) => hasContent ? ToContract() : ToContract().WithoutContent();

    internal sealed class Configuration : IEntityTypeConfiguration<MedicalRecord>
    {
        public void Configure(EntityTypeBuilder<MedicalRecord> record) => record.ToTable("medical_records").HasKey(r => new { r.HospitalId, r.Id });
    }
}

/// <summary>Represents a medical record as it was at one version. Versions are added and never changed.</summary>
[PersonalData(OnErasure.Keep, nameof(RecordVersion.RecordId), PartOf = typeof(MedicalRecord))]
internal sealed class RecordVersion : IEncryptedRow
{
    public required Guid HospitalId { get; init; }
    public required Guid RecordId { get; init; }
    public required long Version { get; init; }
    public required Guid AuthorId { get; init; }
    public required DateTimeOffset WrittenAt { get; init; }

    [Encrypted]
    public required string? Reason { get; init; }
    public required RecordStatus Status { get; init; }

    [Encrypted]
    public required string Title { get; init; }

    [Encrypted]
    public required string? Description { get; init; }

    [Encrypted]
    public required string? Diagnosis { get; init; }

    [Encrypted]
    public required string? Symptoms { get; init; }

    [Encrypted]
    public required string? TreatmentPlan { get; init; }

    [Encrypted]
    public required string[] Attachments { get; init; }
    public required bool IsRestricted { get; init; }

    /// <summary>Converts the version for a caller.</summary>
    /// <param name="hasContent">Whether the caller sees the content of the record; if not, neither that nor the reason is returned.</param>
    internal MedicalRecordVersion ToContractWith(bool hasContent, MedicalRecord record)
    {
        var earlier = record.ToContract() with
        {
            AuthorId = AuthorId,
            Status = Status,
            Title = Title,
            Description = Description,
            Diagnosis = Diagnosis,
            Symptoms = Symptoms,
            TreatmentPlan = TreatmentPlan,
            Attachments = MedicalRecord.ToShownAttachments(Attachments),
            Version = Version,
            UpdatedAt = WrittenAt,
            Restricted = IsRestricted,
        };
        return hasContent
            ? new(Version, AuthorId, WrittenAt, Reason, earlier)
            : new(Version, AuthorId, WrittenAt, null, earlier.WithoutContent());
    }

    internal sealed class Configuration : IEntityTypeConfiguration<RecordVersion>
    {
        public void Configure(EntityTypeBuilder<RecordVersion> version)
        {
            version.ToTable("medical_record_versions").HasKey(v => new { v.HospitalId, v.RecordId, v.Version });
            // The relationship ensures that a new record is inserted before its first version.
            version.HasOne<MedicalRecord>().WithMany().HasForeignKey(v => new { v.HospitalId, v.RecordId });
        }
    }
}
