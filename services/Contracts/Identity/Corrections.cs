using System.ComponentModel.DataAnnotations;
using MedCor.Contracts.Clinical;

namespace MedCor.Contracts.Identity;

/// <summary>Specifies what has become of a request for a correction.</summary>
public enum CorrectionStatus
{
    /// <summary>The hospital has not decided yet.</summary>
    Open,
    /// <summary>The hospital has confirmed it, and the patient is called so from then on.</summary>
    Confirmed,
    /// <summary>The hospital has refused it.</summary>
    Refused,
    /// <summary>A later request has replaced it.</summary>
    Replaced,
}

/// <summary>Represents the request of a patient, or of somebody who acts for the patient, to correct the patient's name or date of birth.</summary>
/// <param name="Id"><example>"01980000-0000-7000-8001-0000000000ff"</example></param>
/// <param name="PatientId">The ID of the patient. <example>"01980000-0000-7000-8001-000000000028"</example></param>
/// <param name="FirstName">The requested first name; null when it is to stay. <example>"Miriam"</example></param>
/// <param name="LastName">The requested last name; null when it is to stay. <example>"Schubert-Lang"</example></param>
/// <param name="DateOfBirth">The requested date of birth; null when it is to stay. <example>null</example></param>
/// <param name="RequestedBy">The ID of the user who made the request. <example>"01980000-0000-7000-8001-000000000028"</example></param>
/// <param name="DecidedBy">The ID of the user who confirmed or refused it; null before. <example>null</example></param>
/// <param name="DecidedAt">The time at which it was confirmed or refused; null before. <example>null</example></param>
[Audited(AuditKind.Demographic, "correction_requests", Writes = AuditKind.Account)]
public sealed record CorrectionRequest(
    Guid Id,
    Guid HospitalId,
    Guid PatientId,
    string? FirstName,
    string? LastName,
    DateOnly? DateOfBirth,
    CorrectionStatus Status,
    Guid RequestedBy,
    Guid? DecidedBy,
    DateTimeOffset? DecidedAt,
    long Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt);

/// <summary>
/// Asks your hospital to correct your name or date of birth, which patients do not change themselves, or those of a patient for whom you act. At least one of
/// them is required. The staff of the hospital confirm or refuse the request, and you are told. It replaces a request that is still open.
/// </summary>
/// <param name="FirstName">The correct first name.</param>
/// <param name="LastName">The correct last name.</param>
/// <param name="DateOfBirth">The correct date of birth. <example>"1984-05-17"</example></param>
/// <param name="PatientId">The ID of the patient; you by default.</param>
[Tool("create_correction_request", Effect.Create, Callers.Patient, ExampleParameter = "first_name")]
public sealed record CreateCorrectionRequest(
    [property: Length(1, 100)] string? FirstName = null,
    [property: Length(1, 100)] string? LastName = null,
    [property: PastDate] DateOnly? DateOfBirth = null,
    Guid? PatientId = null) : ITool<CorrectionRequest>;

/// <summary>
/// Lists requests to correct a patient's name or date of birth, the latest first. Patients see their own and, with patient_id, those of a patient for whom they
/// act; staff see those of their hospital.
/// </summary>
/// <param name="PatientId">The ID of the patient whose requests are listed.</param>
/// <param name="Status">The status of the requests that are listed. <example>"OPEN"</example></param>
[Tool("list_correction_requests", Effect.Read, Callers.HospitalAdmin | Callers.Nurse | Callers.Receptionist | Callers.Patient)]
public sealed record ListCorrectionRequests(Guid? PatientId = null, CorrectionStatus? Status = null) : PagedTool<CorrectionRequest>;

/// <summary>
/// Confirms or refuses a request to correct a patient's name or date of birth. A confirmed one changes the patient at once. The patient is told. A decision is
/// final; the same decision again changes nothing. Check an identity document before.
/// </summary>
/// <param name="CorrectionRequestId">The ID of the request.</param>
/// <param name="IsConfirmed">Whether the request is confirmed (true) or refused (false). <example>true</example></param>
/// <param name="ExpectedVersion">The expected version of the request; the decision is rejected if the request is no longer at this version.</param>
[Tool("decide_correction_request", Effect.Update, Callers.HospitalAdmin | Callers.Nurse | Callers.Receptionist)]
public sealed record DecideCorrectionRequest(
    Guid CorrectionRequestId,
    bool IsConfirmed,
    [property: NotAField] long? ExpectedVersion = null) : ITool<CorrectionRequest>;

/// <summary>Represents the event that somebody has asked to correct a patient's name or date of birth.</summary>
[LiveResource("correction_requests", Callers = Callers.HospitalAdmin | Callers.Nurse | Callers.Receptionist | Callers.Patient)]
public sealed record CorrectionRequested(CorrectionRequest Request) : IntegrationEvent(Request.HospitalId, Request.Version)
{
    public override LiveUpdate LiveUpdate => new(Change.Created, Request,
        new(Callers.HospitalAdmin | Callers.Nurse | Callers.Receptionist, Request.PatientId, [Request.RequestedBy]));
}

/// <summary>Represents the event that a request to correct a patient's name or date of birth was confirmed or refused.</summary>
[LiveResource("correction_requests", Callers = Callers.HospitalAdmin | Callers.Nurse | Callers.Receptionist | Callers.Patient)]
public sealed record CorrectionDecided(CorrectionRequest Request) : IntegrationEvent(Request.HospitalId, Request.Version)
{
    public override LiveUpdate LiveUpdate => new(Change.Updated, Request,
        new(Callers.HospitalAdmin | Callers.Nurse | Callers.Receptionist, Request.PatientId, [Request.RequestedBy]));
}
