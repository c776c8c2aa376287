using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Database;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.MedicalRecords;

internal sealed class UpdateMedicalRecordHandler(ClinicalDb db, VisibleRecords records, TimeProvider clock) : IHandle<UpdateMedicalRecord, Contracts.Clinical.MedicalRecord>, IAmend<UpdateMedicalRecord>
{
    public async Task<object> Shown(UpdateMedicalRecord asked, CancellationToken ct) => await records.Get(asked.RecordId, ct);

    public async Task<Contracts.Clinical.MedicalRecord> Handle(UpdateMedicalRecord asked, CancellationToken ct)
    {
        if (asked.Status == RecordStatus.EnteredInError && string.IsNullOrWhiteSpace(asked.Reason)) throw new Invalid("reason", "must say why it is withdrawn");

        var record = await db.MedicalRecords.SingleOrDefaultAsync(r => r.Id == asked.RecordId, ct) ?? throw new Missing("medical record");
        record.Expect(asked.ExpectedVersion);
        record.Amend(asked);
        // A version that says what the one before said would have a reader look for a difference in vain. That somebody looked is in the audit trail.
        if (!db.ChangeTracker.HasChanges()) return record.ToContract();

        record.AuthorId = db.Tenancy.Caller.UserId;
        db.Add(record.NextVersion(asked.Reason, clock.GetUtcNow()));
        db.Raise(() => new MedicalRecordUpdated(record.ToContract().WithoutContent()));
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException e) when (e.Violates("medical_record_versions_pkey"))
        {
            throw new Conflict("Somebody else amended it at the same moment. Read it again, then repeat.");
        }
        return record.ToContract();
    }
}
