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

    public async Task<EncryptedRowKey?> EncryptPageAsync(Guid hospital, EncryptedRowKey after, CancellationToken ct)
    {
        var id = after.Id;
        var overrides = await db.EmergencyOverrides.AsNoTracking()
            .Where(e => e.HospitalId == hospital && EF.Functions.GreaterThan(ValueTuple.Create(e.HospitalId, e.Id), ValueTuple.Create(hospital, id)))
            .OrderBy(e => e.Id).Take(IEncryptedTable.PageSize).ToListAsync(ct);
        foreach (var row in overrides)
        {
            db.EncryptTexts(row);
            await db.Database.ExecuteSqlAsync(
                $"SELECT reencrypt_emergency_override({hospital}, {row.Id}, {row.Version}, {row.Reason}, {row.ReviewComment})", ct);
        }
        return overrides.Count < IEncryptedTable.PageSize ? null : new(overrides[^1].Id);
    }
}
