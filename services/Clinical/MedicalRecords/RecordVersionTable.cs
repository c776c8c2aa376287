using MedCor.Platform.Encryption;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.MedicalRecords;

/// <summary>
/// Encrypts the versions of records again. The service may not update them; a function of the database lets it replace the form in which their texts are
/// stored.
/// </summary>
internal sealed class RecordVersionTable(ClinicalDb db) : IEncryptedTable<RecordVersion>
{
    public string Name => "medical_record_versions";

    public async Task<EncryptedRowKey?> EncryptPageAsync(Guid hospital, EncryptedRowKey after, CancellationToken ct)
    {
        var (id, number) = (after.Id, after.Number);
        var versions = await db.RecordVersions.AsNoTracking()
            .Where(v => v.HospitalId == hospital
                && EF.Functions.GreaterThan(ValueTuple.Create(v.HospitalId, v.RecordId, v.Version), ValueTuple.Create(hospital, id, number)))
            .OrderBy(v => v.RecordId).ThenBy(v => v.Version).Take(IEncryptedTable.PageSize).ToListAsync(ct);
        foreach (var version in versions)
        {
            db.EncryptTexts(version);
            await db.Database.ExecuteSqlAsync($"""
                SELECT reencrypt_record_version({hospital}, {version.RecordId}, {version.Version}, {version.Reason}, {version.Title}, {version.Description},
                    {version.Diagnosis}, {version.Symptoms}, {version.TreatmentPlan}, {version.Attachments})
                """, ct);
        }
        return versions.Count < IEncryptedTable.PageSize ? null : new(versions[^1].RecordId, versions[^1].Version);
    }
}
