using MedCor.Clinical.Schedules;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Clinical.MedicalRecords;

internal sealed class ListMedicalRecordsHandler(ClinicalDb db, HospitalDays days) : IHandle<ListMedicalRecords, Page<Contracts.Clinical.MedicalRecord>>
{
    private static readonly SortFields<MedicalRecord> Sort = new SortFields<MedicalRecord>("-created_at") { { "created_at", r => r.CreatedAt } }.Then(r => r.Id);

    public async Task<Page<Contracts.Clinical.MedicalRecord>> Handle(ListMedicalRecords asked, CancellationToken ct)
    {
        var caller = db.Tenancy.Caller;
        if (caller.Kind == Callers.Patient && asked.PatientId is { } other && other != caller.UserId) throw new Forbidden("Patients see their own records only.");
        var (from, before) = await days.Between(asked.DateFrom, asked.DateTo, ct);

        var records = db.MedicalRecords;
        if (asked.PatientId is { } patient) records = records.Where(r => r.PatientId == patient);
        if (asked.RecordType is { } type) records = records.Where(r => r.RecordType == type);
        if (from is { } first) records = records.Where(r => r.CreatedAt >= first);
        if (before is { } end) records = records.Where(r => r.CreatedAt < end);
        return await records.Page(asked, Sort, r => r.For(caller.Kind), ct);
    }
}
