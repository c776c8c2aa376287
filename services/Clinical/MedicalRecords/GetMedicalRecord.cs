using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.MedicalRecords;

internal sealed class GetMedicalRecordHandler(ClinicalDb db) : IHandle<GetMedicalRecord, Contracts.Clinical.MedicalRecord>
{
    public async Task<Contracts.Clinical.MedicalRecord> Handle(GetMedicalRecord asked, CancellationToken ct) =>
        (await db.MedicalRecords.AsNoTracking().SingleOrDefaultAsync(r => r.Id == asked.RecordId, ct) ?? throw new Missing("medical record")).For(db.Tenancy.Caller.Kind);
}
