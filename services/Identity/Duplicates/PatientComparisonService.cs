using MedCor.Contracts;
using MedCor.ServiceDefaults;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Duplicates;

/// <summary>
/// Compares patients who are new or have changed with those who have something in common with them, about a second later, and collects the words that they are
/// called. Only one replica compares at a time. A batch is compared wholly or not at all, so after a crash the next replica continues where the last batch
/// ended.
/// </summary>
internal sealed class PatientComparisonService(IServiceScopeFactory scopes, TimeProvider clock, ILogger<PatientComparisonService> log)
    : PeriodicService(TimeSpan.FromSeconds(1), clock, log)
{
    /// <summary>The maximum number of patients that are compared in one transaction.</summary>
    internal const int BatchSize = 100;

    /// <summary>The maximum number of candidates that are kept of a patient who has changed.</summary>
    internal const int MaxCandidates = 10;

    protected override Task RunOnceAsync(CancellationToken ct) => CompareAllAsync(ct);

    /// <summary>Compares all waiting patients.</summary>
    internal async Task CompareAllAsync(CancellationToken ct)
    {
        while (await CompareBatchAsync(ct)) { }
    }

    /// <summary>Compares one batch; returns whether more patients may be waiting.</summary>
    private async Task<bool> CompareBatchAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        db.Tenancy.Enter(hospital: null);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var isLocked = await db.Database.SqlQuery<bool>($"""SELECT pg_try_advisory_xact_lock(hashtext('medcor.duplicates')) AS "Value" """).SingleAsync(ct);
        if (!isLocked) return false;

        var waiting = await db.Database.SqlQuery<Guid>($"""
            DELETE FROM patients_to_compare WHERE position IN (SELECT position FROM patients_to_compare ORDER BY position LIMIT {BatchSize})
            RETURNING patient_id AS "Value"
            """).ToListAsync(ct);
        if (waiting.Count == 0) return false;
        Guid[] changed = [.. waiting.Distinct()];
        await AddNamesAsync(db, changed, ct);
        await ReplaceCandidatesAsync(db, changed, ct);
        await transaction.CommitAsync(ct);
        return waiting.Count == BatchSize;
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
        var patients = (await ReadAsync(db, involved, ct)).ToDictionary(patient => patient.Id);

        await db.Database.ExecuteSqlAsync($"""
            DELETE FROM duplicate_candidates d USING users u WHERE u.id = ANY ({changed}) AND d.hospital_id = u.hospital_id AND d.first_id = u.id
            """, ct);
        await db.Database.ExecuteSqlAsync($"""
            DELETE FROM duplicate_candidates d USING users u WHERE u.id = ANY ({changed}) AND d.hospital_id = u.hospital_id AND d.second_id = u.id
            """, ct);
        var candidates = from pair in pairs
                         where patients.ContainsKey(pair.ChangedId) && patients.ContainsKey(pair.OtherId)
                         let comparison = PatientComparer.Compare(patients[pair.ChangedId], patients[pair.OtherId])
                         where comparison is not null
                         group (Pair: pair, Comparison: comparison!) by pair.ChangedId into ofOne
                         from best in ofOne.OrderByDescending(c => c.Comparison.Score).ThenBy(c => c.Pair.OtherId).Take(MaxCandidates)
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

    private sealed record ComparablePair(Guid ChangedId, Guid OtherId);
}
