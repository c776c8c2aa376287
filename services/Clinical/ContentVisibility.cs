using System.Linq.Expressions;
using System.Reflection;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Querying;
using Microsoft.EntityFrameworkCore;
using MedicalRecord = MedCor.Clinical.MedicalRecords.MedicalRecord;
using Treatment = MedCor.Clinical.Treatments.Treatment;

namespace MedCor.Clinical;

/// <summary>
/// Decides which clinical content a doctor, nurse or administrator of a hospital sees, as part of the query that reads it. <c>docs/access.md</c> has the rules
/// as a table. In whose care a patient is, the view <c>care_relations</c> defines. What limits the content is read before, because planning its query takes
/// longer than reading a page; a record that becomes restricted in between is not shown.
/// </summary>
internal sealed class ContentVisibility
{
    /// <summary>
    /// The greatest number of patients whose rows a list finds before it sorts them: twice the rows that a list counts. Those of more patients are so many that
    /// a list finds enough of them in the order of an index.
    /// </summary>
    private const int MaxPatients = 20_000;

    private readonly ClinicalDb _db;
    private readonly Guid _me;
    private readonly bool _isClosed;
    private readonly bool _hasRestricted;

    private ContentVisibility(ClinicalDb db, bool isClosed, bool hasRestricted) =>
        (_db, _me, _isClosed, _hasRestricted) = (db, db.Tenancy.Caller.UserId, isClosed, hasRestricted);

    /// <summary>
    /// Gets the records that the caller may know of: a patient's own, those whose content a doctor or nurse sees, or all of the hospital for administrators.
    /// </summary>
    internal IQueryable<MedicalRecord> Records => LimitRecords() is { } limit ? _db.UnlimitedRecords.Where(limit.Condition) : _db.UnlimitedRecords;

    /// <summary>Gets the records whose content the caller sees, not only because of a referral or an emergency override. Staff alone change records.</summary>
    internal IQueryable<MedicalRecord> AmendableRecords => _db.UnlimitedRecords.Where(SeesRecord(countsTemporary: false));

    /// <summary>
    /// Gets the treatments that the caller may know of: a patient's own, those whose content a doctor or nurse sees, or all of the hospital for administrators.
    /// </summary>
    internal IQueryable<Treatment> Treatments => LimitTreatments() is { } limit ? _db.UnlimitedTreatments.Where(limit.Condition) : _db.UnlimitedTreatments;

    /// <summary>
    /// Gets the treatments whose content the caller sees, not only because of a referral or an emergency override. Staff alone change treatments.
    /// </summary>
    internal IQueryable<Treatment> ChangeableTreatments => _db.UnlimitedTreatments.Where(SeesTreatment(countsTemporary: false));

    private bool IsDoctorOrNurse => _db.Tenancy.Caller.Kind is Callers.Doctor or Callers.Nurse;

    /// <summary>Reads what limits the content of the caller's hospital.</summary>
    internal static async Task<ContentVisibility> ReadAsync(ClinicalDb db, CancellationToken ct)
    {
        // Patients see what is theirs, and the platform no content at all.
        if (db.Tenancy.Caller.Kind is not (Callers.Doctor or Callers.Nurse or Callers.HospitalAdmin)) return new(db, isClosed: false, hasRestricted: false);
        var (closed, restricted) = (db.AccessPolicies.Where(p => p.Mode == AccessMode.CareRelationship), db.UnlimitedRecords.Where(r => r.IsRestricted));
        var limits = await db.Hospitals.Select(h => new { IsClosed = closed.Any(), HasRestricted = restricted.Any() }).SingleOrDefaultAsync(ct);
        // A hospital that is not known yet is taken for a limited one.
        return new(db, limits is not { IsClosed: false }, limits is not { HasRestricted: false });
    }

