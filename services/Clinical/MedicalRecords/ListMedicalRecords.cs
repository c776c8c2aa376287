using MedCor.Clinical.Schedules;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Clinical.MedicalRecords;

internal sealed class ListMedicalRecordsHandler(ClinicalDb db, VisibleRecords records, HospitalDays days) : IHandle<ListMedicalRecords, Page<Contracts.Clinical.MedicalRecord>>
{
    public async Task<Page<Contracts.Clinical.MedicalRecord>> Handle(ListMedicalRecords asked, CancellationToken ct)
    {
        if (db.Tenancy.Caller is { Kind: Callers.Patient, UserId: var me } && asked.PatientId is { } other && other != me) throw new Forbidden("Patients see their own records only.");
        var (from, before) = await days.Between(asked.DateFrom, asked.DateTo, ct);

        return await records.Page(asked, list => list
            .Where("patient_id", asked.PatientId)
            .Where("record_type", asked.RecordType)
            .From("created_at", from)
            .Before("created_at", before), ct);
    }
}
