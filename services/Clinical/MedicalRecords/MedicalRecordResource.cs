using MedCor.Clinical.People;
using MedCor.Contracts;
using MedCor.Platform.Querying;
using MedCor.Platform.Resources;

namespace MedCor.Clinical.MedicalRecords;

/// <summary>
/// Lists medical records. Sorting and filtering by clinical content is excluded: administrators, who may not be allowed to read it, could infer it.
/// </summary>
internal sealed class MedicalRecordResource(ClinicalDb db)
    : QueryableResource<MedicalRecord, VisibleRow<MedicalRecord>, Contracts.Clinical.MedicalRecord>(db)
{
    private static readonly QueryableFields<MedicalRecord> QueryFields = new QueryableFields<MedicalRecord>("-created_at", r => r.Id)
    {
        { "id", r => r.Id, Selectivity.High },
        { "hospital_id", r => r.HospitalId },
        { "patient_id", r => r.PatientId, Selectivity.High },
        { "doctor_id", r => r.DoctorId, Selectivity.High },
        { "record_type", r => r.RecordType },
        { "status", r => r.Status },
        { "created_at", r => r.CreatedAt },
        { "updated_at", r => r.UpdatedAt },
    }
        .WithIndex("created_at").WithIndex("patient_id", "created_at").WithIndex("doctor_id", "created_at").WithIndex("record_type", "created_at")
        .WithIndex("status", "created_at").WithIndex("updated_at");

    private ContentVisibility? _visibility;

    protected override QueryableFields<MedicalRecord> Fields => QueryFields;
    protected override string EntityName => "medical record";
    protected override string? OwnerField => "patient_id";
    protected override IQueryable<MedicalRecord> Rows => db.UnlimitedRecords;
    protected override RowLimit<MedicalRecord>? Limit => _visibility!.LimitRecords();
    protected override IQueryable<VisibleRow<MedicalRecord>> IncludeRelated(IQueryable<MedicalRecord> rows) => _visibility!.WithContent(rows);
    protected override Contracts.Clinical.MedicalRecord ToContract(VisibleRow<MedicalRecord> row) => row.Row.ToContractWith(row.HasContent);
    protected override Task<Guid?> FindSurvivingPatientAsync(Guid patientId, CancellationToken ct) => db.FindSurvivingPatientAsync(patientId, ct);
    protected override Task<Guid[]> FindRepresentedAsync(Guid[] patients, CancellationToken ct) => db.FindRepresentedAsync(patients, ct);

    protected override async Task PrepareAsync(CancellationToken ct) => _visibility = await ContentVisibility.ReadAsync(db, ct);

    /// <summary>Reads a page. Where the caller sees only what concerns some patients, their rows are found first.</summary>
    protected override async Task<Page<Contracts.Clinical.MedicalRecord>> ReadAsync(ListQuery<MedicalRecord> list, CancellationToken ct)
    {
        if (!list.IsSelective && await _visibility!.FindPatientsInCareAsync(ct) is { } patients)
        {
            var me = db.Tenancy.Caller.UserId;
            list.FindFirst(r => patients.Contains(r.PatientId) || r.AuthorId == me || r.DoctorId == me);
        }
        return await base.ReadAsync(list, ct);
    }
}
