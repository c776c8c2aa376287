using MedCor.Contracts;
using MedCor.ServiceDefaults;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Duplicates;

/// <summary>
/// Compares patients who are new or have changed with those who have something in common with them, about a second later, and collects the words that they are
/// called. The latest come first, also while all patients of a hospital are compared after an upgrade. Only one replica compares at a time. A batch is compared
/// wholly or not at all, so after a crash the next replica compares it. If it fails, smaller ones are compared; one patient whose comparison fails waits until
/// the others are compared, and is left out in the end.
/// </summary>
internal sealed partial class PatientComparisonService(IServiceScopeFactory scopes, TimeProvider clock, ILogger<PatientComparisonService> log)
    : PeriodicService(TimeSpan.FromSeconds(1), clock, log)
{
    /// <summary>The maximum number of patients that are compared in one transaction.</summary>
    internal const int BatchSize = 100;

    /// <summary>The maximum number of candidates that are kept of a patient who has changed.</summary>
    internal const int MaxCandidates = 10;

    /// <summary>The maximum number of times that the comparison of a patient fails.</summary>
    internal const int MaxFailures = 10;

    /// <summary>The number of others of one name from which on a similar birth date can be a coincidence.</summary>
    private const int Namesakes = 5;

    /// <summary>The number of patients who are read at once.</summary>
    private const int ReadSize = 1_000;

    private readonly ILogger _log = log;
    private int _batchSize = BatchSize;

    protected override Task RunOnceAsync(CancellationToken ct) => CompareAllAsync(ct);

    /// <summary>Compares all waiting patients. After a failure, the next call begins with a batch of half the size.</summary>
    internal async Task CompareAllAsync(CancellationToken ct)
    {
        try
        {
            while (await CompareBatchAsync(_batchSize, ct)) _batchSize = Math.Min(_batchSize * 2, BatchSize);
        }
        catch (Exception) when (!ct.IsCancellationRequested)
        {
            if (_batchSize == 1) await DeferFirstAsync(ct);
            _batchSize = Math.Max(_batchSize / 2, 1);
            throw;
        }
    }

    /// <summary>Compares one batch; returns whether more patients may be waiting.</summary>
    private async Task<bool> CompareBatchAsync(int size, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        db.Tenancy.Enter(hospital: null);
        if (!await db.Database.SqlQuery<bool>($"""SELECT EXISTS (SELECT FROM patients_to_compare) AS "Value" """).SingleAsync(ct)) return false;
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var isLocked = await db.Database.SqlQuery<bool>($"""SELECT pg_try_advisory_xact_lock(hashtext('medcor.duplicates')) AS "Value" """).SingleAsync(ct);
        if (!isLocked) return false;

        var waiting = await db.Database.SqlQuery<Guid>($"""
            DELETE FROM patients_to_compare
            WHERE position IN (SELECT position FROM patients_to_compare ORDER BY failures, position DESC LIMIT {size})
            RETURNING patient_id AS "Value"
            """).ToListAsync(ct);
        if (waiting.Count == 0) return false;
        Guid[] changed = [.. waiting.Distinct()];
        await AddNamesAsync(db, changed, ct);
        await ReplaceCandidatesAsync(db, changed, ct);
        await transaction.CommitAsync(ct);
        return waiting.Count == size;
    }

    /// <summary>Has the patient who would be compared next wait for all others, and be left out after too many failures.</summary>
    private async Task DeferFirstAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        db.Tenancy.Enter(hospital: null);
        await db.Database.ExecuteSqlAsync($"""
            UPDATE patients_to_compare SET failures = failures + 1
            WHERE position = (SELECT position FROM patients_to_compare ORDER BY failures, position DESC LIMIT 1)
            """, ct);
        var count = await db.Database.ExecuteSqlAsync($"DELETE FROM patients_to_compare WHERE failures >= {MaxFailures}", ct);
        if (count > 0) LogLeftOut(_log, count, MaxFailures);
    }

    /// <summary>Adds the words that patients are called, by which names with typing errors are found.</summary>
    private static Task<int> AddNamesAsync(IdentityDb db, Guid[] changed, CancellationToken ct) => db.Database.ExecuteSqlAsync($"""
        INSERT INTO name_variants (hospital_id, variant, name)
        SELECT called.hospital_id, v.variant, called.word
        FROM (
            SELECT DISTINCT u.hospital_id, n.word FROM users u
            CROSS JOIN LATERAL unnest(name_words(u.first_name || ' ' || u.last_name)) AS n (word)
            WHERE u.id = ANY ({changed}) AND u.role = 'PATIENT') AS called
        CROSS JOIN LATERAL spelling_variants(called.word) AS v (variant)
        WHERE NOT EXISTS (
            SELECT FROM name_variants k WHERE k.hospital_id = called.hospital_id AND k.variant = called.word AND k.name = called.word)
        ON CONFLICT DO NOTHING
        """, ct);

    private static async Task ReplaceCandidatesAsync(IdentityDb db, Guid[] changed, CancellationToken ct)
    {
        var pairs = await db.Database.SqlQuery<ComparablePair>($"""
            SELECT p.id AS "ChangedId", c.id AS "OtherId" FROM unnest({changed}) AS p (id) CROSS JOIN LATERAL comparable_patients(p.id) AS c (id)
            """).ToListAsync(ct);
        Guid[] involved = [.. pairs.SelectMany(pair => (Guid[])[pair.ChangedId, pair.OtherId]).Distinct()];
        var patients = new Dictionary<Guid, ComparedPatient>();
        foreach (var ids in involved.Chunk(ReadSize))
            foreach (var patient in await ReadAsync(db, ids, ct)) patients.Add(patient.Id, patient);

        await db.Database.ExecuteSqlAsync($"""
            DELETE FROM duplicate_candidates d USING users u WHERE u.id = ANY ({changed}) AND d.hospital_id = u.hospital_id AND d.first_id = u.id
            """, ct);
        await db.Database.ExecuteSqlAsync($"""
            DELETE FROM duplicate_candidates d USING users u WHERE u.id = ANY ({changed}) AND d.hospital_id = u.hospital_id AND d.second_id = u.id
            """, ct);
        var candidates = from pair in pairs
                         where patients.ContainsKey(pair.ChangedId) && patients.ContainsKey(pair.OtherId)
                         group pair by pair.ChangedId into ofOne
                         from best in FindCandidates(ofOne, patients)
                         select best;
        // Two of the changed patients can be candidates of each other.
        foreach (var (pair, comparison) in candidates.DistinctBy(c => Order(c.Pair)))
        {
            var (first, second) = Order(pair);
            db.Add(new CandidatePair
            {
                HospitalId = patients[first].HospitalId,
                FirstId = first,
                SecondId = second,
                Score = comparison.Score,
                Reasons = string.Join(',', comparison.Reasons.Select(reason => EnumNames.Of(reason))),
            });
        }
        await db.SaveChangesAsync(ct);
    }

    /// <summary>Returns the likeliest of the pairs of one patient that may be one person.</summary>
    private static IEnumerable<(ComparablePair Pair, Comparison Comparison)> FindCandidates(
        IGrouping<Guid, ComparablePair> pairs, Dictionary<Guid, ComparedPatient> patients)
    {
        var changed = patients[pairs.Key];
        var namesakes = pairs.Where(pair => PatientComparer.HaveSameName(changed, patients[pair.OtherId])).Select(pair => pair.OtherId).ToHashSet();
        return (from pair in pairs
                let comparison = PatientComparer.Compare(
                    changed, patients[pair.OtherId], hasNamesakes: namesakes.Count >= Namesakes && namesakes.Contains(pair.OtherId))
                where comparison is not null
                orderby comparison!.Score descending, pair.OtherId
                select (pair, comparison!)).Take(MaxCandidates);
    }

    /// <summary>Returns the IDs of a pair, that of the patient who was registered first at the front: IDs grow with time.</summary>
    private static (Guid First, Guid Second) Order(ComparablePair pair) =>
        pair.ChangedId.CompareTo(pair.OtherId) < 0 ? (pair.ChangedId, pair.OtherId) : (pair.OtherId, pair.ChangedId);

    private static Task<List<ComparedPatient>> ReadAsync(IdentityDb db, Guid[] ids, CancellationToken ct) => db.Database.SqlQuery<ComparedPatient>($"""
        SELECT u.hospital_id AS "HospitalId", u.id AS "Id", array_to_string(name_words(u.first_name), ' ') AS "FirstName",
            array_to_string(name_words(u.last_name), ' ') AS "LastName", u.date_of_birth AS "DateOfBirth", u.demographics ->> 'gender' AS "Gender",
            array_to_string(name_words(concat_ws(' ', u.demographics -> 'address' ->> 'address_line1', u.demographics -> 'address' ->> 'postal_code')), ' ')
                AS "Address",
            ARRAY(SELECT left(k.key, 7) FROM patient_keys k
                WHERE k.hospital_id = u.hospital_id AND k.patient_id = u.id AND k.kind = 'PHONE' AND length(k.key) >= 7) AS "Phones",
            ARRAY(SELECT k.key FROM patient_keys k WHERE k.hospital_id = u.hospital_id AND k.patient_id = u.id AND k.kind = 'EMAIL') AS "Emails",
            ARRAY(SELECT k.key FROM patient_keys k WHERE k.hospital_id = u.hospital_id AND k.patient_id = u.id AND k.kind = 'NUMBER') AS "Numbers"
        FROM users u WHERE u.id = ANY ({ids}) AND u.role = 'PATIENT' AND u.merged_into_id IS NULL
        """).ToListAsync(ct);

    [LoggerMessage(2010, LogLevel.Warning, "Comparing {Count} patients with others failed {Failures} times; their duplicates are not found until they change")]
    private static partial void LogLeftOut(ILogger log, int count, int failures);

    private sealed record ComparablePair(Guid ChangedId, Guid OtherId);
}
