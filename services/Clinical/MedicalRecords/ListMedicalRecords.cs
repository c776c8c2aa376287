using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Clinical.MedicalRecords;

internal sealed class ListMedicalRecordsHandler(ClinicalDb db, VisibleRecords records) : IHandle<ListMedicalRecords, Page<Contracts.Clinical.MedicalRecord>>
{
    public Task<Page<Contracts.Clinical.MedicalRecord>> Handle(ListMedicalRecords asked, CancellationToken ct)
    {
        if (db.Tenancy.Caller is { Kind: Callers.Patient, UserId: var me } && asked.PatientId is { } other && other != me) throw new Forbidden("Patients see their own records only.");
        if (asked.DateFrom > asked.DateTo) throw new Invalid("date_to", "must not be before date_from");

        return records.Page(asked, list => list
            .Where("patient_id", asked.PatientId)
            .Where("record_type", asked.RecordType)
            .Within("created_at", Midnight(asked.DateFrom), null)
            .Before("created_at", asked.DateTo < DateOnly.MaxValue ? Midnight(asked.DateTo?.AddDays(1)) : null), ct);
    }

    private static DateTimeOffset? Midnight(DateOnly? day) => day is { } d ? new DateTimeOffset(d, default, TimeSpan.Zero) : null;
}
