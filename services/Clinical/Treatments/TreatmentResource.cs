using MedCor.Clinical.People;
using MedCor.Contracts;
using MedCor.Platform.Querying;
using MedCor.Platform.Resources;

namespace MedCor.Clinical.Treatments;

/// <summary>
/// Lists treatments. Sorting and filtering by clinical content is excluded: administrators, who may not be allowed to read it, could infer it.
/// </summary>
internal sealed class TreatmentResource(ClinicalDb db) : QueryableResource<Treatment, VisibleRow<Treatment>, Contracts.Clinical.Treatment>(db)
{
    private static readonly QueryableFields<Treatment> QueryFields = new QueryableFields<Treatment>("-created_at", t => t.Id)
    {
        { "id", t => t.Id, Selectivity.High },
        { "hospital_id", t => t.HospitalId },
        { "patient_id", t => t.PatientId, Selectivity.High },
        { "doctor_id", t => t.DoctorId, Selectivity.High },
        { "status", t => t.Status },
        { "created_at", t => t.CreatedAt },
        { "updated_at", t => t.UpdatedAt },
    }
        .WithIndex("created_at").WithIndex("patient_id", "created_at").WithIndex("doctor_id", "created_at").WithIndex("status", "created_at")
        .WithIndex("updated_at");

    private ContentVisibility? _visibility;

    protected override QueryableFields<Treatment> Fields => QueryFields;
    protected override string EntityName => "treatment";
    protected override string? OwnerField => "patient_id";
    protected override IQueryable<Treatment> Rows => db.UnlimitedTreatments;
    protected override RowLimit<Treatment>? Limit => _visibility!.LimitTreatments();
    protected override IQueryable<VisibleRow<Treatment>> IncludeRelated(IQueryable<Treatment> rows) => _visibility!.WithContent(rows);
    protected override Contracts.Clinical.Treatment ToContract(VisibleRow<Treatment> row) => row.Row.ToContractWith(row.HasContent);
    protected override Task<Guid?> FindSurvivingPatientAsync(Guid patientId, CancellationToken ct) => db.FindSurvivingPatientAsync(patientId, ct);
    protected override Task<Guid[]> FindRepresentedAsync(Guid[] patients, CancellationToken ct) => db.FindRepresentedAsync(patients, ct);

    protected override async Task PrepareAsync(CancellationToken ct) => _visibility = await ContentVisibility.ReadAsync(db, ct);

    /// <summary>Reads a page. Where the caller sees only what concerns some patients, their rows are found first.</summary>
    protected override async Task<Page<Contracts.Clinical.Treatment>> ReadAsync(ListQuery<Treatment> list, CancellationToken ct)
    {
        if (!list.IsSelective && await _visibility!.FindPatientsInCareAsync(ct) is { } patients)
        {
            var me = db.Tenancy.Caller.UserId;
            list.FindFirst(t => patients.Contains(t.PatientId) || t.AuthorId == me || t.DoctorId == me);
        }
        return await base.ReadAsync(list, ct);
    }
}
