using System.Reflection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace MedCor.Platform.Database;

/// <summary>
/// Compares the schema of a service's database with what the migrations say: tables, columns, constraints, unique indexes, triggers, rules, functions,
/// row-level security and its policies, privileges and owners, operators, casts, and what belongs to extensions. The expected state is written down nowhere:
/// the migrations are applied to an empty database, which is dropped afterwards, and one query describes both.
/// </summary>
/// <param name="assembly">The assembly that contains the service's migrations.</param>
/// <param name="scratchServer">
/// The connection string of a login that may create databases; better on another server of the same version, since nobody who altered the service's database
/// has access to it. The service's own role may create none.
/// </param>
public sealed class SchemaComparison(Assembly assembly, string service, string scratchServer)
{
    private const int MaxLength = 300;

    private Task<Snapshot>? _expected;

    /// <summary>Compares a database, as the service's role, which may read the catalogs. Changes nothing.</summary>
    public async Task<SchemaDifferences> CompareAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        var actual = await ReadAsync(database, ct);
        Snapshot expected;
        try
        {
            expected = await (_expected ??= ReadExpectedAsync(ct));
        }
        catch (NpgsqlException e)
        {
            return new([], $"the migrations could not be applied to a scratch database: {e.Message}");
        }
        var (missing, unknown) = (expected.Migrations.Except(actual.Migrations), actual.Migrations.Except(expected.Migrations));
        if (string.Join(", ", missing.Concat(unknown).Select(m => m.Object).Distinct().Order(StringComparer.Ordinal)) is { Length: > 0 } names)
            return new([], $"the database and this program differ in the migrations {names}: run the version that migrated the database");
        return new([.. Describe(expected.Facts, actual.Facts), .. actual.Rights], null);
    }

    private static IEnumerable<string> Describe(HashSet<Fact> expected, HashSet<Fact> actual)
    {
        var migrated = expected.ToLookup(fact => fact.Object, fact => fact.Definition);
        var found = actual.ToLookup(fact => fact.Object, fact => fact.Definition);
        foreach (var name in migrated.Select(m => m.Key).Union(found.Select(f => f.Key)).Order(StringComparer.Ordinal))
        {
            // Partitions come and go: each must be like one that the migrations create, and there need not be one like each of those.
            var isAsMigrated = found[name].All(migrated[name].Contains) && (IsPartition(name) || migrated[name].All(found[name].Contains));
            if (!found.Contains(name)) yield return $"{name} is missing";
            else if (!migrated.Contains(name)) yield return $"{name} is in no migration: {Shorten(found[name])}";
            else if (!isAsMigrated) yield return $"{name} was altered: it is {Shorten(found[name])}; the migrations say {Shorten(migrated[name])}";
        }

        static string Shorten(IEnumerable<string> definitions)
        {
            var text = string.Join(" / ", definitions.Order(StringComparer.Ordinal)).ReplaceLineEndings(" ");
            return text.Length > MaxLength ? text[..MaxLength] + "…" : text;
        }
    }

    /// <summary>Applies the migrations to a new database and describes it.</summary>
    private async Task<Snapshot> ReadExpectedAsync(CancellationToken ct)
    {
        var name = $"medcor_scratch_{Guid.NewGuid():N}";
        var scratch = new NpgsqlConnectionStringBuilder(scratchServer) { Pooling = false };
        await using var server = NpgsqlDataSource.Create(scratch.ConnectionString);
        // template1 may have been altered, and template0 cannot be.
        await ExecuteAsync(server, $"CREATE DATABASE {name} TEMPLATE template0", ct);
        try
        {
            scratch.Database = name;
            await new Migrator(assembly, service, NullLogger.Instance).MigrateAsync(scratch.ConnectionString, ct);
            await using var migrated = NpgsqlDataSource.Create(scratch.ConnectionString);
            return await ReadAsync(migrated, ct);
        }
        finally
        {
            await ExecuteAsync(server, $"DROP DATABASE {name} WITH (FORCE)", CancellationToken.None);
        }
    }

    private async Task<Snapshot> ReadAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        await using var batch = database.CreateBatch();
        batch.Timeout = 300;
        // Then every name outside the system's catalogs is printed with its schema, whatever path the database or the role has.
        batch.BatchCommands.Add(new("SELECT set_config('search_path', 'pg_catalog', true)"));
        batch.BatchCommands.Add(new(FactsSql));
        batch.BatchCommands.Add(new("SELECT name, checksum FROM public.schema_migrations"));
        batch.BatchCommands.Add(new(RightsSql) { Parameters = { new() { Value = Migrator.ServiceRole(service) } } });
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        var facts = await ReadFactsAsync(reader, ct);
        await reader.NextResultAsync(ct);
        var migrations = new HashSet<Fact>();
        while (await reader.ReadAsync(ct)) migrations.Add(new(reader.GetString(0), reader.GetString(1)));
        await reader.NextResultAsync(ct);
        var rights = new List<string>();
        while (await reader.ReadAsync(ct)) rights.Add(reader.GetString(0));
        return new(facts, migrations, rights);
    }

    /// <summary>
    /// Reads what <see cref="FactsSql"/> describes. What it says of a partition becomes one fact, so that nothing of it can be missing unnoticed.
    /// </summary>
    private static async Task<HashSet<Fact>> ReadFactsAsync(NpgsqlDataReader reader, CancellationToken ct)
    {
        var rows = new List<(Fact Fact, string? Partition)>();
        while (await reader.ReadAsync(ct))
            rows.Add((new(reader.GetString(0), reader.GetString(1)), await reader.IsDBNullAsync(2, ct) ? null : reader.GetString(2)));
        var partitions = from row in rows
                         where row.Partition is not null
                         group row.Fact by row.Partition into facts
                         select new Fact(facts.Single(fact => IsPartition(fact.Object)).Object, string.Join("; ",
                             facts.Select(fact => $"{fact.Object}: {fact.Definition}").Order(StringComparer.Ordinal)));
        return [.. rows.Where(row => row.Partition is null).Select(row => row.Fact), .. partitions];
    }

    private static bool IsPartition(string name) => name.StartsWith("table a partition of ", StringComparison.Ordinal);

    private static async Task ExecuteAsync(NpgsqlDataSource database, string sql, CancellationToken ct)
    {
        await using var command = database.CreateCommand(sql);
        command.CommandTimeout = 60;
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>
    /// Describes what is outside the system's catalogs, one row each; of an extension, which objects belong to it, since its owner can add others. The owner,
    /// who has another name in every installation, is (owner). Partitions, of which there are more every month, are described without their names, which stand
    /// in the third column: each must be like one of those that the migrations create. Their columns and constraints are those of their table, which PostgreSQL
    /// guarantees.
    /// </summary>
    private const string FactsSql = """
        WITH own AS (SELECT relowner AS id FROM pg_class WHERE oid = 'public.schema_migrations'::regclass),
        names AS (
            SELECT r.oid AS id, CASE WHEN r.oid = own.id THEN '(owner)' ELSE r.rolname::text END AS name FROM pg_roles r, own
            UNION ALL SELECT 0::oid, 'PUBLIC'),
        spaces AS (SELECT oid, nspname, nspowner, nspacl FROM pg_namespace WHERE nspname <> 'information_schema' AND nspname !~ '^pg_'),
        extended AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
        relations AS (
            SELECT c.oid, c.relkind, c.relowner, c.relacl, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity, c.relispartition,
                CASE WHEN c.relispartition THEN 'a partition of ' || (SELECT i.inhparent::regclass::text FROM pg_inherits i WHERE i.inhrelid = c.oid)
                    ELSE c.oid::regclass::text END AS label,
                CASE WHEN c.relispartition THEN c.oid::regclass::text END AS of_partition
            FROM pg_class c
            WHERE c.relnamespace IN (SELECT oid FROM spaces) AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
                AND NOT EXISTS (SELECT FROM extended e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid)),
        functions AS (
            SELECT p.oid, p.prokind, p.proowner, p.proacl FROM pg_proc p
            WHERE p.pronamespace IN (SELECT oid FROM spaces)
                AND NOT EXISTS (SELECT FROM extended e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid)),
        rights AS (
            SELECT class, id, part, string_agg(DISTINCT held COLLATE "C", ', ' ORDER BY held COLLATE "C") AS held FROM (
                SELECT o.class, o.id, o.part, format('%s %s%s', n.name, a.privilege_type, CASE WHEN a.is_grantable THEN ' (grantable)' END) AS held
                FROM (
                    SELECT 'relation' AS class, oid AS id, 0 AS part,
                        coalesce(relacl, acldefault((CASE WHEN relkind = 'S' THEN 's' ELSE 'r' END)::"char", relowner)) AS acl FROM relations
                    UNION ALL SELECT 'column', attrelid, attnum, attacl FROM pg_attribute WHERE attacl IS NOT NULL AND attrelid IN (SELECT oid FROM relations)
                    UNION ALL SELECT 'function', oid, 0, coalesce(proacl, acldefault('f', proowner)) FROM functions
                    UNION ALL SELECT 'schema', oid, 0, coalesce(nspacl, acldefault('n', nspowner)) FROM spaces
                    UNION ALL SELECT 'default', oid, 0, defaclacl FROM pg_default_acl) o
                CROSS JOIN LATERAL aclexplode(o.acl) a JOIN names n ON n.id = a.grantee) e
            GROUP BY class, id, part)
        SELECT format('schema %s', s.nspname), format('owned by %s, granted to %s', n.name, r.held), NULL::text
            FROM spaces s JOIN names n ON n.id = s.nspowner LEFT JOIN rights r ON r.class = 'schema' AND r.id = s.oid
        UNION SELECT format('table %s', c.label), format('of kind %s%s, owned by %s, row-level security %s, forced %s, granted to %s',
                c.relkind, c.relpersistence, n.name, c.relrowsecurity, c.relforcerowsecurity, r.held), c.of_partition
            FROM relations c JOIN names n ON n.id = c.relowner LEFT JOIN rights r ON r.class = 'relation' AND r.id = c.oid
        UNION SELECT format('column %s of %s', a.attname, c.label), format('%s. of type %s, required %s, generated %s%s, default %s, granted to %s',
                row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum), format_type(a.atttypid, a.atttypmod), a.attnotnull,
                a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid), r.held), NULL
            FROM relations c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            LEFT JOIN rights r ON r.class = 'column' AND r.id = a.attrelid AND r.part = a.attnum
            WHERE c.relkind <> 'S' AND NOT c.relispartition
        UNION SELECT format('constraint %s of %s', k.conname, c.label), format('%s, validated %s', pg_get_constraintdef(k.oid), k.convalidated), NULL
            FROM pg_constraint k JOIN relations c ON c.oid = k.conrelid WHERE NOT c.relispartition
        UNION SELECT format('index %s', i.indexrelid::regclass), format('%s, valid %s', pg_get_indexdef(i.indexrelid), i.indisvalid AND i.indisready), NULL
            FROM pg_index i JOIN relations c ON c.oid = i.indrelid WHERE (i.indisunique OR i.indisexclusion) AND NOT c.relispartition
        UNION SELECT CASE WHEN t.tgisinternal THEN format('trigger of constraint %s on %s', k.conname, c.label)
                    ELSE format('trigger %s on %s', t.tgname, c.label) END,
                format('%s, fires %s', CASE WHEN t.tgisinternal THEN format('%s %s', t.tgfoid::regprocedure, t.tgtype)
                    ELSE replace(pg_get_triggerdef(t.oid), t.tgrelid::regclass::text, c.label) END, t.tgenabled), c.of_partition
            FROM pg_trigger t JOIN relations c ON c.oid = t.tgrelid LEFT JOIN pg_constraint k ON k.oid = t.tgconstraint
        UNION SELECT format('rule %s on %s', w.rulename, c.label), format('%s, applies %s', pg_get_ruledef(w.oid), w.ev_enabled), c.of_partition
            FROM pg_rewrite w JOIN relations c ON c.oid = w.ev_class
        UNION SELECT format('policy %s on %s', p.polname, c.label), format('for %s, permissive %s, to %s, using %s, check %s', p.polcmd, p.polpermissive,
                (SELECT string_agg(n.name, ', ' ORDER BY n.name COLLATE "C") FROM names n WHERE n.id = ANY (p.polroles)),
                pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)), c.of_partition
            FROM pg_policy p JOIN relations c ON c.oid = p.polrelid
        UNION SELECT format('function %s', p.oid::regprocedure), format('owned by %s, granted to %s, %s', n.name, r.held,
                CASE WHEN p.prokind = 'a' THEN 'an aggregate' ELSE pg_get_functiondef(p.oid) END), NULL
            FROM functions p JOIN names n ON n.id = p.proowner LEFT JOIN rights r ON r.class = 'function' AND r.id = p.oid
        UNION SELECT format('%s %s of extension %s', i.type, i.identity, x.extname), 'a part of it', NULL
            FROM pg_depend d JOIN pg_extension x ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = x.oid
            CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) i WHERE d.deptype = 'e'
        UNION SELECT format('operator %s', o.oid::regoperator), format('calls %s', o.oprcode), NULL
            FROM pg_operator o WHERE o.oprnamespace IN (SELECT oid FROM spaces)
                AND NOT EXISTS (SELECT FROM extended e WHERE e.classid = 'pg_operator'::regclass AND e.objid = o.oid)
        UNION SELECT format('cast from %s to %s', format_type(k.castsource, NULL), format_type(k.casttarget, NULL)),
                format('calls %s, in context %s', k.castfunc::regproc, k.castcontext), NULL
            FROM pg_cast k WHERE k.oid >= 16384 AND NOT EXISTS (SELECT FROM extended e WHERE e.classid = 'pg_cast'::regclass AND e.objid = k.oid)
        UNION SELECT format('event trigger %s', e.evtname), format('on %s calls %s, fires %s', e.evtevent, e.evtfoid::regprocedure, e.evtenabled), NULL
            FROM pg_event_trigger e
        UNION SELECT format('default privileges of %s in schema %s for %s', n.name, s.nspname, d.defaclobjtype), format('%s', r.held), NULL
            FROM pg_default_acl d JOIN names n ON n.id = d.defaclrole LEFT JOIN spaces s ON s.oid = d.defaclnamespace
            LEFT JOIN rights r ON r.class = 'default' AND r.id = d.oid
        """;

    /// <summary>
    /// Describes what lets the service's role get around the schema. Roles belong to the server and not to a database, so this is no comparison: the bootstrap
    /// of the migrations creates the role with none of it.
    /// </summary>
    private const string RightsSql = """
        SELECT format('the role %s may %s', r.rolname, p.may)
            FROM pg_roles r CROSS JOIN LATERAL (VALUES (r.rolsuper, 'do everything (SUPERUSER)'), (r.rolbypassrls, 'bypass row-level security'),
                (r.rolcreaterole, 'create roles'), (r.rolcreatedb, 'create databases'), (r.rolreplication, 'replicate')) p (has, may)
            WHERE p.has AND r.rolname = $1
        UNION ALL SELECT format('the role %s is a member of %s', $1, pg_get_userbyid(m.roleid)) FROM pg_auth_members m WHERE pg_get_userbyid(m.member) = $1
        UNION ALL SELECT format('a default of the server, the database or the role sets %s', c.setting)
            FROM pg_db_role_setting s CROSS JOIN LATERAL unnest(s.setconfig) c (setting)
            WHERE (s.setdatabase = 0 OR s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()))
                AND (s.setrole = 0 OR pg_get_userbyid(s.setrole) = $1)
                AND c.setting ~ '^(search_path|role|row_security|session_replication_role|(session|local)_preload_libraries|medcor[.].*)='
        """;

    private sealed record Fact(string Object, string Definition);

    private sealed record Snapshot(HashSet<Fact> Facts, HashSet<Fact> Migrations, List<string> Rights);
}

/// <summary>Represents what <see cref="SchemaComparison"/> found.</summary>
/// <param name="Findings">What differs from the migrations; empty when nothing does.</param>
/// <param name="WhyNotCompared">Why the schema could not be compared; null when it was.</param>
public sealed record SchemaDifferences(IReadOnlyList<string> Findings, string? WhyNotCompared);
