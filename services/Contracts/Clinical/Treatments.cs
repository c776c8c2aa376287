using System.ComponentModel.DataAnnotations;

namespace MedCor.Contracts.Clinical;

/// <summary>Specifies the status of a treatment.</summary>
public enum TreatmentStatus { Active, Completed, Discontinued }

/// <summary>Represents a medication of a treatment, in the prescriber's words.</summary>
/// <param name="Name"><example>"Ibuprofen"</example></param>
/// <param name="Dosage"><example>"400 mg"</example></param>
/// <param name="Frequency"><example>"Three times a day"</example></param>
/// <param name="Duration"><example>"5 days"</example></param>
public sealed record Medication(
    [property: Length(1, 200)] string Name,
    [property: MaxLength(200)] string? Dosage = null,
    [property: MaxLength(200)] string? Frequency = null,
    [property: MaxLength(200)] string? Duration = null);

/// <summary>
/// Represents a treatment of a patient. Its content is visible to the patient and to the staff whom the access policy of their hospital allows; administrators
/// whom it does not allow see only that the treatment exists.
/// </summary>
/// <param name="DoctorId">The ID of the responsible doctor.</param>
/// <param name="AuthorId">The ID of the user who wrote the current version. <example>"01980000-0000-7000-8001-00000000000a"</example></param>
/// <param name="Name"><example>"Pain relief"</example></param>
/// <param name="Description"><example>"Routine examination without findings."</example></param>
/// <param name="Instructions"><example>"With food."</example></param>
/// <param name="Notes"><example>"Prefers to be called before noon."</example></param>
/// <param name="FollowUpDate"><example>"2027-03-15"</example></param>
[Resource("treatments", Callers.ClinicalStaff | Callers.Patient)]
public sealed record Treatment(
    Guid Id,
    Guid HospitalId,
    Guid PatientId,
    Guid DoctorId,
    Guid AuthorId,
    TreatmentStatus Status,
    string? Name,
    string? Description,
    IReadOnlyList<Medication>? Medications,
    string? Instructions,
    string? Notes,
    DateOnly? FollowUpDate,
    long Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt) : IClinicalContent
{
    /// <summary>Returns the treatment without its content, so that only its existence is visible.</summary>
    public Treatment WithoutContent() =>
        this with { Name = null, Description = null, Medications = null, Instructions = null, Notes = null, FollowUpDate = null };
}

/// <summary>
/// Lists treatments, the latest first. Patients see their own and, with patient_id, those of a patient for whom they act; staff see those of their hospital.
/// </summary>
/// <param name="PatientId">The ID of the patient whose treatments are listed.</param>
/// <param name="DoctorId">The ID of the doctor whose treatments are listed.</param>
/// <param name="Status">The status of the treatments that are listed.</param>
[Tool("list_treatments", Effect.Read, Callers.ClinicalStaff | Callers.Patient)]
public sealed record ListTreatments(Guid? PatientId = null, Guid? DoctorId = null, TreatmentStatus? Status = null) : PagedTool<Treatment>;

/// <summary>Returns one treatment.</summary>
/// <param name="TreatmentId">The ID of the treatment.</param>
[Tool("get_treatment", Effect.Read, Callers.ClinicalStaff | Callers.Patient)]
public sealed record GetTreatment(Guid TreatmentId) : ITool<Treatment>;

/// <summary>Creates a treatment for a patient.</summary>
/// <param name="PatientId">The ID of the patient.</param>
/// <param name="DoctorId">The ID of the responsible doctor. Doctors may name only themselves.</param>
/// <param name="Name">What the treatment is, such as Physiotherapy.</param>
/// <param name="Description">What it consists of and why it is given.</param>
/// <param name="Medications">The medications that belong to it.</param>
/// <param name="Instructions">What the patient is to do.</param>
/// <param name="FollowUpDate">The date of the follow-up visit, in the hospital's time zone; not before today, and at most ten years ahead.</param>
/// <param name="Notes">Notes for the clinicians.</param>
[Tool("create_treatment", Effect.Create, Callers.HospitalAdmin | Callers.Doctor)]
public sealed record CreateTreatment(
    Guid PatientId,
    Guid DoctorId,
    [property: Length(1, 200)] string Name,
    [property: MaxLength(10_000), Multiline] string? Description = null,
    [property: UniqueItems, MaxLength(50)] IReadOnlyList<Medication>? Medications = null,
    [property: MaxLength(10_000), Multiline] string? Instructions = null,
    [property: PlannedDate] DateOnly? FollowUpDate = null,
    [property: MaxLength(2000), Multiline] string? Notes = null) : ITool<Treatment>;

