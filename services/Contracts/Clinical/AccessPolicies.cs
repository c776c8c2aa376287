using System.ComponentModel.DataAnnotations;

namespace MedCor.Contracts.Clinical;

/// <summary>Specifies which staff of a hospital see the clinical content of a patient.</summary>
public enum AccessMode
{
    /// <summary>All doctors, nurses and administrators of the hospital do.</summary>
    Open,
    /// <summary>Only those in whose care the patient is do.</summary>
    CareRelationship,
}

/// <summary>Represents who sees the clinical content of a hospital. A hospital that has set nothing has the defaults.</summary>
/// <param name="Mode">Which staff see the clinical content of a patient. <example>"OPEN"</example></param>
/// <param name="VisitDays">For how many days before and after a visit its doctor has a relation to the patient. <example>365</example></param>
/// <param name="NurseDays">For how many days before and after a visit the nurses of the hospital have a relation to the patient. <example>1</example></param>
/// <param name="NotifiedUsers">The users who are told of emergency overrides, besides the administrators.</param>
/// <param name="ChangedBy">
/// The ID of the administrator who made the latest change; null while the hospital has the defaults.
/// <example>"01980000-0000-7000-8001-000000000002"</example>
/// </param>
/// <param name="Version">The version, which every change increases; 0 while the hospital has the defaults. <example>1</example></param>
[Audited(AuditKind.Administration, "access_policies")]
public sealed record AccessPolicy(
    Guid HospitalId,
    AccessMode Mode,
    int VisitDays,
    int NurseDays,
    IReadOnlyList<NotifiedUser> NotifiedUsers,
    Guid? ChangedBy,
    long Version)
{
    /// <summary>The longest time around a visit in which its doctor can have a relation to the patient, in days.</summary>
    public const int MaxVisitDays = 3650;

    /// <summary>The longest time around a visit in which nurses can have a relation to the patient, in days.</summary>
    public const int MaxNurseDays = 90;

    /// <summary>The greatest number of users who are told of emergency overrides.</summary>
    public const int MaxNotifiedUsers = 20;
}

/// <summary>Represents a user who is told of emergency overrides.</summary>
/// <param name="UserId">The ID of a doctor, nurse or administrator of the hospital. <example>"01980000-0000-7000-8001-00000000000a"</example></param>
public sealed record NotifiedUser(Guid UserId);

/// <summary>Returns who sees the clinical content of a hospital.</summary>
/// <param name="HospitalId">The ID of the hospital; your own by default.</param>
[Tool("get_access_policy", Effect.Read, Callers.HospitalAdmin)]
public sealed record GetAccessPolicy(Guid? HospitalId = null) : ITool<AccessPolicy>;

/// <summary>
/// Changes who sees the clinical content of a hospital, from the next call on. Omitted fields stay unchanged. With CARE_RELATIONSHIP, staff see the records and
/// treatments of a patient, and the reason and notes of appointments, only if the patient is in their care; administrators see that they exist.
/// </summary>
/// <param name="HospitalId">The ID of the hospital; your own by default.</param>
/// <param name="Mode">Which staff see the clinical content of a patient; OPEN by default.</param>
/// <param name="VisitDays">For how many days before and after a visit its doctor has a relation to the patient; 365 by default.</param>
/// <param name="NurseDays">For how many days before and after a visit the nurses of the hospital have a relation to the patient; 1 by default.</param>
/// <param name="NotifiedUsers">The users who are told of emergency overrides, besides the administrators; none by default.</param>
/// <param name="ExpectedVersion">The expected version; the change is rejected if it is another by then.</param>
[Tool("update_access_policy", Effect.Update, Callers.HospitalAdmin, RequiresStepUp = true)]
public sealed record UpdateAccessPolicy(
    Guid? HospitalId = null,
    AccessMode? Mode = null,
    [property: Range(1, AccessPolicy.MaxVisitDays)] int? VisitDays = null,
    [property: Range(1, AccessPolicy.MaxNurseDays)] int? NurseDays = null,
    [property: UniqueItems, MaxLength(AccessPolicy.MaxNotifiedUsers)] IReadOnlyList<NotifiedUser>? NotifiedUsers = null,
    [property: NotAField] long? ExpectedVersion = null) : ITool<AccessPolicy>;

/// <summary>Represents the event that an administrator has changed who sees the clinical content of a hospital.</summary>
/// <param name="NotifiedUserIds">The users whom the policy names or named before, who are told besides the administrators.</param>
[LiveResource("access_policies", Callers = Callers.HospitalAdmin | Callers.Doctor | Callers.Nurse)]
public sealed record AccessPolicyChanged(AccessPolicy Policy, IReadOnlyList<Guid> NotifiedUserIds) : IntegrationEvent(Policy.HospitalId, Policy.Version)
{
    public override LiveUpdate LiveUpdate => new(Change.Updated, Policy, new(Callers.HospitalAdmin, FurtherUserIds: NotifiedUserIds));
}
