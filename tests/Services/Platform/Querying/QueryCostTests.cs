using System.Data.Common;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MedCor.Clinical;
using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity;
using MedCor.Identity.Duplicates;
using MedCor.Platform.Database;
using MedCor.Platform.Messaging;
using MedCor.Platform.Querying;
using MedCor.Platform.Resources;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Primitives;
using Npgsql;
using Context = MedCor.Platform.Tenancy.TenantContext;

namespace MedCor.Tests.Services.Platform.Querying;

/// <summary>
/// Tests that a list costs a large hospital no more than a small one: for every sort order and filter that a resource supports, PostgreSQL's plan must show no
/// sequential scan of a growing table, and no more pages read than a bound that is independent of the table's size. Refused queries read nothing.
/// </summary>
public sealed partial class QueryCostTests
{
    /// <summary>
    /// The maximum, in PostgreSQL's pages of 8 KiB: for a page of rows with their names and a count to 10,001 from an index, or for twice the five hundred rows
    /// that a doctor has.
    /// </summary>
    private const int MaxPagesRead = 2_500;

    /// <summary>The maximum for a search for part of a name: all counted rows are read, and they are scattered over the table.</summary>
    private const int MaxPagesSearched = MaxPagesRead + 11_000;

    /// <summary>
    /// The maximum where content is limited to those in whose care a patient is: the visits of the doctor, of which there are five hundred, are read for each
    /// of the conditions.
    /// </summary>
    private const int MaxPagesInCare = MaxPagesRead + 5_000;

    private static readonly Guid Hospital = Guid.Parse("01990000-0000-7000-8000-000000000001");
    private static readonly Guid Nurse = Guid.Parse("01990000-0000-7000-8000-000000000003");
    private static readonly Guid Other = Guid.Parse("01990000-0000-7000-8000-000000000002");

    [Fact]
    public async Task Lists_of_clinical_rows_read_no_more_of_a_large_hospital() =>
        await CheckService(typeof(ClinicalDb), "clinical", 150_000, Clinical, FindManyPatients);

    [Fact]
    public async Task Lists_of_people_read_no_more_of_a_large_hospital() =>
        await CheckService(typeof(IdentityDb), "identity", 100_000, Identity, ListDuplicates);

    /// <summary>Searches of one letter and more: for text that all, some or no rows contain, without letters, and with several Unicode forms.</summary>
    private static readonly string[] Searches = ["a", "w", "b1", "ann", "anna", "p12", "zzqx", "anna b", "c, anna", "p12345@", "'", "%_", "99%", "李", "Ännä"];

    private static async Task CheckService(Type dbType, string service, int rows, Func<Guid, int, string> fill,
        Func<NpgsqlDataSource, Task>? complete = null)
    {
        var house = await MedCorFixture.Get();
        var owner = await house.CreateDatabase();
        await new Migrator(dbType.Assembly, service, NullLogger.Instance).MigrateAsync(owner, CancellationToken.None);
        await Execute(owner, $"{SetIndexesAside}{fill(Hospital, rows)}{fill(Other, 1_000)}{PutIndexesBack}");
        await Execute(owner, "VACUUM ANALYZE");
        await using var database = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(owner) { Pooling = true, Options = $"-c role=medcor_{service}" }.ConnectionString);

        var growing = dbType.Assembly.GetTypes().Where(t => !t.IsAbstract && ResourceTypes.ArgumentsOf(t) is { } p
            && typeof(QueryCostTests).GetMethod(nameof(Grows), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(p).Invoke(null, [t]) is true)
            // A list that is a tool alone, such as that of probable duplicates, is checked on completion.
            .Where(t => ResourceCatalogue.All.Values.Any(r => r.Entity == ResourceTypes.ArgumentsOf(t)![2])).ToArray();
        Assert.NotEmpty(growing);
        foreach (var type in growing)
            await (Task)typeof(QueryCostTests).GetMethod(nameof(CheckResource), BindingFlags.NonPublic | BindingFlags.Static)!
                .MakeGenericMethod(ResourceTypes.ArgumentsOf(type)!).Invoke(null, [dbType, type, database])!;
        if (complete is not null) await complete(database);
        await house.DropDatabase(owner);
    }

