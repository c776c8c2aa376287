namespace MedCor.Contracts.Clinical;

/// <summary>Represents the staff who may know of a record or treatment that not all of the hospital may know of, besides the administrators.</summary>
/// <param name="UserIds">The doctors and nurses in whose care the patient is, the author and the responsible doctor.</param>
/// <param name="IncludesNurses">Whether all nurses of the hospital may.</param>
public sealed record ContentViewers(IReadOnlyList<Guid> UserIds, bool IncludesNurses)
{
    /// <summary>The greatest number of users who are named. Further ones learn of a change when they read.</summary>
    public const int MaxUsers = 100;

    /// <summary>
    /// Returns who receives the live event of a change: the patient and whoever acts for them, and the viewers; with no viewers given, all clinical staff.
    /// </summary>
    /// <param name="representativeUserIds">The guardians and proxies of the patient who may know of it; null when there are none.</param>
    public static Audience GetAudience(ContentViewers? viewers, Guid patientId, IReadOnlyList<Guid>? representativeUserIds) => viewers is null
        ? new(Callers.ClinicalStaff, patientId, representativeUserIds)
        : new(Callers.Admins | (viewers.IncludesNurses ? Callers.Nurse : Callers.None), patientId, [.. viewers.UserIds, .. representativeUserIds ?? []]);
}
