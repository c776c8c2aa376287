using MedCor.Contracts;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical;

/// <summary>
/// Determines for which other patients a caller with the role of a patient acts. The view <c>represented_patients</c> defines when that is.
/// </summary>
internal static class RepresentedPatientQueries
{
    /// <summary>Returns those of some patients for whom the caller acts at this moment.</summary>
    /// <param name="completely">Whether the caller must see all of the patient, restricted records included.</param>
    internal static Task<Guid[]> FindRepresentedAsync(this ClinicalDb db, Guid[] patients, CancellationToken ct, bool completely = false) =>
        db.RepresentedPatients.Where(p => patients.Contains(p.PatientId) && (p.SeesRestricted || !completely)).Select(p => p.PatientId).Distinct()
            .ToArrayAsync(ct);

    /// <summary>
    /// Throws <see cref="Forbidden"/> when a caller with the role of a patient is neither the patient nor acts for them at this moment. Staff may act for any.
    /// </summary>
    internal static async Task EnsureMayActForAsync(this ClinicalDb db, Guid patientId, CancellationToken ct)
    {
        if (db.FindActingRepresentative(patientId) is not null && await db.FindRepresentedAsync([patientId], ct) is [])
            throw new Forbidden("Patients book for themselves, and for patients for whom they act.");
    }

    /// <summary>
    /// Returns the patient whose rows a list contains: the one that it names, or the caller if that is a patient and the list names none. Throws
    /// <see cref="Forbidden"/> when a caller with the role of a patient names another one for whom they do not act, or of whom they do not see everything.
    /// </summary>
    internal static async Task<Guid?> FindListedPatientAsync(this ClinicalDb db, Guid? patientId, CancellationToken ct)
    {
        if (db.Tenancy.Caller is not { Kind: Callers.Patient, UserId: var me }) return patientId;
        if (patientId is { } other && other != me && await db.FindRepresentedAsync([other], ct, completely: true) is [])
            throw new Forbidden("Patients see their own, and those of patients for whom they act and see all. Leave out patient_id or give your own id.");
        return patientId ?? me;
    }

    /// <summary>Returns the caller if it is another patient, who can only be a guardian or proxy of this one; null for the patient and for staff.</summary>
    internal static Guid? FindActingRepresentative(this ClinicalDb db, Guid patientId) =>
        db.Tenancy.Caller is { Kind: Callers.Patient, UserId: var me } && me != patientId ? me : null;
}