    /// <summary>Checks that the rows of thousands of patients in care are found first, and not looked for in all rows of the hospital.</summary>
    private static async Task FindManyPatients(NpgsqlDataSource database)
    {
        const int many = 3_000;
        await LimitContent(database, isLimited: true);
        await ExecuteInHospital(database, new("""
            INSERT INTO referrals SELECT $1, gen_random_uuid(), gen_random_uuid(), $2, $2, 'Growth', '2999-01-01', '2999-01-01', 1, '2026-01-01', '2026-01-01'
            FROM generate_series(1, $3)
            """)
        {
            Parameters = { new() { Value = Hospital }, new() { Value = Nurse }, new() { Value = many } },
        });
        using var signal = new OutboxSignal();
        var tenancy = new Context();
        tenancy.Enter(new Caller(Nurse, "", Role.Nurse, Hospital, Guid.Empty, default, default));
        var options = new DbContextOptionsBuilder<ClinicalDb>();
        options.UseNpgsql(database).AddInterceptors(new RowLevelSecurityInterceptor(), signal);
        await using var db = new ClinicalDb(options.Options, TimeProvider.System, signal);
        db.Begin(tenancy);

        Assert.Equal(many, (await (await ContentVisibility.ReadAsync(db, CancellationToken.None)).FindPatientsInCareAsync(CancellationToken.None))?.Length);
    }

    /// <summary>Checks that a page of probable duplicates is read in the order of their score, however many there are.</summary>
    private static async Task ListDuplicates(NpgsqlDataSource database)
    {
        var commands = new Commands();
        using var signal = new OutboxSignal();
        foreach (var (min, page) in ((int?, int)[])[(null, 1), (null, 10), (90, 1)])
        {
            var tenancy = new Context();
            tenancy.Enter(new Caller(Guid.NewGuid(), "", Role.Admin, Hospital, Guid.Empty, default, default));
            var options = new DbContextOptionsBuilder<IdentityDb>();
            options.UseNpgsql(database).AddInterceptors(new RowLevelSecurityInterceptor(), signal, commands);
            await using var db = new IdentityDb(options.Options, TimeProvider.System, signal);
            db.Begin(tenancy);

            commands.All.Clear();
            var listed = await new DuplicateCandidateResource(db).ReadPageAsync(
                new ListDuplicateCandidates { Page = page }, list => list.From("score", min), CancellationToken.None);

            Assert.Equal(20, listed.Results.Count);
            Assert.False(listed.TotalIsExact);
            foreach (var command in commands.All) await Explain(command, database, $"duplicates from {min}, page {page}");
        }
    }

    private static bool Grows<T, TRow, TContract>(Type type) where T : class where TRow : class =>
        ((QueryableResource<T, TRow, TContract>)RuntimeHelpers.GetUninitializedObject(type)).Fields.Indexes.Count > 0;

