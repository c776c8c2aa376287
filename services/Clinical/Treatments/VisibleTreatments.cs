using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Resources;

namespace MedCor.Clinical.Treatments;

/// <summary>By none of the fields that hold content can they be sorted or filtered: the platform, which may not read it, could find it out so.</summary>
internal sealed class VisibleTreatments(ClinicalDb db) : Resource<Treatment, Contracts.Clinical.Treatment>(db)
{
    private static readonly Fields<Treatment> All = new Fields<Treatment>("-created_at", t => t.Id)
    {
        { "id", t => t.Id, Selects.Few },
        { "hospital_id", t => t.HospitalId },
        { "patient_id", t => t.PatientId, Selects.Few },
        { "doctor_id", t => t.DoctorId, Selects.Few },
        { "status", t => t.Status },
        { "created_at", t => t.CreatedAt },
        { "updated_at", t => t.UpdatedAt },
    }
        .Indexed("created_at").Indexed("patient_id", "created_at").Indexed("doctor_id", "created_at").Indexed("status", "created_at").Indexed("updated_at");

    protected override Fields<Treatment> Fields => All;
    protected override string Thing => "treatment";
    protected override string? OwnedBy => "patient_id";
    protected override IQueryable<Treatment> Rows => db.Treatments;
    protected override Contracts.Clinical.Treatment Show(Treatment row) => row.For(db.Tenancy.Caller.Kind);
}
