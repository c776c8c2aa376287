using System.Security.Cryptography;
using MedCor.Platform.Database;
using MedCor.Platform.Secrets;
using MedCor.ServiceDefaults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MedCor.Platform.Encryption;

/// <summary>
/// Encrypts the rows that were stored before texts were encrypted, or with a key that was replaced since, and deletes keys that nothing is encrypted with any
/// more. A page of rows and the place that was reached commit together, so that any replica continues where another one stopped.
/// </summary>
internal sealed class ReencryptionService(IServiceScopeFactory scopes, DataKeys keys, DataKeyWrapping wrapping, TimeProvider clock,
    ILogger<ReencryptionService> log) : PeriodicService(TimeSpan.FromMinutes(1), clock, log, runsAtStart: true)
{
    /// <summary>The time after which no replica encrypts with the key before, and no transaction that did so is open.</summary>
    internal static readonly TimeSpan Delay = 2 * DataKeys.Lifetime;

    /// <summary>The time for which a replaced key is kept at least. Stored results of calls are not encrypted again, and expire earlier.</summary>
    internal static readonly TimeSpan RetiredLifetime = TimeSpan.FromDays(2);

    private const int BatchSize = 500;

    /// <summary>What the names of all tables precede.</summary>
    private const string End = "~";

    private readonly TimeProvider _clock = clock;

    protected override Task RunOnceAsync(CancellationToken ct) => ReencryptAllAsync(ct);

    internal async Task ReencryptAllAsync(CancellationToken ct)
    {
        while (await CreateKeysAsync(ct)) { }
        while (await WrapAgainAsync(ct)) { }
        List<Exception> failures = [];
        foreach (var key in await FindPendingAsync(ct))
            try
            {
                while (await EncryptPageAsync(key, ct)) { }
            }
            catch (CryptographicException e) // a row that cannot be read holds up its own hospital only
            {
                failures.Add(e);
            }
        await DeleteUnusedAsync(ct);
        if (failures.Count > 0) throw new AggregateException(failures);
    }

    /// <summary>Creates the keys of hospitals that have none, so that their rows are encrypted. Returns whether there may be more.</summary>
    private async Task<bool> CreateKeysAsync(CancellationToken ct)
    {
        await using var scope = OpenScope(out var db);
        var hospitals = await db.Database.SqlQuery<Guid>($"""
            SELECT hospital_id AS "Value" FROM (SELECT hospital_id FROM known_hospitals UNION ALL SELECT {Guid.Empty}) AS known
            WHERE NOT EXISTS (SELECT FROM data_keys k WHERE k.hospital_id = known.hospital_id) LIMIT {BatchSize}
            """).ToListAsync(ct);
        foreach (var hospital in hospitals)
        {
            ct.ThrowIfCancellationRequested();
            keys.GetInUse(hospital);
        }
        return hospitals.Count == BatchSize;
    }

    /// <summary>Wraps the keys again that were wrapped with the former secret. Returns whether there may be more.</summary>
    private async Task<bool> WrapAgainAsync(CancellationToken ct)
    {
        await using var scope = OpenScope(out var db);
        var outdated = await db.Database.SqlQuery<WrappedKey>($"""
            SELECT id AS "Id", hospital_id AS "HospitalId", wrapped AS "Wrapped", secret_id AS "SecretId" FROM data_keys
            WHERE wrapped IS NOT NULL AND secret_id <> {wrapping.SecretId} LIMIT {BatchSize}
            """).ToListAsync(ct);
        foreach (var key in outdated)
        {
            var wrapped = wrapping.Wrap(wrapping.Unwrap(key.Wrapped, key.SecretId, key.HospitalId, key.Id), key.HospitalId, key.Id);
            // A key that was destroyed meanwhile stays destroyed.
            await db.Database.ExecuteSqlAsync(
                $"UPDATE data_keys SET wrapped = {wrapped}, secret_id = {wrapping.SecretId} WHERE id = {key.Id} AND wrapped IS NOT NULL", ct);
        }
        return outdated.Count == BatchSize;
    }

    /// <summary>Returns the keys with which not all rows are encrypted yet.</summary>
    private async Task<List<Guid>> FindPendingAsync(CancellationToken ct)
    {
        await using var scope = OpenScope(out var db);
        return await db.Database.SqlQuery<Guid>($"""
            SELECT id AS "Value" FROM data_keys
            WHERE retired_at IS NULL AND reencrypted_at IS NULL AND wrapped IS NOT NULL AND created_at <= {_clock.GetUtcNow() - Delay} LIMIT {BatchSize}
            """).ToListAsync(ct);
    }

    /// <summary>Encrypts a page of rows with a key, unless another replica is doing so; returns whether there may be more.</summary>
    private async Task<bool> EncryptPageAsync(Guid key, CancellationToken ct)
    {
        await using var scope = OpenScope(out var db);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var now = _clock.GetUtcNow();
        var pending = (await db.Database.SqlQuery<PendingKey>($"""
            SELECT id AS "Id", hospital_id AS "HospitalId", at_table AS "Table", after_id AS "AfterId", after_number AS "AfterNumber" FROM data_keys
            WHERE id = {key} AND retired_at IS NULL AND reencrypted_at IS NULL AND wrapped IS NOT NULL FOR UPDATE SKIP LOCKED
            """).ToListAsync(ct)).SingleOrDefault();
        if (pending is null) return false;

        // Sorted by name, so that every replica uses the same order.
        var tables = scope.ServiceProvider.GetServices<IEncryptedTable>().OrderBy(t => t.Name, StringComparer.Ordinal)
            .SkipWhile(t => string.CompareOrdinal(t.Name, pending.Table) < 0).ToArray();
        try
        {
            if (tables.Length == 0) await db.Database.ExecuteSqlAsync($"UPDATE data_keys SET reencrypted_at = {now} WHERE id = {pending.Id}", ct);
            else await EncryptPageAsync(db, pending, tables, ct);
        }
        catch (DbUpdateConcurrencyException)
        {
            // A request has changed one of the rows meanwhile. The next run reads the page again.
            return false;
        }
        await transaction.CommitAsync(ct);
        return true;
    }

    private static async Task EncryptPageAsync(TenantDb db, PendingKey pending, IEncryptedTable[] tables, CancellationToken ct)
    {
        var after = tables[0].Name == pending.Table ? new EncryptedRowKey(pending.AfterId, pending.AfterNumber) : default;
        var last = await tables[0].EncryptPageAsync(pending.HospitalId, after, ct);
        var next = last is not null ? tables[0].Name : tables.Length > 1 ? tables[1].Name : End;
        var (id, number) = (last?.Id ?? Guid.Empty, last?.Number ?? 0);
        await db.Database.ExecuteSqlAsync(
            $"UPDATE data_keys SET at_table = {next}, after_id = {id}, after_number = {number} WHERE id = {pending.Id}", ct);
    }

    /// <summary>Deletes the replaced keys of hospitals whose rows are all encrypted with the key in use.</summary>
    private async Task DeleteUnusedAsync(CancellationToken ct)
    {
        await using var scope = OpenScope(out var db);
        var latest = _clock.GetUtcNow() - RetiredLifetime;
        await db.Database.ExecuteSqlAsync($"""
            DELETE FROM data_keys k WHERE retired_at < {latest}
                AND EXISTS (SELECT FROM data_keys u WHERE u.hospital_id = k.hospital_id AND u.retired_at IS NULL AND u.reencrypted_at IS NOT NULL)
            """, ct);
    }

    private AsyncServiceScope OpenScope(out TenantDb db)
    {
        var scope = scopes.CreateAsyncScope();
        db = scope.ServiceProvider.GetRequiredService<TenantDb>();
        db.Tenancy.Enter(hospital: null);
        return scope;
    }

    private sealed record WrappedKey(Guid Id, Guid HospitalId, byte[] Wrapped, string SecretId);

    private sealed record PendingKey(Guid Id, Guid HospitalId, string Table, Guid AfterId, long AfterNumber);
}