    private static async Task CheckResource<T, TRow, TContract>(Type dbType, Type type, NpgsqlDataSource database) where T : class where TRow : class
    {
        var commands = new Commands();
        using var signal = new OutboxSignal();
        var kind = ResourceCatalogue.All.Values.Single(r => r.Entity == typeof(TContract));

        // Staff see a whole hospital, patients their own rows, the platform all hospitals. Doctors and nurses are tried where a hospital limits content, too.
        var sample = JsonNode.Parse("{}")!.AsObject();
        (Role, Guid?, bool)[] callers = [(Role.Nurse, Hospital, false), (Role.Patient, Hospital, false), (Role.Admin, null, false)];
        if (dbType == typeof(ClinicalDb)) callers = [.. callers, (Role.Doctor, Hospital, true), (Role.Nurse, Hospital, true)];
        foreach (var (role, hospital, isLimited) in callers)
        {
            if (isLimited) await LimitContent(database, isLimited: true);
            var who = isLimited ? $"limited {role}" : $"{role}";
            var user = role == Role.Nurse && isLimited ? Nurse
                : (Guid?)(role == Role.Doctor ? sample["doctor_id"] : sample["patient_id"] ?? sample["id"]) ?? Guid.NewGuid();
            var caller = new Caller(user, "", role, hospital, Guid.Empty, default, default);
            var fields = ((QueryableResource<T, TRow, TContract>)RuntimeHelpers.GetUninitializedObject(type)).Fields;
            if (sample.Count == 0) sample = JsonSerializer.SerializeToNode((await List("", "{}"))!.Results[0], Json.Options)!.AsObject();
            var asked = fields.SelectMany(f => new[] { (f.Name, "{}"), ($"-{f.Name}", "{}") })
                .Concat(fields.SelectMany(f => Filters(f, sample)).Select(filter => ("", filter)))
                // For a hospital's staff, also each sort order combined with a filter on each field.
                .Concat(role != Role.Nurse || isLimited ? [] : fields.SelectMany(f => fields.Select(by => (by.Name, Filters(f, sample).First()))));
            var answered = 0;
            foreach (var (sort, filter) in asked.Prepend(("", "{}")))
            {
                commands.All.Clear();
                if (await List(sort, filter) is null) continue;
                answered++;
                foreach (var command in commands.All) await Explain(command, database, $"{kind.Name} as {who}, sort={sort}, filter={filter}");
            }
            foreach (var search in fields.SearchText is null ? [] : Searches)
            {
                commands.All.Clear();
                Assert.NotNull(await List("", "{}", search));
                foreach (var command in commands.All) await Explain(command, database, $"{kind.Name} as {who}, search={search}");
            }
            // Each index serves at least its own sort order, and a filtered list every sort order.
            Assert.True(answered > fields.Count() * 2, $"{kind.Name} refuses nearly everything to {who}");
            if (isLimited) await LimitContent(database, isLimited: false);

            async Task<Page<TContract>?> List(string sort, string filter, string? search = null)
            {
                var tenancy = new Context();
                tenancy.Enter(caller);
                var options = (DbContextOptionsBuilder)Activator.CreateInstance(typeof(DbContextOptionsBuilder<>).MakeGenericType(dbType))!;
                options.UseNpgsql(database).AddInterceptors(new RowLevelSecurityInterceptor(), signal, commands);
                await using var db = (TenantDb)Activator.CreateInstance(dbType, options.Options, TimeProvider.System, signal)!;
                db.Begin(tenancy);
                var resource = (QueryableResource<T, TRow, TContract>)ResourceFactory.Create(type, db);
                if (search is not null)
                    return await resource.ReadPageAsync(new Asked<TContract>(), list => list.Search("search", search), CancellationToken.None);
                var query = new Dictionary<string, StringValues> { ["filter"] = filter };
                if (sort.Length > 0) query["sort"] = sort;
                try
                {
                    return (Page<TContract>)await ((IResourceHandler<TContract>)resource).ListAsync(
                        new ResourceQuery(kind, new QueryCollection(query), isOfOne: false), CancellationToken.None);
                }
                catch (ValidationFailed)
                {
                    return null;
                }
            }
        }
    }

    /// <summary>Sets the access policy of the hospital.</summary>
    private static Task LimitContent(NpgsqlDataSource database, bool isLimited) => ExecuteInHospital(database, new("""
        INSERT INTO access_policies VALUES ($1, $2, 365, 1, '{}', 1, now(), now()) ON CONFLICT (hospital_id) DO UPDATE SET mode = excluded.mode
        """)
    {
        Parameters = { new() { Value = Hospital }, new() { Value = isLimited ? "CARE_RELATIONSHIP" : "OPEN" } },
    });

    private static async Task ExecuteInHospital(NpgsqlDataSource database, NpgsqlBatchCommand command)
    {
        await using var set = database.CreateBatch();
        set.BatchCommands.Add(new("SELECT set_config('medcor.hospital', $1, true)") { Parameters = { new() { Value = Hospital.ToString() } } });
        set.BatchCommands.Add(command);
        await set.ExecuteNonQueryAsync();
    }

    /// <summary>Returns every kind of filter on a field, with values that exist.</summary>
    private static IEnumerable<string> Filters<T>(QueryableField<T> field, JsonObject sample) where T : class
    {
        var value = sample[field.Name]?.ToJsonString() ?? "null";
        yield return Of(value);
        yield return Of($$$"""{"in": [{{{value}}}]}""");
        if (field.Name is "status" or "role" or "record_type" or "outcome")
            yield return Of($$$"""{"in": {{{JsonSerializer.Serialize(Enum.GetValues(field.Type), Json.Options)}}}}""");
        // Also values that few or no rows have.
        if (field.Name == "outcome")
            foreach (var choice in Enum.GetValues(field.Type)) yield return Of(JsonSerializer.Serialize(choice, Json.Options));
        if (value != "null") yield return Of($$$"""{"gte": {{{value}}}}""");
        if (field.Type == typeof(string) && (string?)sample[field.Name] is { Length: >= 3 } text)
        {
            // The part that distinguishes rows: for a part that all rows share, the index returns all of them.
            yield return Of($$$"""{"contains": "{{{text.Split('@')[0]}}}"}""");
            yield return Of("""{"contains": "zzqx"}""");
            // Text that can be stored in two Unicode forms is found by its letters.
            yield return Of("\"Ännä\"");
            yield return Of("""{"in": ["Anna", "Ännä"]}""");
        }
        // Combinations that the tools use.
        foreach (var (other, otherValue) in sample.Where(
            o => o.Key is "status" or "role" or "is_active" or "doctor_id" or "hospital_id" && o.Key != field.Name))
            yield return $$$"""{"{{{field.Name}}}": {{{value}}}, "{{{other}}}": {{{otherValue!.ToJsonString()}}}}""";

        string Of(string condition) => $$$"""{"{{{field.Name}}}": {{{condition}}}}""";
    }

