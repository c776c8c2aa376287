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

    public async Task<EncryptedRowKey?> EncryptPageAsync(Guid hospital, EncryptedRowKey after, int maxRows, CancellationToken ct)
    {
        var versions = await VersionsAfter(hospital, after).Take(maxRows).ToListAsync(ct);
        foreach (var version in versions)
        {
            db.EncryptTexts(version);
            var isDone = await db.Database.SqlQuery<bool>($"""
                SELECT reencrypt_record_version({hospital}, {version.RecordId}, {version.Version}, {version.Reason}, {version.Title}, {version.Description},
                    {version.Diagnosis}, {version.Symptoms}, {version.TreatmentPlan}, {version.Attachments}) AS "Value"
                """).ToListAsync(ct);
            if (!isDone[0]) throw new DbUpdateConcurrencyException("The key in use, or the version of the record, is another one meanwhile.");
        }
        return versions.Count < maxRows ? null : new(versions[^1].RecordId, versions[^1].Version);
    }

    public async Task<EncryptedRowKey?> FindNextAsync(Guid hospital, EncryptedRowKey after, CancellationToken ct)
    {
        var next = await VersionsAfter(hospital, after).Select(v => new { v.RecordId, v.Version }).Take(1).ToListAsync(ct);
        return next.Count == 0 ? null : new(next[0].RecordId, next[0].Version);
    }

    private IQueryable<RecordVersion> VersionsAfter(Guid hospital, EncryptedRowKey after)
    {
        var (id, number) = (after.Id, after.Number);
        return db.RecordVersions.AsNoTracking()
            .Where(v => v.HospitalId == hospital
                && EF.Functions.GreaterThan(ValueTuple.Create(v.HospitalId, v.RecordId, v.Version), ValueTuple.Create(hospital, id, number)))
            .OrderBy(v => v.RecordId).ThenBy(v => v.Version);
    }
}
