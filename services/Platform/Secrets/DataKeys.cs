using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Security.Cryptography;
using MedCor.Contracts;
using Npgsql;

namespace MedCor.Platform.Secrets;

/// <summary>
/// Provides the keys that encrypt the texts of each hospital. They are stored in the service's database, wrapped with a secret of its configuration, and kept
/// unwrapped in memory for a minute: a process that has read a hospital's keys reads them again after that time, or when it meets a key that it does not know.
/// <see cref="PrepareAsync"/> reads them before they are needed: EF Core creates entities synchronously, and many requests that block their threads at once for
/// the keys of one hospital would leave no thread to go on with.
/// </summary>
/// <param name="database">A data source of its own: a request that waits for keys holds a connection of the other one.</param>
internal sealed class DataKeys(NpgsqlDataSource database, DataKeyWrapping wrapping, TimeProvider clock) : IDisposable
{
    /// <summary>The name of the data source.</summary>
    internal const string DataSource = "data-keys";

    /// <summary>The maximum number of connections of the data source: the keys of one hospital are read at a time.</summary>
    internal const int MaxConnections = 1;

    /// <summary>The number of hospitals whose keys are kept; beyond it, all are read again.</summary>
    internal const int MaxHospitals = 1_000;

    /// <summary>The time after which keys are read again. So long, a process goes on using a key that was replaced or destroyed.</summary>
    internal static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<Guid, HospitalKeys> _hospitals = new();
    private readonly SemaphoreSlim _reading = new(1);

    /// <summary>Reads the keys of a hospital, unless they are known, so that the other methods find them without blocking the thread.</summary>
    /// <param name="hospital">The hospital; all zeros for what belongs to none.</param>
    /// <param name="createsFirst">Whether the first key is created, for writing a text.</param>
    internal ValueTask PrepareAsync(Guid hospital, bool createsFirst, CancellationToken ct)
    {
        var keys = FindFresh(hospital);
        return keys is not null && !(createsFirst && keys.LacksFirst) ? ValueTask.CompletedTask : new(ReadAsync(hospital, keys, createsFirst, ct));
    }

    /// <inheritdoc/>
    public void Dispose() => _reading.Dispose();

    /// <summary>
    /// Returns the key that encrypts what is written, and creates the first; null as long as the encryption was not started after an upgrade. Throws
    /// <see cref="Conflict"/> when the keys were destroyed.
    /// </summary>
    /// <param name="hospital">The hospital; all zeros for what belongs to none.</param>
    internal DataKey? FindInUse(Guid hospital)
    {
        var keys = Get(hospital);
        if (keys.LacksFirst) keys = Read(hospital, keys, createsFirst: true);
        return keys.AreDestroyed ? throw new Conflict("The hospital's encryption keys were destroyed; nothing can be written.") : keys.InUse;
    }

    /// <summary>
    /// Returns a key; null when the hospital's keys were destroyed. Throws <see cref="CryptographicException"/> when the hospital has no such key.
    /// </summary>
    internal DataKey? Find(Guid hospital, Guid id)
    {
        var keys = Get(hospital);
        // Another replica may have created the key a moment ago.
        if (!keys.ById.ContainsKey(id) && !keys.AreDestroyed) keys = Read(hospital, keys);
        if (keys.ById.TryGetValue(id, out var key)) return key;
        return keys.AreDestroyed ? null : throw new CryptographicException($"The hospital has no data key {id}.");
    }

    /// <summary>
    /// Returns whether all stored texts of a hospital were encrypted. From then on, no process of MedCor stores one in plain form: the encryption of what is
    /// stored begins when no process writes plain texts any more, and has ended.
    /// </summary>
    internal bool AreTextsEncrypted(Guid hospital) => Get(hospital).AreTextsEncrypted;

