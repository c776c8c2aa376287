using MedCor.Platform.Encryption;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.EmergencyOverrides;

/// <summary>
/// Encrypts the texts of emergency overrides again. The service may not update a reason; a function of the database lets it replace the form in which it is
/// stored.
/// </summary>
internal sealed class EmergencyOverrideTable(ClinicalDb db) : IEncryptedTable<EmergencyOverride>
{
    public string Name => "emergency_overrides";

    public async Task<EncryptedRowKey?> EncryptPageAsync(Guid hospital, EncryptedRowKey after, int maxRows, CancellationToken ct)
    {
        var overrides = await OverridesAfter(hospital, after).Take(maxRows).ToListAsync(ct);
        foreach (var row in overrides)
        {
            db.EncryptTexts(row);
            var isDone = await db.Database.SqlQuery<bool>($"""
                SELECT reencrypt_emergency_override({hospital}, {row.Id}, {row.Version}, {row.Reason}, {row.ReviewComment}) AS "Value"
                """).ToListAsync(ct);
            if (!isDone[0]) throw new DbUpdateConcurrencyException("The override was reviewed meanwhile, or the key in use is another one.");
        }
        return overrides.Count < maxRows ? null : new(overrides[^1].Id);
    }

    public async Task<EncryptedRowKey?> FindNextAsync(Guid hospital, EncryptedRowKey after, CancellationToken ct)
    {
        var next = await OverridesAfter(hospital, after).Select(e => e.Id).Take(1).ToListAsync(ct);
        return next.Count == 0 ? null : new(next[0]);
    }

    private IQueryable<EmergencyOverride> OverridesAfter(Guid hospital, EncryptedRowKey after)
    {
        var id = after.Id;
        return db.EmergencyOverrides.AsNoTracking()
            .Where(e => e.HospitalId == hospital && EF.Functions.GreaterThan(ValueTuple.Create(e.HospitalId, e.Id), ValueTuple.Create(hospital, id)))
            .OrderBy(e => e.Id);
    }
}
