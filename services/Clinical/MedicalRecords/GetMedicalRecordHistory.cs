using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.MedicalRecords;

internal sealed class GetMedicalRecordHistoryHandler(ClinicalDb db) : IHandle<GetMedicalRecordHistory, Page<MedicalRecordVersion>>
{
    private static readonly Fields<RecordVersion> Fields = new("-version", v => v.RecordId) { { "version", v => v.Version } };

    public async Task<Page<MedicalRecordVersion>> Handle(GetMedicalRecordHistory asked, CancellationToken ct)
    {
        var record = await db.MedicalRecords.AsNoTracking().SingleOrDefaultAsync(r => r.Id == asked.RecordId, ct) ?? throw new Missing("medical record");
        var versions = db.RecordVersions.Where(v => v.HospitalId == record.HospitalId && v.RecordId == record.Id);
        return await Listing<RecordVersion>.Of(db, Fields, versions, asked).Page(v => v, v => v.For(db.Tenancy.Caller.Kind, record), ct);
    }
}
