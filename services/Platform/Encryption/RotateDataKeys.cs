using System.Globalization;
using MedCor.Platform.Audit;
using MedCor.Platform.Database;
using MedCor.Platform.OperatorCommands;
using MedCor.Platform.Secrets;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace MedCor.Platform.Encryption;

/// <summary>
/// Replaces the keys that encrypt the texts of a hospital, or of all. Within a minute all processes encrypt with the new keys; then the running service
/// encrypts the stored rows again, and two days later it deletes the former keys.
/// </summary>
internal sealed class RotateDataKeys(TenantDb db, DataKeyWrapping wrapping, IAuditTrail trail, TimeProvider clock) : IOperatorCommand
{
    private const string All = "all";

    public string Name => "rotate-data-keys";

    public bool TakesArguments => true;

    public async Task<int> RunAsync(string[] arguments, CancellationToken ct)
    {
        Guid? hospital = null;
        if (arguments is not [All])
        {
            if (arguments is not [var id] || !Guid.TryParse(id, out var named))
            {
                await Console.Error.WriteLineAsync($"Usage: {Name} HOSPITAL, or {Name} {All}.");
                return 64;
            }
            hospital = named;
        }
        db.Tenancy.Enter(hospital: null);
        var hospitals = await db.Database.SqlQuery<Guid>($"""
            SELECT hospital_id AS "Value" FROM data_keys
            WHERE retired_at IS NULL AND wrapped IS NOT NULL AND hospital_id = coalesce({hospital}, hospital_id)
            """).ToListAsync(ct);
        foreach (var of in hospitals) await RotateAsync(of, ct);
        if (hospitals.Count == 0) await Console.Error.WriteLineAsync("There are no such keys; nothing was changed.");
        else Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{hospitals.Count} hospitals have new keys. Stored texts are encrypted again."));
        return hospitals.Count == 0 ? 1 : 0;
    }

    /// <summary>Replaces the key in use of a hospital, unless it was destroyed meanwhile.</summary>
    internal async Task RotateAsync(Guid hospital, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var isRetired = await db.Database.ExecuteSqlAsync(
            $"UPDATE data_keys SET retired_at = {now} WHERE hospital_id = {hospital} AND retired_at IS NULL AND wrapped IS NOT NULL", ct) == 1;
        if (!isRetired) return;
        await using var batch = new NpgsqlBatch((NpgsqlConnection)db.Database.GetDbConnection(), (NpgsqlTransaction)transaction.GetDbTransaction());
        batch.BatchCommands.Add(DataKeys.CreateInsert(hospital, wrapping, now));
        await batch.ExecuteNonQueryAsync(ct);
        await trail.RecordKeysAsync("rotate_data_keys", hospital, ct);
        await transaction.CommitAsync(ct);
    }
}
