using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MedCor.Platform.Database;

/// <summary>
/// Updates a service's schema from the numbered SQL files in <c>Migrations/</c>. Each file is applied once, in order, in its own transaction, under a lock that
/// lets one replica migrate while the others wait. Runs as the role that owns the tables; the service's own role has access to rows only.
/// </summary>
public sealed partial class Migrator(Assembly assembly, string service, ILogger log)
{
    /// <summary>Returns the role with which a service accesses its database. The role owns nothing and cannot bypass row-level security.</summary>
    public static string ServiceRole(string service) => $"medcor_{service}";

    /// <summary>
    /// Applies the missing migrations. Throws <see cref="InvalidOperationException"/>, without applying the current migration, when a migration was changed
    /// after it had been applied or an index of the database is invalid.
    /// </summary>
    /// <param name="ownersConnection">The connection string of the tables' owner.</param>
    public async Task MigrateAsync(string ownersConnection, CancellationToken ct)
    {
        // Not pooled, so that the lock ends with the session.
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(ownersConnection) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(ct);
        await ExecuteAsync(connection, "SELECT pg_advisory_lock(hashtext('medcor.migrations'))", ct);

        await ExecuteAsync(connection, BootstrapSql.Replace("{role}", ServiceRole(service), StringComparison.Ordinal), ct);
        var applied = await ReadAppliedAsync(connection, ct);
        await ThrowOnInvalidIndexesAsync(connection, ct);
        foreach (var (name, sql) in GetMigrations())
        {
            var checksum = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(sql)));
            if (applied.TryGetValue(name, out var appliedChecksum))
            {
                if (appliedChecksum != checksum)
                    throw new InvalidOperationException($"Migration {name} of {service} was changed after it had been applied. Add a new one instead.");
                continue;
            }

            LogApplied(log, service, name);
            await using var transaction = await connection.BeginTransactionAsync(ct);
            await ExecuteAsync(connection, sql, ct);
            // CREATE INDEX IF NOT EXISTS treats an index that is still being built as existing.
            await ThrowOnInvalidIndexesAsync(connection, ct);
            await using var record = new NpgsqlCommand("INSERT INTO schema_migrations (name, checksum) VALUES ($1, $2)", connection)
            {
                Parameters = { new() { Value = name }, new() { Value = checksum } },
            };
            await record.ExecuteNonQueryAsync(ct);
            await transaction.CommitAsync(ct);
        }
    }

    /// <summary>Throws <see cref="InvalidOperationException"/>, with instructions, when the schema is older than this build requires.</summary>
    public async Task VerifyAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var applied = await ReadAppliedAsync(connection, ct);
        var missing = GetMigrations().Where(f => !applied.ContainsKey(f.Name)).Select(f => f.Name).ToArray();
        if (missing.Length > 0)
            throw new InvalidOperationException(
                $"The schema of {service} lacks {string.Join(", ", missing)}. Run this service with `migrate` and the owner's connection string first.");
    }

    /// <summary>
    /// Throws when the database has an invalid index. An index that a concurrent build left behind or has not finished is written but never read, and does not
    /// enforce uniqueness.
    /// </summary>
    private async Task ThrowOnInvalidIndexesAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            "SELECT string_agg(indexrelid::regclass::text, ', ' ORDER BY indexrelid) FROM pg_index WHERE NOT indisvalid", connection);
        if (await command.ExecuteScalarAsync(ct) is string invalid)
            throw new InvalidOperationException(
                $"The database of {service} has invalid indexes: {invalid}. "
                    + "Their concurrent build has failed, or is under way: wait for it, or run REINDEX INDEX CONCURRENTLY for each. Then migrate again.");
    }

    private static async Task<Dictionary<string, string>> ReadAppliedAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var applied = new Dictionary<string, string>();
        await using var command = new NpgsqlCommand("SELECT name, checksum FROM schema_migrations", connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct)) applied.Add(reader.GetString(0), reader.GetString(1));
        return applied;
    }

    private IEnumerable<(string Name, string Sql)> GetMigrations() =>
        from source in new[] { (Owner: "defaults", Assembly: typeof(Migrator).Assembly), (Owner: service, Assembly: assembly) }
        from resource in source.Assembly.GetManifestResourceNames().Order(StringComparer.Ordinal)
        where resource.EndsWith(".sql", StringComparison.Ordinal)
        select ($"{source.Owner}/{resource.Split('.')[^2]}", new StreamReader(source.Assembly.GetManifestResourceStream(resource)!).ReadToEnd());

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Creates what must exist before the first migration: the table of applied migrations and the service's role.</summary>
    private const string BootstrapSql = """
        CREATE TABLE IF NOT EXISTS schema_migrations (
            name text PRIMARY KEY,
            checksum text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now());
        DO $$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
                CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END $$;
        REVOKE ALL ON SCHEMA public FROM PUBLIC;
        GRANT USAGE ON SCHEMA public TO {role};
        GRANT SELECT ON schema_migrations TO {role};
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO {role};
        """;

    [LoggerMessage(1120, LogLevel.Information, "{Service}: migration {Name}")]
    private static partial void LogApplied(ILogger log, string service, string name);
}
