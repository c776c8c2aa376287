using MedCor.Identity;
using MedCor.Platform.Database;
using Npgsql;

namespace MedCor.Tests.Services.Identity.Accounts;

/// <summary>Tests that users from before logins were apart from them log in as before.</summary>
public sealed class LoginMigrationTests
{
    private const string First = "0022_logins";

    [Fact]
    public async Task Passwords_factors_and_ends_of_sessions_are_carried_over()
    {
        var (user, program, hospital) = (Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7());
        await using var database = await OpenDatabase();
        foreach (var sql in ReadMigrations(name => string.CompareOrdinal(name, First) < 0)) await Execute(database, sql);
        await Execute(database, $"""
            INSERT INTO known_hospitals (hospital_id, name, time_zone, is_active, version) VALUES ('{hospital}', 'General', 'UTC', true, 1);
            INSERT INTO users (id, hospital_id, email, email_key, first_name, last_name, role, is_available, is_active, version, created_at, updated_at,
                service_scope)
            VALUES ('{user}', '{hospital}', 'Ada@x.example', 'ada@x.example', 'Ada', 'Byron', 'NURSE', true, true, 1, now(), now(), NULL),
                ('{program}', '{hospital}', 'p@x.invalid', 'p@x.invalid', 'Export', '(service account)', 'NURSE', true, true, 1, now(), now(), 'people.read');
            INSERT INTO credentials (user_id, password_hash, revoked_at, last_login_at, has_temporary_password, email_verified_at)
            VALUES ('{user}', 'hash', '2026-01-01Z', '2026-02-01Z', true, '2026-03-01Z'), ('{program}', 'none', '2026-04-01Z', NULL, false, NULL);
            INSERT INTO authenticators VALUES ('{user}', 'secret', 7, now());
            INSERT INTO recovery_codes VALUES ('{user}', 'code');
            INSERT INTO passkeys VALUES ('key', '{user}', 'Phone', 'public', 1, '', true, true, now(), now());
            """);

        foreach (var sql in ReadMigrations(name => string.CompareOrdinal(name, First) >= 0)) await Execute(database, sql);

        // What the secret, the codes and the passkeys are bound to stays the same.
        Assert.Equal($"{user} Ada@x.example ada@x.example hash true 2026-03-01", await Read("""
            SELECT concat_ws(' ', id, email, email_key, password_hash, CASE WHEN has_temporary_password THEN 'true' END,
                (email_verified_at AT TIME ZONE 'UTC')::date)
            FROM logins
            """));
        Assert.Equal($"{user} {user} 2026-01-01 2026-02-01", await Read($"""
            SELECT concat_ws(' ', user_id, login_id, (revoked_at AT TIME ZONE 'UTC')::date, (last_login_at AT TIME ZONE 'UTC')::date)
            FROM memberships WHERE user_id = '{user}'
            """));
        Assert.Equal($"{program} 2026-04-01", await Read($"""
            SELECT concat_ws(' ', user_id, login_id, (revoked_at AT TIME ZONE 'UTC')::date, last_login_at) FROM memberships WHERE user_id = '{program}'
            """));
        foreach (var table in (string[])["authenticators", "recovery_codes", "passkeys"])
            Assert.Equal(user.ToString(), await Read($"SELECT login_id::text FROM {table}"));

        async Task<string> Read(string sql)
        {
            await using var command = new NpgsqlCommand(sql, database);
            return (string)(await command.ExecuteScalarAsync())!;
        }
    }

    private static async Task<NpgsqlConnection> OpenDatabase()
    {
        var database = new NpgsqlConnection(await (await MedCorFixture.Get()).CreateDatabase());
        await database.OpenAsync();
        await Execute(database, "SELECT set_config('medcor.hospital', '*', false)");
        return database;
    }

    /// <summary>Returns the migrations of Identity whose names fulfill a condition, in their order. Those of all services are older than any.</summary>
    private static IEnumerable<string> ReadMigrations(Func<string, bool> includes) =>
        from source in new[] { typeof(Migrator).Assembly, typeof(IdentityDb).Assembly }
        from resource in source.GetManifestResourceNames().Order(StringComparer.Ordinal)
        where resource.EndsWith(".sql", StringComparison.Ordinal)
            && includes(source == typeof(Migrator).Assembly ? "" : resource.Split('.')[^2])
        select new StreamReader(source.GetManifestResourceStream(resource)!).ReadToEnd();

    private static async Task Execute(NpgsqlConnection database, string sql)
    {
        await using var transaction = await database.BeginTransactionAsync();
        await using var command = new NpgsqlCommand(sql, database, transaction);
        await command.ExecuteNonQueryAsync();
        await transaction.CommitAsync();
    }
}
