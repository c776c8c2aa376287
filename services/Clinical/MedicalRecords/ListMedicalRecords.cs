using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Clinical.MedicalRecords;

internal sealed class ListMedicalRecordsHandler(ClinicalDb db) : IHandle<ListMedicalRecords, Page<Contracts.Clinical.MedicalRecord>>
{
    private static readonly SortFields<MedicalRecord> Sort = new SortFields<MedicalRecord>("-created_at") { { "created_at", r => r.CreatedAt } }.Then(r => r.Id);

    public Task<Page<Contracts.Clinical.MedicalRecord>> Handle(ListMedicalRecords asked, CancellationToken ct)
    {
        var caller = db.Tenancy.Caller;
        if (caller.Kind == Callers.Patient && asked.PatientId is { } other && other != caller.UserId) throw new Forbidden("Patients see their own records only.");
        if (asked.DateFrom > asked.DateTo) throw new Invalid("date_to", "must not be before date_from");

        var records = db.MedicalRecords;
        if (asked.PatientId is { } patient) records = records.Where(r => r.PatientId == patient);
        if (asked.RecordType is { } type) records = records.Where(r => r.RecordType == type);
        if (asked.DateFrom is { } from)
        {
            var first = new DateTimeOffset(from, default, TimeSpan.Zero);
            records = records.Where(r => r.CreatedAt >= first);
        }
        if (asked.DateTo is { } to && to < DateOnly.MaxValue)
        {
            var next = new DateTimeOffset(to.AddDays(1), default, TimeSpan.Zero);
            records = records.Where(r => r.CreatedAt < next);
        }
        return records.Page(asked, Sort, r => r.For(caller.Kind), ct);
    }
}