/// <summary>
/// Changes a treatment. A given value replaces the stored one, null clears it, and omitted fields stay unchanged; a call that changes nothing creates no new
/// version. ACTIVE can become COMPLETED or DISCONTINUED, after which the treatment cannot be changed any more.
/// </summary>
/// <param name="TreatmentId">The ID of the treatment.</param>
/// <param name="Status">The new status.</param>
/// <param name="Name">The new name.</param>
/// <param name="Description">The new description.</param>
/// <param name="Medications">The medications that replace the present ones.</param>
/// <param name="Instructions">The new instructions.</param>
/// <param name="FollowUpDate">
/// The date of the follow-up visit, in the hospital's time zone; not before today, and at most ten years ahead, unless it is the stored date.
/// </param>
/// <param name="Notes">Text that is appended to the existing notes, on a new line.</param>
/// <param name="ExpectedVersion">The expected version of the treatment; the change is rejected if the treatment is no longer at this version.</param>
[Tool("update_treatment", Effect.Update, Callers.HospitalAdmin | Callers.Doctor)]
public sealed record UpdateTreatment(
    Guid TreatmentId,
    TreatmentStatus? Status = null,
    [property: Length(1, 200)] string? Name = null,
    [property: MaxLength(10_000), Multiline] Optional<string?> Description = default,
    [property: UniqueItems, MaxLength(50)] IReadOnlyList<Medication>? Medications = null,
    [property: MaxLength(10_000), Multiline] Optional<string?> Instructions = default,
    [property: PlannedDate] Optional<DateOnly?> FollowUpDate = default,
    [property: MaxLength(2000), Multiline, NotAField] string? Notes = null,
    [property: NotAField] long? ExpectedVersion = null) : ITool<Treatment>;

/// <summary>
/// Represents the event that a treatment began. The live event does not include its content: callers who may read it request it with a separate call.
/// </summary>
/// <param name="Viewers">The staff who may know of the treatment; null for all clinical staff of the hospital.</param>
/// <param name="RepresentativeUserIds">The guardians and proxies of the patient who receive the live event; null in events of earlier versions.</param>
[LiveResource("treatments")]
public sealed record TreatmentCreated(Treatment Treatment, ContentViewers? Viewers = null, IReadOnlyList<Guid>? RepresentativeUserIds = null)
    : IntegrationEvent(Treatment.HospitalId, Treatment.Version)
{
    public override LiveUpdate LiveUpdate =>
        new(Change.Created, Treatment.WithoutContent(), ContentViewers.GetAudience(Viewers, Treatment.PatientId, RepresentativeUserIds));
}

/// <summary>Represents the event that a treatment was changed. The live event does not include its content.</summary>
/// <param name="Viewers">The staff who may know of the treatment; null for all clinical staff of the hospital.</param>
/// <param name="RepresentativeUserIds">The guardians and proxies of the patient who receive the live event; null in events of earlier versions.</param>
[LiveResource("treatments")]
public sealed record TreatmentUpdated(Treatment Treatment, ContentViewers? Viewers = null, IReadOnlyList<Guid>? RepresentativeUserIds = null)
    : IntegrationEvent(Treatment.HospitalId, Treatment.Version)
{
    public override LiveUpdate LiveUpdate =>
        new(Change.Updated, Treatment.WithoutContent(), ContentViewers.GetAudience(Viewers, Treatment.PatientId, RepresentativeUserIds));
}