    /// <summary>
    /// Throws <see cref="InvalidOperationException"/> when a key is wrapped with a secret that is not configured, and returns whether texts are encrypted.
    /// </summary>
    internal async Task<bool> VerifyAsync(CancellationToken ct)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(new("SELECT set_config('medcor.hospital', '*', true)"));
        batch.BatchCommands.Add(new("""
            SELECT EXISTS (SELECT FROM data_keys WHERE wrapped IS NOT NULL AND secret_id <> ALL ($1)), NOT EXISTS (SELECT FROM encryption_not_started)
            """)
        {
            Parameters = { new() { Value = wrapping.KnownSecretIds } },
        });
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        await reader.ReadAsync(ct);
        if (reader.GetBoolean(0))
            throw new InvalidOperationException(
                "Data keys of the database are wrapped with a secret that is neither Encryption__Secret nor Encryption__PreviousSecret. Set that secret.");
        return reader.GetBoolean(1);
    }

    private HospitalKeys Get(Guid hospital) => FindFresh(hospital) ?? Read(hospital, outdated: null);

    /// <summary>Returns what was read of a hospital within the <see cref="Lifetime"/>; null when nothing was.</summary>
    private HospitalKeys? FindFresh(Guid hospital) =>
        _hospitals.TryGetValue(hospital, out var keys) && clock.GetUtcNow() - keys.ReadAt < Lifetime ? keys : null;

    /// <summary>Reads the keys of a hospital, unless another thread has read them meanwhile.</summary>
    /// <param name="outdated">What is known of the keys and does not suffice; null when nothing is known, or for too long.</param>
    private HospitalKeys Read(Guid hospital, HospitalKeys? outdated, bool createsFirst = false)
    {
        _reading.Wait();
        try
        {
            if (FindReadMeanwhile(hospital, outdated, createsFirst) is { } current) return current;
            // The keys serve all requests, so reading them is no part of the trace of one.
            using var quiet = OpenTelemetry.SuppressInstrumentationScope.Begin();
            var now = clock.GetUtcNow();
            using var batch = CreateRead(hospital, createsFirst, now);
            using var reader = batch.ExecuteReader();
            return Store(hospital, reader, createsFirst, now);
        }
        finally
        {
            _reading.Release();
        }
    }

    /// <inheritdoc cref="Read"/>
    private async Task ReadAsync(Guid hospital, HospitalKeys? outdated, bool createsFirst, CancellationToken ct)
    {
        await _reading.WaitAsync(ct);
        try
        {
            if (FindReadMeanwhile(hospital, outdated, createsFirst) is not null) return;
            using var quiet = OpenTelemetry.SuppressInstrumentationScope.Begin();
            var now = clock.GetUtcNow();
            await using var batch = CreateRead(hospital, createsFirst, now);
            await using var reader = await batch.ExecuteReaderAsync(ct);
            Store(hospital, reader, createsFirst, now);
        }
        finally
        {
            _reading.Release();
        }
    }

    /// <summary>Returns what another thread has read meanwhile; null when that is nothing, or does not suffice.</summary>
    private HospitalKeys? FindReadMeanwhile(Guid hospital, HospitalKeys? outdated, bool createsFirst) =>
        FindFresh(hospital) is { } current && !ReferenceEquals(current, outdated) && !(createsFirst && current.LacksFirst) ? current : null;

    private NpgsqlBatch CreateRead(Guid hospital, bool createsFirst, DateTimeOffset now)
    {
        var batch = database.CreateBatch();
        batch.BatchCommands.Add(new("SELECT set_config('medcor.hospital', $1, true)") { Parameters = { new() { Value = hospital.ToString() } } });
        if (createsFirst) batch.BatchCommands.Add(CreateInsert(hospital, wrapping, now));
        batch.BatchCommands.Add(new("SELECT id, wrapped, secret_id, retired_at IS NULL, reencrypted_at IS NOT NULL FROM data_keys WHERE hospital_id = $1")
        {
            Parameters = { new() { Value = hospital } },
        });
        return batch;
    }

    /// <summary>Keeps what was read of a hospital. Keys that are known already are not unwrapped again.</summary>
    private HospitalKeys Store(Guid hospital, NpgsqlDataReader reader, bool createsFirst, DateTimeOffset now)
    {
        var known = _hospitals.GetValueOrDefault(hospital);
        // The insert has no result of its own.
        reader.NextResult();
        var (keys, areDestroyed, areTextsEncrypted) = (new Dictionary<Guid, DataKey>(), false, false);
        DataKey? inUse = null;
        while (reader.Read())
        {
            var (id, isInUse) = (reader.GetGuid(0), reader.GetBoolean(3));
            // With this key or, while it is being replaced, with one before it.
            areTextsEncrypted |= reader.GetBoolean(4);
            if (reader.IsDBNull(1))
            {
                areDestroyed |= isInUse;
                continue;
            }
            var key = known?.ById.GetValueOrDefault(id)
                ?? new(id, wrapping.Unwrap(reader.GetFieldValue<byte[]>(1), reader.GetString(2), hospital, id));
            keys.Add(id, key);
            if (isInUse) inUse = key;
        }
        if (_hospitals.Count >= MaxHospitals) _hospitals.Clear();
        return _hospitals[hospital] =
            new(inUse, areDestroyed, IsNotStarted: createsFirst && inUse is null && !areDestroyed, areTextsEncrypted, keys.ToFrozenDictionary(), now);
    }

    /// <summary>Creates the statement that adds a new key, unless the hospital has one in use or the encryption was not started.</summary>
    internal static NpgsqlBatchCommand CreateInsert(Guid hospital, DataKeyWrapping wrapping, DateTimeOffset now)
    {
        var id = Guid.CreateVersion7(now);
        var key = RandomNumberGenerator.GetBytes(DataKey.Size);
        var wrapped = wrapping.Wrap(key, hospital, id);
        CryptographicOperations.ZeroMemory(key);
        return new("""
            INSERT INTO data_keys (id, hospital_id, wrapped, secret_id, created_at)
            SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS (SELECT FROM encryption_not_started)
            ON CONFLICT (hospital_id) WHERE retired_at IS NULL DO NOTHING
            """)
        {
            Parameters =
            {
                new() { Value = id }, new() { Value = hospital }, new() { Value = wrapped }, new() { Value = wrapping.SecretId }, new() { Value = now },
            },
        };
    }
}
