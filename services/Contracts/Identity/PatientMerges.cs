using System.ComponentModel.DataAnnotations;
using MedCor.Contracts.Clinical;

namespace MedCor.Contracts.Identity;

/// <summary>Specifies the progress of a merge.</summary>
public enum PatientMergeStatus
{
    /// <summary>The services are moving the rows of the merged patient. Both IDs answer.</summary>
    Merging,
    /// <summary>Everything belongs to the surviving patient.</summary>
    Merged,
    /// <summary>The services are moving back the rows that they moved.</summary>
    Unmerging,
    /// <summary>Both patients are as they were before.</summary>
    Unmerged,
}

/// <summary>Represents the merge of two patients who are one person.</summary>
/// <param name="SurvivingPatientId">The ID of the patient who stays. <example>"01980000-0000-7000-8001-000000000028"</example></param>
/// <param name="MergedPatientId">The ID of the duplicate, which answers with the surviving patient from now on.</param>
/// <param name="PendingServices">The services that have not moved all rows yet. <example>["clinical"]</example></param>
/// <param name="OverlappingAppointments">
/// The future appointments of the surviving patient that overlap another one since the merge, at most 100, the earliest first. They stay booked: reschedule or
/// cancel those that are not needed. Null until Clinical has moved the appointments, and after an unmerge.
/// </param>
/// <param name="RequestedBy">The ID of the user who merged or unmerged the patients last. <example>"01980000-0000-7000-8001-00000000000a"</example></param>
[Audited(AuditKind.Demographic, "patient_merges", Writes = AuditKind.Account)]
public sealed record PatientMerge(
    Guid Id,
    Guid HospitalId,
    Guid SurvivingPatientId,
    Guid MergedPatientId,
    PatientMergeStatus Status,
    IReadOnlyList<string> PendingServices,
    [property: MaxLength(PatientMerge.MaxOverlapping)] IReadOnlyList<AffectedAppointment>? OverlappingAppointments,
    Guid RequestedBy,
    long Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt)
{
    /// <summary>The maximum number of overlapping appointments that are listed.</summary>
    public const int MaxOverlapping = 100;
}

/// <summary>
/// Merges two patients of your hospital who are one person. The appointments, medical records, treatments, referrals, emergency overrides, guardians and
/// proxies of the merged patient move to the surviving one within seconds, whatever happens to the servers; the ID and the numbers of the merged patient then
/// answer with the surviving patient. The surviving patient keeps their own personal data. The merged patient's sessions end, and their login no longer opens
/// your hospital. Appointments that overlap stay booked and are listed. Merging two patients again who are merged already changes nothing.
/// </summary>
/// <param name="SurvivingPatientId">The ID of the patient who stays, who must be active.</param>
/// <param name="MergedPatientId">The ID of the duplicate.</param>
[Tool("merge_patients", Effect.Update, Callers.HospitalAdmin, RequiresStepUp = true)]
public sealed record MergePatients(Guid SurvivingPatientId, Guid MergedPatientId) : ITool<PatientMerge>;

/// <summary>
/// Undoes a merge. Exactly the rows that the merge moved return to the merged patient; what was added since stays with the surviving one. The merged patient
/// can log in again if they could before. Unmerging two patients again changes nothing. Of merges that follow each other, the last is undone first.
/// </summary>
/// <param name="SurvivingPatientId">The ID of the patient who stayed.</param>
/// <param name="MergedPatientId">The ID of the patient who was merged.</param>
[Tool("unmerge_patients", Effect.Update, Callers.HospitalAdmin, RequiresStepUp = true)]
public sealed record UnmergePatients(Guid SurvivingPatientId, Guid MergedPatientId) : ITool<PatientMerge>;

/// <summary>Lists the merges of patients of your hospital with their progress, the latest first.</summary>
/// <param name="PatientId">The ID of a patient whose merges are listed, as the surviving or the merged one.</param>
/// <param name="Status">The status of the merges that are listed.</param>
[Tool("list_patient_merges", Effect.Read, Callers.HospitalAdmin)]
public sealed record ListPatientMerges(Guid? PatientId = null, PatientMergeStatus? Status = null) : PagedTool<PatientMerge>;

/// <summary>Represents the event that two patients were merged. Every service that has rows of patients moves them to the surviving one.</summary>
public sealed record PatientsMerged(PatientMerge Merge) : IntegrationEvent(Merge.HospitalId, Merge.Version);

/// <summary>Represents the event that a merge was undone. Every service moves back the rows that it moved.</summary>
public sealed record PatientsUnmerged(PatientMerge Merge) : IntegrationEvent(Merge.HospitalId, Merge.Version);

/// <summary>Represents the event that a service has moved the rows of a merge, or has moved them back.</summary>
/// <param name="MergeId">The ID of the merge.</param>
/// <param name="Hospital">The ID of its hospital.</param>
/// <param name="Service">The name of the service.</param>
/// <param name="IsMerged">Whether the rows belong to the surviving patient now.</param>
/// <param name="Overlapping">The future appointments that overlap since then; null when the service has no appointments.</param>
/// <param name="MergeVersion">The version of the merge that was applied.</param>
public sealed record PatientMergeApplied(
    Guid MergeId,
    Guid Hospital,
    string Service,
    bool IsMerged,
    IReadOnlyList<AffectedAppointment>? Overlapping,
    long MergeVersion) : IntegrationEvent(Hospital, MergeVersion);
