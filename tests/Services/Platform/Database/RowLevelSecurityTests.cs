using MedCor.Contracts;
using Npgsql;

namespace MedCor.Tests.Services.Platform.Database;

/// <summary>Tests PostgreSQL's row-level security, which separates hospitals in addition to the query filter.</summary>
public class RowLevelSecurityTests
{
    public static TheoryData<string> Services => [.. ServiceCatalogue.All.Select(s => s.Name)];

    [Theory, MemberData(nameof(Services))]
    public async Task Every_tenant_table_has_a_forced_row_level_security_policy(string service)
    {
        var open = await Names(service, """
            SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'hospital_id' AND NOT a.attisdropped
            WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
              AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (
                  SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND pg_get_expr(p.polqual, p.polrelid) LIKE '%medcor.hospital%'))
            """);

        Assert.Empty(open);
    }

    [Theory, MemberData(nameof(Services))]
    public async Task The_service_role_owns_nothing_and_cannot_bypass_row_level_security(string service)
    {
        Assert.Empty(await Names(service, $"SELECT relname FROM pg_class WHERE relowner = 'medcor_{service}'::regrole"));
        Assert.Empty(await Names(service,
            $"SELECT rolname FROM pg_roles WHERE rolname = 'medcor_{service}' AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb)"));
    }

    [Theory, MemberData(nameof(Services))]
    public async Task Without_a_context_nothing_is_visible(string service)
    {
        var house = await MedCorFixture.Get();
        await using var connection = await house.OpenDatabase(service);
        await using (var role = new NpgsqlCommand($"SET ROLE medcor_{service}", connection)) await role.ExecuteNonQueryAsync();
        foreach (var table in await Names(service,
            "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'hospital_id' WHERE c.relkind IN ('r', 'p') "
            + "AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace"))
        {
            await using var count = new NpgsqlCommand($"SELECT count(*) FROM {table}", connection);
            Assert.Equal(0L, await count.ExecuteScalarAsync());
        }
    }

    private static async Task<List<string>> Names(string service, string sql)
    {
        var house = await MedCorFixture.Get();
        await using var connection = await house.OpenDatabase(service);
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var names = new List<string>();
        while (await reader.ReadAsync()) names.Add(reader.GetString(0));
        return names;
    }
}
