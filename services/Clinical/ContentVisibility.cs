using System.Linq.Expressions;
using System.Reflection;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using Microsoft.EntityFrameworkCore;
using MedicalRecord = MedCor.Clinical.MedicalRecords.MedicalRecord;
using Treatment = MedCor.Clinical.Treatments.Treatment;

namespace MedCor.Clinical;

/// <summary>
/// Decides which clinical content a doctor, nurse or administrator of a hospital sees, as part of the query that reads it. <c>docs/access.md</c> has the rules
/// as a table. In whose care a patient is, the view <c>care_relations</c> defines.
/// </summary>
internal static class ContentVisibility
{
    /// <summary>
    /// The greatest number of patients whose rows a list finds before it sorts them: twice the rows that a list counts. Those of more patients are so many that
    /// a list finds enough of them in the order of an index.
    /// </summary>
    private const int MaxPatients = 20_000;

    /// <summary>Returns the condition that the caller sees the content of a record.</summary>
    /// <param name="countsTemporary">Whether referrals to the caller and emergency overrides of the caller count, which end.</param>
    internal static Expression<Func<MedicalRecord, bool>> OfRecords(ClinicalDb db, bool countsTemporary = true)
    {
        var (me, closed, care) = (db.Tenancy.Caller.UserId, ClosedPolicies(db), CareOfCaller(db, countsTemporary));
        var treatment = care.Where(c => c.Basis != CareBasis.Shift);
        // The first condition, which nearly always decides, reads nothing for each row.
        return r => (!r.IsRestricted && (!closed.Any() || care.Any(c => c.PatientId == r.PatientId)))
            || r.AuthorId == me || r.DoctorId == me || treatment.Any(c => c.PatientId == r.PatientId);
    }

    /// <summary>Returns the condition that the caller sees the content of a treatment.</summary>
    /// <param name="countsTemporary">Whether referrals to the caller and emergency overrides of the caller count, which end.</param>
    internal static Expression<Func<Treatment, bool>> OfTreatments(ClinicalDb db, bool countsTemporary = true)
    {
        var (me, closed, care) = (db.Tenancy.Caller.UserId, ClosedPolicies(db), CareOfCaller(db, countsTemporary));
        return t => !closed.Any() || t.AuthorId == me || t.DoctorId == me || care.Any(c => c.PatientId == t.PatientId);
    }

    /// <summary>
    /// Returns the patients in the care of a doctor or nurse whose hospital limits content to them. Returns null where it does not, and where they are so many
    /// that a list soon finds their rows in the order of an index.
    /// </summary>
    internal static async Task<Guid[]?> FindPatientsInCareAsync(ClinicalDb db, CancellationToken ct)
    {
        if (db.Tenancy.Caller is not { Kind: Callers.Doctor or Callers.Nurse } || !await ClosedPolicies(db).AnyAsync(ct)) return null;
        var patients = await CareOfCaller(db, countsTemporary: true).Select(c => c.PatientId).Distinct().Take(MaxPatients + 1).ToArrayAsync(ct);
        return patients.Length > MaxPatients ? null : patients;
    }

    /// <summary>
    /// Returns whether a user sees what was written about a patient, restricted records aside. It is translated to SQL; called elsewhere it throws
    /// <see cref="NotSupportedException"/>.
    /// </summary>
    [DbFunction("sees_content")]
    internal static bool SeesContent(Guid hospitalId, Guid patientId, Guid? userId) => throw new NotSupportedException("PostgreSQL computes this.");

    /// <summary>Returns the staff who may know of a record or treatment; null when all clinical staff of its hospital may.</summary>
    /// <param name="writers">The author and the responsible doctor, if there is one.</param>
    internal static async Task<ContentViewers?> FindViewersAsync(ClinicalDb db, Guid hospitalId, Guid patientId, bool isRestricted,
        IEnumerable<Guid> writers, CancellationToken ct)
    {
        var isClosed = await db.AccessPolicies.AnyAsync(p => p.HospitalId == hospitalId && p.Mode == AccessMode.CareRelationship, ct);
        if (!isClosed && !isRestricted) return null;
        var care = db.CareRelations.Where(c => c.HospitalId == hospitalId && c.PatientId == patientId);
        var users = await care.Where(c => c.Basis != CareBasis.Shift).Select(c => c.UserId).Distinct().Take(ContentViewers.MaxUsers).ToListAsync(ct);
        return new([.. users.Union(writers)], !isRestricted && await care.AnyAsync(c => c.Basis == CareBasis.Shift, ct));
    }

    /// <summary>Registers <see cref="SeesContent"/> with EF Core.</summary>
    internal static void AddTo(ModelBuilder model) =>
        model.HasDbFunction(typeof(ContentVisibility).GetMethod(nameof(SeesContent), BindingFlags.Static | BindingFlags.NonPublic)!);

    /// <summary>Returns the policy of the caller's hospital if it limits content to those in whose care a patient is.</summary>
    private static IQueryable<AccessPolicies.AccessPolicy> ClosedPolicies(ClinicalDb db) =>
        db.AccessPolicies.Where(p => p.Mode == AccessMode.CareRelationship);

    private static IQueryable<CareRelation> CareOfCaller(ClinicalDb db, bool countsTemporary)
    {
        var me = db.Tenancy.Caller.UserId;
        var care = db.CareRelations.Where(c => c.UserId == me);
        return countsTemporary ? care : care.Where(c => c.Basis != CareBasis.Referral && c.Basis != CareBasis.Emergency);
    }
}

/// <summary>Represents a row about a patient, and whether the caller sees its content or only that it exists.</summary>
internal sealed class VisibleRow<T> where T : class
{
    public required T Row { get; init; }
    public required bool HasContent { get; init; }

    /// <summary>Returns the function from a row to the row and whether it fulfills a condition, for use in a query.</summary>
    internal static Expression<Func<T, VisibleRow<T>>> From(Expression<Func<T, bool>> hasContent) =>
        Expression.Lambda<Func<T, VisibleRow<T>>>(
            Expression.MemberInit(Expression.New(typeof(VisibleRow<T>)),
                Expression.Bind(typeof(VisibleRow<T>).GetProperty(nameof(Row))!, hasContent.Parameters[0]),
                Expression.Bind(typeof(VisibleRow<T>).GetProperty(nameof(HasContent))!, hasContent.Body)),
            hasContent.Parameters);
}
