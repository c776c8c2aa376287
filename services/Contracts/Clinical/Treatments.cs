using System.ComponentModel.DataAnnotations;

namespace MedCor.Contracts.Clinical;

/// <summary>Where a treatment stands.</summary>
public enum TreatmentStatus { Active, Completed, Discontinued }

/// <summary>A medicine within a treatment, in the prescriber's words.</summary>
public sealed record Medication(
    [property: Length(1, 200)] string Name,
    [property: MaxLength(200)] string? Dosage = null,
    [property: MaxLength(200)] string? Frequency = null,
    [property: MaxLength(200)] string? Duration = null);

/// <summary>How a patient is treated. What it says is for those who treat the patient, their hospital's administrators and the patient; others see only that it is there.</summary>
/// <param name="DoctorId">The doctor who answers for it.</param>
/// <param name="AuthorId">Who wrote it as it now is.</param>
[Resource("treatments", Callers.Everyone)]
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
    /// <summary>That it is there, and nothing of what it says.</summary>
    public Treatment WithoutContent() => this with { Name = null, Description = null, Medications = null, Instructions = null, Notes = null, FollowUpDate = null };
}

/// <summary>Lists treatments, the latest first. Patients see their own; staff see those of their hospital.</summary>
[Tool("list_treatments", Effect.Read, Callers.Everyone)]
public sealed record ListTreatments(Guid? PatientId = null, Guid? DoctorId = null, TreatmentStatus? Status = null) : PagedTool<Treatment>;

/// <summary>Shows one treatment.</summary>
[Tool("get_treatment", Effect.Read, Callers.Everyone)]
public sealed record GetTreatment(Guid TreatmentId) : ITool<Treatment>;

/// <summary>Begins a treatment.</summary>
/// <param name="DoctorId">The doctor who answers for it. Doctors name nobody but themselves.</param>
/// <param name="FollowUpDate">When the patient is to be seen again, by the hospital's clocks; not before today.</param>
[Tool("create_treatment", Effect.Create, Callers.HospitalAdmin | Callers.Doctor)]
public sealed record CreateTreatment(
    Guid PatientId,
    Guid DoctorId,
    [property: Length(1, 200)] string Name,
    [property: MaxLength(10_000), Multiline] string? Description = null,
    [property: UniqueItems, MaxLength(50)] IReadOnlyList<Medication>? Medications = null,
    [property: MaxLength(10_000), Multiline] string? Instructions = null,
    [property: PlausibleDate] DateOnly? FollowUpDate = null,
    [property: MaxLength(2000), Multiline] string? Notes = null) : ITool<Treatment>;

/// <summary>Changes a treatment: what is given replaces what was said, null clears it, what is left out stays; what leaves all as it was makes no version. ACTIVE becomes COMPLETED or DISCONTINUED, and then changes no more.</summary>
/// <param name="FollowUpDate">When the patient is to be seen again, by the hospital's clocks; not before today unless it is the day that is kept.</param>
/// <param name="Notes">Added to the notes that are there, on a line of its own.</param>
/// <param name="ExpectedVersion">Refuses the change if the treatment is no longer at this version.</param>
[Tool("update_treatment", Effect.Update, Callers.HospitalAdmin | Callers.Doctor)]
public sealed record UpdateTreatment(
    Guid TreatmentId,
    TreatmentStatus? Status = null,
    [property: Length(1, 200)] string? Name = null,
    [property: MaxLength(10_000), Multiline] Optional<string?> Description = default,
    [property: UniqueItems, MaxLength(50)] IReadOnlyList<Medication>? Medications = null,
    [property: MaxLength(10_000), Multiline] Optional<string?> Instructions = default,
    [property: PlausibleDate] Optional<DateOnly?> FollowUpDate = default,
    [property: MaxLength(2000), Multiline, NotAField] string? Notes = null,
    [property: NotAField] long? ExpectedVersion = null) : ITool<Treatment>;

/// <summary>A treatment began. Tells that, not what it says: who may read that asks for it.</summary>
public sealed record TreatmentCreated(Treatment Treatment) : IntegrationEvent(Treatment.HospitalId, Treatment.Version)
{
    public override LiveUpdate LiveUpdate => new("treatments", Change.Created, Treatment.WithoutContent(), new(Callers.Staff, Treatment.PatientId));
}

/// <summary>A treatment was changed. Tells that, not what it says.</summary>
public sealed record TreatmentUpdated(Treatment Treatment) : IntegrationEvent(Treatment.HospitalId, Treatment.Version)
{
    public override LiveUpdate LiveUpdate => new("treatments", Change.Updated, Treatment.WithoutContent(), new(Callers.Staff, Treatment.PatientId));
}
