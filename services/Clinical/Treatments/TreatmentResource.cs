using MedCor.Clinical.People;
using MedCor.Platform.Querying;
using MedCor.Platform.Resources;

namespace MedCor.Clinical.Treatments;

/// <summary>Lists treatments. Sorting and filtering by clinical content is excluded: platform administrators, who may not read it, could infer it.</summary>
internal sealed class TreatmentResource(ClinicalDb db) : QueryableResource<Treatment, Contracts.Clinical.Treatment>(db)
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

    protected override QueryableFields<Treatment> Fields => QueryFields;
    protected override string EntityName => "treatment";
    protected override string? OwnerField => "patient_id";
    protected override IQueryable<Treatment> Rows => db.Treatments;
    protected override Contracts.Clinical.Treatment ToContract(Treatment row) => row.ToContractFor(db.Tenancy.Caller.Kind);
    protected override Task<Guid?> FindSurvivingPatientAsync(Guid patientId, CancellationToken ct) => db.FindSurvivingPatientAsync(patientId, ct);
}
