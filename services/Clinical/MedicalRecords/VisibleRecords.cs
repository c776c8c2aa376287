using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Resources;

namespace MedCor.Clinical.MedicalRecords;

/// <summary>By none of the fields that hold content can they be sorted or filtered: the platform, which may not read it, could find it out so.</summary>
internal sealed class VisibleRecords(ClinicalDb db) : Resource<MedicalRecord, Contracts.Clinical.MedicalRecord>(db)
{
    private static readonly Fields<MedicalRecord> All = new Fields<MedicalRecord>("-created_at", r => r.Id)
    {
        { "id", r => r.Id, Selects.Few },
        { "hospital_id", r => r.HospitalId },
        { "patient_id", r => r.PatientId, Selects.Few },
        { "doctor_id", r => r.DoctorId, Selects.Few },
        { "record_type", r => r.RecordType },
        { "status", r => r.Status },
        { "created_at", r => r.CreatedAt },
        { "updated_at", r => r.UpdatedAt },
    }
        .Indexed("created_at").Indexed("patient_id", "created_at").Indexed("doctor_id", "created_at").Indexed("record_type", "created_at").Indexed("status", "created_at").Indexed("updated_at");

    protected override Fields<MedicalRecord> Fields => All;
    protected override string Thing => "medical record";
    protected override string? OwnedBy => "patient_id";
    protected override IQueryable<MedicalRecord> Rows => db.MedicalRecords;
    protected override Contracts.Clinical.MedicalRecord Show(MedicalRecord row) => row.For(db.Tenancy.Caller.Kind);
}