    /// <summary>Returns which records a doctor or nurse may know of; null for anybody else.</summary>
    internal RowLimit<MedicalRecord>? LimitRecords() =>
        IsDoctorOrNurse ? new(SeesRecord(countsTemporary: true), DecidesCount: _isClosed || _hasRestricted) : null;

    /// <summary>Returns which treatments a doctor or nurse may know of; null for anybody else, and where it is all of them.</summary>
    internal RowLimit<Treatment>? LimitTreatments() =>
        IsDoctorOrNurse && _isClosed ? new(SeesTreatment(countsTemporary: true), DecidesCount: true) : null;

    /// <summary>Adds to records whether the caller sees their content.</summary>
    internal IQueryable<VisibleRow<MedicalRecord>> WithContent(IQueryable<MedicalRecord> records) =>
        WithContent(records, () => SeesRecord(countsTemporary: true));

    /// <summary>Adds to treatments whether the caller sees their content.</summary>
    internal IQueryable<VisibleRow<Treatment>> WithContent(IQueryable<Treatment> treatments) =>
        WithContent(treatments, () => SeesTreatment(countsTemporary: true));

    /// <summary>
    /// Returns the patients in the care of a doctor or nurse whose hospital limits content to them. Returns null where it does not, and where they are so many
    /// that a list soon finds their rows in the order of an index.
    /// </summary>
    internal async Task<Guid[]?> FindPatientsInCareAsync(CancellationToken ct)
    {
        if (!IsDoctorOrNurse || !_isClosed) return null;
        var patients = await CareOfCaller(countsTemporary: true).Select(c => c.PatientId).Distinct().Take(MaxPatients + 1).ToArrayAsync(ct);
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

    /// <summary>Returns the condition that the caller sees the content of a record.</summary>
    /// <param name="countsTemporary">Whether referrals to the caller and emergency overrides of the caller count, which end.</param>
    private Expression<Func<MedicalRecord, bool>> SeesRecord(bool countsTemporary)
    {
        var (me, care) = (_me, CareOfCaller(countsTemporary));
        var treatment = care.Where(c => c.Basis != CareBasis.Shift);
        if (_isClosed)
            return r => (!r.IsRestricted && care.Any(c => c.PatientId == r.PatientId))
                || r.AuthorId == me || r.DoctorId == me || treatment.Any(c => c.PatientId == r.PatientId);
        // The first condition, which nearly always decides, reads nothing for each row.
        if (_hasRestricted)
            return r => !r.IsRestricted || r.AuthorId == me || r.DoctorId == me || treatment.Any(c => c.PatientId == r.PatientId);
        return r => !r.IsRestricted || r.AuthorId == me || r.DoctorId == me;
    }

    /// <summary>Returns the condition that the caller sees the content of a treatment.</summary>
    /// <param name="countsTemporary">Whether referrals to the caller and emergency overrides of the caller count, which end.</param>
    private Expression<Func<Treatment, bool>> SeesTreatment(bool countsTemporary)
    {
        if (!_isClosed) return t => true;
        var (me, care) = (_me, CareOfCaller(countsTemporary));
        return t => t.AuthorId == me || t.DoctorId == me || care.Any(c => c.PatientId == t.PatientId);
    }

    private IQueryable<CareRelation> CareOfCaller(bool countsTemporary)
    {
        var me = _me;
        var care = _db.CareRelations.Where(c => c.UserId == me);
        return countsTemporary ? care : care.Where(c => c.Basis != CareBasis.Referral && c.Basis != CareBasis.Emergency);
    }

    /// <summary>Rows of others than administrators are restricted to those whose content they see.</summary>
    private IQueryable<VisibleRow<T>> WithContent<T>(IQueryable<T> rows, Func<Expression<Func<T, bool>>> hasContent) where T : class =>
        rows.Select(VisibleRow<T>.From(_db.Tenancy.Caller.Kind switch
        {
            Callers.HospitalAdmin => hasContent(),
            Callers.Platform => row => false,
            _ => row => true,
        }));
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