    private static async Task Explain(NpgsqlCommand command, NpgsqlDataSource database, string asked)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var (seal, statement) = (command.CommandText[..(command.CommandText.IndexOf('\n', StringComparison.Ordinal) + 1)],
            command.CommandText[(command.CommandText.IndexOf('\n', StringComparison.Ordinal) + 1)..]);
        await using (var set = new NpgsqlCommand(seal, connection, transaction))
        {
            set.Parameters.Add(command.Parameters[RowLevelSecurityInterceptor.ParameterName].Clone());
            await set.ExecuteNonQueryAsync();
        }
        await using var explain = new NpgsqlCommand($"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", connection, transaction);
        foreach (NpgsqlParameter parameter in command.Parameters)
            if (parameter.ParameterName != RowLevelSecurityInterceptor.ParameterName) explain.Parameters.Add(parameter.Clone());
        var plan = JsonNode.Parse((string)(await explain.ExecuteScalarAsync())!)![0]!["Plan"]!;

        // The ids that this test makes have no time, so that the partitions of months are as good as empty.
        var whole = Nodes(plan).Where(n => (string)n["Node Type"]! == "Seq Scan"
            && (string)n["Relation Name"]! is not ("known_hospitals" or "specialties" or "access_policies")
            && !((string)n["Relation Name"]!).StartsWith("audit_events_2", StringComparison.Ordinal)).ToArray();
        Assert.True(whole.Length == 0, $"{asked} reads a whole table:\n{statement}\n{plan.ToJsonString(new JsonSerializerOptions { WriteIndented = true })}");
        var pages = (long)plan["Shared Hit Blocks"]! + (long)plan["Shared Read Blocks"]!;
        // Finding which patients are in the care of a nurse must not cost what the hospital has of visits.
        var findsPatients = asked.Contains($" as limited {Role.Nurse},", StringComparison.Ordinal)
            && statement.Contains("SELECT DISTINCT", StringComparison.Ordinal);
        var maximum = asked.Contains(" as limited ", StringComparison.Ordinal) && !findsPatients ? MaxPagesInCare : MaxPagesRead;
        Assert.True(pages <= (Searched().IsMatch(asked) ? MaxPagesSearched : maximum),
            $"{asked} reads {pages} pages:\n{statement}\n{plan.ToJsonString(new JsonSerializerOptions { WriteIndented = true })}");
    }

    [GeneratedRegex("contains|search=|Ännä")]
    private static partial Regex Searched();

    /// <summary>Represents a list request without any other condition.</summary>
    internal sealed record Asked<T> : PagedTool<T>;

    private static IEnumerable<JsonNode> Nodes(JsonNode plan) => (plan["Plans"]?.AsArray().SelectMany(p => Nodes(p!)) ?? []).Prepend(plan);

    /// <summary>
    /// Drops the migrations' indexes, because building them after all rows are inserted takes a tenth of the time. Those of partitions belong to their table's.
    /// </summary>
    private const string SetIndexesAside = """
        CREATE TEMP TABLE aside AS SELECT indexname, indexdef FROM pg_indexes JOIN pg_class ON relname = tablename AND relnamespace = 'public'::regnamespace
            WHERE schemaname = 'public' AND indexname NOT IN (SELECT conname FROM pg_constraint) AND relkind = 'r' AND NOT relispartition;
        DO $$ DECLARE i record; BEGIN FOR i IN SELECT * FROM aside LOOP EXECUTE 'DROP INDEX ' || quote_ident(i.indexname); END LOOP; END $$;
        """;

    private const string PutIndexesBack = "DO $$ DECLARE i record; BEGIN FOR i IN SELECT * FROM aside LOOP EXECUTE i.indexdef; END LOOP; END $$;";

    /// <summary>
    /// Creates twenty appointments for each patient and five hundred for each doctor, at any number of rows, and records and treatments for a third of them.
    /// </summary>
    private static string Clinical(Guid hospital, int rows) => $"""
        INSERT INTO known_hospitals VALUES ('{hospital}', 'Large', 'UTC', true, 1);
        INSERT INTO people SELECT '{hospital}', md5('{hospital}p' || n)::uuid, 'PATIENT', 'Pat' || n, 'Ient', true, 1 FROM generate_series(0, {rows} / 20) n;
        INSERT INTO people SELECT '{hospital}', md5('{hospital}d' || n)::uuid, 'DOCTOR', 'Doc' || n, 'Tor', true, 1 FROM generate_series(0, {rows} / 500) n;
        INSERT INTO people VALUES ('{hospital}', '{Nurse}', 'NURSE', 'Nur', 'Se', true, 1);
        ALTER TABLE appointments DISABLE TRIGGER USER;
        INSERT INTO appointments (hospital_id, id, patient_id, doctor_id, appointment_date, appointment_time, duration_minutes, time_zone,
            starts_at, ends_at, reason, status, version, created_at, updated_at)
        SELECT '{hospital}', gen_random_uuid(), md5('{hospital}p' || n % ({rows} / 20 + 1))::uuid,
            md5('{hospital}d' || n % ({rows} / 500 + 1))::uuid, t::date, t::time, 30, 'UTC', t, t + interval '30 minutes', 'Growth',
            CASE n % 60 WHEN 0 THEN 'SCHEDULED' WHEN 30 THEN 'COMPLETED' ELSE (ARRAY['CANCELLED', 'NO_SHOW'])[1 + n % 2] END,
            1, t - interval '9 days', t - n % 7 * interval '1 day'
        FROM (SELECT n, timestamptz '2026-01-01Z' + n / ({rows} / 500 + 1) * interval '30 minutes' AS t FROM generate_series(0, {rows} - 1) n) AS a;
        ALTER TABLE appointments ENABLE TRIGGER USER;
        ALTER TABLE medical_records DISABLE TRIGGER USER;
        INSERT INTO medical_records SELECT '{hospital}', gen_random_uuid(), md5('{hospital}p' || n % ({rows} / 60 + 1))::uuid,
            md5('{hospital}d' || n % ({rows} / 500 + 1))::uuid, md5('{hospital}d1')::uuid,
            (ARRAY['CHECKUP', 'VITALS', 'LAB_RESULT'])[1 + n % 3], CASE WHEN n % 1000 = 0 THEN 'ENTERED_IN_ERROR' ELSE 'ACTIVE' END,
            'Growth', NULL, NULL, NULL, NULL, ARRAY[]::text[], 1, t, t
        FROM (SELECT n, timestamptz '2026-01-01Z' + n * interval '1 minute' AS t FROM generate_series(0, {rows} / 3) n) AS r;
        ALTER TABLE medical_records ENABLE TRIGGER USER;
        ALTER TABLE treatments DISABLE TRIGGER USER;
        INSERT INTO treatments SELECT '{hospital}', gen_random_uuid(), md5('{hospital}p' || n % ({rows} / 60 + 1))::uuid,
            md5('{hospital}d' || n % ({rows} / 500 + 1))::uuid, md5('{hospital}d1')::uuid,
            (ARRAY['ACTIVE', 'COMPLETED', 'DISCONTINUED'])[1 + n % 3], 'Growth', NULL, '[]', NULL, NULL, NULL, 1, t, t
        FROM (SELECT n, timestamptz '2026-01-01Z' + n * interval '1 minute' AS t FROM generate_series(0, {rows} / 3) n) AS r;
        ALTER TABLE treatments ENABLE TRIGGER USER;
        ALTER TABLE referrals DISABLE TRIGGER USER;
        INSERT INTO referrals SELECT '{hospital}', gen_random_uuid(), md5('{hospital}p' || n)::uuid, md5('{hospital}d' || n % ({rows} / 500 + 1))::uuid,
            md5('{hospital}d1')::uuid, 'Growth', '2026-01-01', '2026-01-01', 1, '2026-01-01', '2026-01-01' FROM generate_series(0, {rows} / 20) n;
        ALTER TABLE referrals ENABLE TRIGGER USER;
        ALTER TABLE representatives DISABLE TRIGGER USER;
        INSERT INTO representatives SELECT '{hospital}', gen_random_uuid(), md5('{hospital}p' || n)::uuid, md5('{hospital}p' || (n + 1))::uuid, 'PROXY', false,
            'Growth', '2999-01-01', '2999-01-01', md5('{hospital}d1')::uuid, NULL, 1, '2026-01-01', '2026-01-01' FROM generate_series(0, {rows} / 20) n;
        ALTER TABLE representatives ENABLE TRIGGER USER;
        ALTER TABLE emergency_overrides DISABLE TRIGGER USER;
        INSERT INTO emergency_overrides SELECT '{hospital}', gen_random_uuid(), md5('{hospital}p' || n)::uuid,
            md5('{hospital}d' || n % ({rows} / 500 + 1))::uuid, 'Growth', 30, '2026-01-01', false, NULL, NULL, NULL, NULL, 1, '2026-01-01', '2026-01-01'
        FROM generate_series(0, {rows} / 20) n;
        ALTER TABLE emergency_overrides ENABLE TRIGGER USER;
        ALTER TABLE audit_events DISABLE TRIGGER await_link;
        INSERT INTO audit_events SELECT '{hospital}', gen_random_uuid(), timestamptz '2026-01-01Z' + n * interval '1 minute',
            md5('{hospital}d' || n % ({rows} / 500 + 1))::uuid, 'DOCTOR', gen_random_uuid(),
            (ARRAY['get_medical_record', 'list_medical_records', 'resources/treatments'])[1 + n % 3], (ARRAY['medical_records', 'treatments'])[1 + n % 2],
            gen_random_uuid(), NULL, 1,
            md5('{hospital}p' || n % ({rows} / 60 + 1))::uuid, 1, CASE WHEN n % 1000 = 0 THEN 'MISSING' ELSE 'DONE' END, NULL, NULL, 'growth'
        FROM generate_series(0, {rows} / 3) n;
        ALTER TABLE audit_events ENABLE TRIGGER await_link;
        INSERT INTO patient_merges SELECT '{hospital}', gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), true, 1
        FROM generate_series(0, {rows} / 100) n;
        """;

    /// <summary>Creates one doctor per thousand patients, with realistic names: some common, most rare.</summary>
    private static string Identity(Guid hospital, int rows) => $"""
        INSERT INTO known_hospitals VALUES ('{hospital}', 'Large', 'UTC', true, 1);
        ALTER TABLE users DISABLE TRIGGER USER;
        INSERT INTO users (id, hospital_id, email, email_key, first_name, last_name, role, date_of_birth,
            is_available, is_active, version, created_at, updated_at)
        SELECT md5('{hospital}p' || n)::uuid, '{hospital}', e, e, 'Anna' || substr(md5(n::text), 1, n % 5), initcap(substr(md5('l' || n), 1, 6)),
            CASE WHEN n % 1000 = 0 THEN 'DOCTOR' ELSE 'PATIENT' END,
            date '1940-01-01' + n % 25000, true, n % 50 <> 1, 1, t, t
        FROM (SELECT n, 'p' || n || '@' || left('{hospital}', 8) || right('{hospital}', 2) || '.example' AS e,
            timestamptz '2026-01-01Z' + n * interval '1 minute' AS t FROM generate_series(0, {rows}) n) AS u;
        ALTER TABLE users ENABLE TRIGGER USER;
        INSERT INTO duplicate_candidates (hospital_id, id, first_id, second_id, score, reasons)
        SELECT '{hospital}', gen_random_uuid(), md5('{hospital}p' || n)::uuid, md5('{hospital}p' || n + 1)::uuid, 50 + n % 51, 'SAME_NAME'
        FROM generate_series(1, {rows} - 1) n;
        """;

    private static async Task Execute(string owner, string sql)
    {
        await using var connection = new NpgsqlConnection(owner);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 300 };
        await command.ExecuteNonQueryAsync();
    }

    private sealed class Commands : DbCommandInterceptor
    {
        public List<NpgsqlCommand> All { get; } = [];

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(DbCommand command, CommandEventData eventData,
            InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            All.Add(((NpgsqlCommand)command).Clone());
            return ValueTask.FromResult(result);
        }
    }
}
