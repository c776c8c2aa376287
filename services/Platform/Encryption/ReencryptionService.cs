using System.Diagnostics.Metrics;
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
internal sealed partial class ReencryptionService(IServiceScopeFactory scopes, DataKeys keys, DataKeyWrapping wrapping, TimeProvider clock,
    ILogger<ReencryptionService> log) : PeriodicService(TimeSpan.FromMinutes(1), clock, log, runsAtStart: true)
{
    /// <summary>The time after which no replica encrypts with the key before, and no transaction that did so is open.</summary>
    internal static readonly TimeSpan Delay = 2 * DataKeys.Lifetime;

    /// <summary>The time for which a replaced key is kept at least. Stored results of calls are not encrypted again, and expire earlier.</summary>
    internal static readonly TimeSpan RetiredLifetime = TimeSpan.FromDays(2);

    /// <summary>The time after which it is looked again whether a text needs a replaced key.</summary>
    private static readonly TimeSpan UseCheckPeriod = TimeSpan.FromDays(1);

    private static readonly Meter Meter = new("MedCor");
    private static readonly Counter<long> Unreadable = Meter.CreateCounter<long>(
        "medcor.encryption.unreadable", description: "Rows with texts that cannot be decrypted, found while rows were encrypted again.");
    private static readonly Gauge<int> OverdueKeys = Meter.CreateGauge<int>(
        "medcor.encryption.overdue", description: "Data keys that after four days are not deleted though replaced, or with which not all rows are encrypted.");

    private const int BatchSize = 500;

    /// <summary>What the names of all tables precede.</summary>
    private const string End = "~";

    private readonly TimeProvider _clock = clock;
    private readonly ILogger _log = log;

    /// <summary>The replaced keys that texts still need, and when that was found.</summary>
    private readonly Dictionary<Guid, DateTimeOffset> _needed = [];

    protected override Task RunOnceAsync(CancellationToken ct) => ReencryptAllAsync(ct);

    internal async Task ReencryptAllAsync(CancellationToken ct)
    {
        while (await CreateKeysAsync(ct)) { }
        while (await WrapAgainAsync(ct)) { }
        foreach (var key in await FindPendingAsync(ct))
            while (await EncryptPageAsync(key, ct)) { }
        await DeleteUnusedAsync(ct);
    }

    /// <summary>
    /// Creates the keys of hospitals that have none, so that their rows are encrypted, if the encryption was started. Returns whether there may be more.
    /// </summary>
    private async Task<bool> CreateKeysAsync(CancellationToken ct)
    {
        await using var scope = OpenScope(out var db);
        var hospitals = await db.Database.SqlQuery<Guid>($"""
            SELECT hospital_id AS "Value" FROM (SELECT hospital_id FROM known_hospitals UNION ALL SELECT {Guid.Empty}) AS known
            WHERE NOT EXISTS (SELECT FROM data_keys k WHERE k.hospital_id = known.hospital_id)
                AND NOT EXISTS (SELECT FROM encryption_not_started) LIMIT {BatchSize}
            """).ToListAsync(ct);
        foreach (var hospital in hospitals)
        {
            ct.ThrowIfCancellationRequested();
            // Within a minute of the start this process may not know of it yet.
            if (keys.FindInUse(hospital) is null) return false;
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

    private async Task EncryptPageAsync(TenantDb db, PendingKey pending, IEncryptedTable[] tables, CancellationToken ct)
    {
        var after = tables[0].Name == pending.Table ? new EncryptedRowKey(pending.AfterId, pending.AfterNumber) : default;
        var last = await EncryptReadableAsync(db, tables[0], pending.HospitalId, after, ct);
        var next = last is not null ? tables[0].Name : tables.Length > 1 ? tables[1].Name : End;
        var (id, number) = (last?.Id ?? Guid.Empty, last?.Number ?? 0);
        await db.Database.ExecuteSqlAsync(
            $"UPDATE data_keys SET at_table = {next}, after_id = {id}, after_number = {number} WHERE id = {pending.Id}", ct);
    }

    /// <summary>
    /// Encrypts a page of rows. One that cannot be read stays as it is, is reported and holds up no other: the key that it names is then kept. Returns the key
    /// of the page's last row; null when no rows follow.
    /// </summary>
    private async Task<EncryptedRowKey?> EncryptReadableAsync(
        TenantDb db, IEncryptedTable table, Guid hospital, EncryptedRowKey after, CancellationToken ct)
    {
        try
        {
            return await table.EncryptPageAsync(hospital, after, IEncryptedTable.PageSize, ct);
        }
        catch (CryptographicException)
        {
            db.ChangeTracker.Clear();
        }

        EncryptedRowKey? last = after;
        for (var i = 0; i < IEncryptedTable.PageSize && last is { } previous; i++)
            try
            {
                last = await table.EncryptPageAsync(hospital, previous, maxRows: 1, ct);
            }
            catch (CryptographicException)
            {
                db.ChangeTracker.Clear();
                last = await table.FindNextAsync(hospital, previous, ct);
                Unreadable.Add(1, new KeyValuePair<string, object?>("table", table.Name));
                LogUnreadable(_log, last?.Id, table.Name, hospital);
            }
        return last;
    }

    /// <summary>Deletes the replaced keys of hospitals whose rows are all encrypted with the key in use, unless a text still needs them.</summary>
    private async Task DeleteUnusedAsync(CancellationToken ct)
    {
        await using var scope = OpenScope(out var db);
        var now = _clock.GetUtcNow();
        var latest = now - RetiredLifetime;
        var replaced = await db.Database.SqlQuery<ReplacedKey>($"""
            SELECT id AS "Id", hospital_id AS "HospitalId" FROM data_keys k WHERE retired_at < {latest} AND wrapped IS NOT NULL
                AND EXISTS (SELECT FROM data_keys u WHERE u.hospital_id = k.hospital_id AND u.retired_at IS NULL AND u.reencrypted_at IS NOT NULL)
            """).ToListAsync(ct);
        // Looking for a text reads all of the hospital.
        db.Database.SetCommandTimeout(TimeSpan.FromMinutes(10));
        foreach (var key in replaced.Where(k => !_needed.TryGetValue(k.Id, out var at) || at < now - UseCheckPeriod))
            if (await IsNeededAsync(db, key, ct)) _needed[key.Id] = now;
            else await db.Database.ExecuteSqlAsync($"DELETE FROM data_keys WHERE id = {key.Id}", ct);
        var overdue = now - 2 * RetiredLifetime;
        OverdueKeys.Record((await db.Database.SqlQuery<int>(
            $"""
            SELECT count(*)::integer AS "Value" FROM data_keys
            WHERE wrapped IS NOT NULL AND (retired_at < {overdue} OR retired_at IS NULL AND reencrypted_at IS NULL AND created_at < {overdue})
            """).ToListAsync(ct))[0]);
    }

    private static async Task<bool> IsNeededAsync(TenantDb db, ReplacedKey key, CancellationToken ct)
    {
        foreach (var type in db.Model.GetEntityTypes().Where(t => t.ClrType.IsAssignableTo(typeof(IEncryptedRow))))
            if ((await db.Database.SqlQuery<int>(EncryptedColumns.Of(type).FindUse(key.HospitalId, key.Id)).ToListAsync(ct)).Count > 0) return true;
        return false;
    }

    private AsyncServiceScope OpenScope(out TenantDb db)
    {
        var scope = scopes.CreateAsyncScope();
        db = scope.ServiceProvider.GetRequiredService<TenantDb>();
        db.Tenancy.Enter(hospital: null);
        return scope;
    }

    private sealed record WrappedKey(Guid Id, Guid HospitalId, byte[] Wrapped, string SecretId);

    private sealed record ReplacedKey(Guid Id, Guid HospitalId);

    private sealed record PendingKey(Guid Id, Guid HospitalId, string Table, Guid AfterId, long AfterNumber);

    [LoggerMessage(1170, LogLevel.Warning, "A text in row {Row} of {Table} cannot be decrypted; the hospital is {Hospital}")]
    private static partial void LogUnreadable(ILogger log, Guid? row, string table, Guid hospital);
}
