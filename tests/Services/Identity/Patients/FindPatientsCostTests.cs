using System.Globalization;
using System.Text.Json.Nodes;
using MedCor.Identity;
using MedCor.Platform.Database;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using NpgsqlTypes;

namespace MedCor.Tests.Services.Identity.Patients;

/// <summary>
/// Tests that a search for a patient costs a large hospital no more than a small one: under row-level security, PostgreSQL reads no more pages than a bound
/// that does not depend on the number of patients.
/// </summary>
public class FindPatientsCostTests
{
    /// <summary>The maximum, in PostgreSQL's pages of 8 KiB: for six hundred keys and 150 patients, who are scattered over the table.</summary>
    private const int MaxPages = 2_000;

    /// <summary>The maximum for words that are all typed in part, of which 7,500 keys are looked at, and for names with typing errors.</summary>
    private const int MaxPagesOfParts = 8_000;

    private static readonly Guid Hospital = Guid.Parse("01990000-0000-7000-8000-000000000003");

    private static readonly Lazy<Task<NpgsqlDataSource>> Database = new(Fill);

    [Theory]
    [InlineData("a", null, null, null, MaxPages)]
    [InlineData("anna", null, null, null, MaxPages)]
    [InlineData("anna b", null, null, null, MaxPages)]
    [InlineData("zz nobody", null, null, null, MaxPages)]
    [InlineData("a b", null, null, null, MaxPagesOfParts)]
    [InlineData("annna", null, null, null, MaxPagesOfParts)]
    [InlineData("annna bw12", null, null, null, MaxPagesOfParts)]
    [InlineData("lorxna milxer", null, null, null, MaxPagesOfParts)]
    [InlineData("lorxna milxer nobody", null, null, null, MaxPagesOfParts)]
    [InlineData(null, "9000000007", null, null, MaxPages)]
    [InlineData(null, null, "1950-03-01", null, MaxPages)]
    [InlineData(null, null, null, "+49 30 5000007", MaxPages)]
    [InlineData(null, null, null, "7", MaxPages)]
    [InlineData("anna", null, "1950-03-01", null, MaxPagesOfParts)]
    public async Task A_search_reads_no_more_of_a_large_hospital(string? search, string? number, string? born, string? phone, int pages)
    {
        await using var connection = await (await Database.Value).OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var enter = new NpgsqlCommand("SELECT set_config('medcor.hospital', $1, true)", connection, transaction)
        {
            Parameters = { new() { Value = Hospital.ToString() } },
        })
            await enter.ExecuteNonQueryAsync();
        await using var explain = new NpgsqlCommand(
            "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT * FROM find_patients($1, $2, $3, $4, $5, 101)", connection, transaction)
        {
            Parameters =
            {
                new() { Value = Hospital },
                new() { Value = (object?)search ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
                new() { Value = (object?)number ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
                new() { Value = born is null ? DBNull.Value : (object)DateOnly.Parse(born, CultureInfo.InvariantCulture), NpgsqlDbType = NpgsqlDbType.Date },
                new() { Value = (object?)phone ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
            },
        };

        var plan = JsonNode.Parse((string)(await explain.ExecuteScalarAsync())!)![0]!["Plan"]!;

        var read = (long)plan["Shared Hit Blocks"]! + (long)plan["Shared Read Blocks"]!;
        Assert.True(read <= pages, $"{read} pages are read: {plan.ToJsonString()}");
    }

    /// <summary>
    /// Fills a database with a hospital in which four in ten patients are called Anna, and every word begins with one of two letters; and ten thousand more are
    /// called by ten first and ten last names that differ by one letter.
    /// </summary>
    private static async Task<NpgsqlDataSource> Fill()
    {
        var house = await MedCorFixture.Get();
        var owner = await house.CreateDatabase();
        await new Migrator(typeof(IdentityDb).Assembly, "identity", NullLogger.Instance).MigrateAsync(owner, CancellationToken.None);
        await using (var connection = new NpgsqlConnection(owner))
        {
            await connection.OpenAsync();
            await using var fill = new NpgsqlCommand($"""
                INSERT INTO known_hospitals VALUES ('{Hospital}', 'Large', 'UTC', true, 1);
                ALTER TABLE users DISABLE TRIGGER USER;
                INSERT INTO users (id, hospital_id, email, email_key, first_name, last_name, role, phone_number, date_of_birth, mrn,
                    is_available, is_active, version, created_at, updated_at)
                SELECT md5('cost' || n)::uuid, '{Hospital}', n || '@cost.example', n || '@cost.example',
                    CASE WHEN n > 40000 THEN 'Lor' || chr(97 + n % 10) || 'na' WHEN n % 10 < 4 THEN 'Anna' ELSE 'Aw' || substr(md5(n::text), 1, 4) END,
                    CASE WHEN n > 40000 THEN 'Mil' || chr(97 + n / 10 % 10) || 'er' ELSE 'Bw' || n % 3000 END, 'PATIENT', '+49 30 ' || 5000000 + n,
                    date '1950-01-01' + n % 100, (9000000000 + n)::text, true, true, 1, now(), now()
                FROM generate_series(1, 50000) n;
                ALTER TABLE users ENABLE TRIGGER USER;
                INSERT INTO patient_keys (hospital_id, kind, key, patient_id)
                SELECT u.hospital_id, k.kind, k.key, u.id FROM users u CROSS JOIN LATERAL keys_of_patient(u) k;
                INSERT INTO name_variants (hospital_id, variant, name)
                SELECT DISTINCT '{Hospital}'::uuid, v, w FROM (SELECT DISTINCT split_part(key, ' ', 1) AS w FROM patient_keys WHERE kind = 'NAME') AS words
                CROSS JOIN LATERAL spelling_variants(w) AS v;
                """, connection) { CommandTimeout = 300 };
            await fill.ExecuteNonQueryAsync();
            await using var analyze = new NpgsqlCommand("VACUUM ANALYZE", connection) { CommandTimeout = 300 };
            await analyze.ExecuteNonQueryAsync();
        }
        return NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(owner) { Pooling = true, Options = "-c role=medcor_identity" }.ConnectionString);
    }
}
