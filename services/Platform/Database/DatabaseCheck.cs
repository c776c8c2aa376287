using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace MedCor.Platform.Database;

/// <summary>
/// Checks whether the database answers. The check has its own connection: when requests use all others, the database is busy, not unavailable.
/// </summary>
internal sealed class DatabaseCheck(NpgsqlDataSource dataSource) : IHealthCheck
{
    public const string Name = "database";

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        await using var command = dataSource.CreateCommand("SELECT 1");
        await command.ExecuteNonQueryAsync(cancellationToken);
        return HealthCheckResult.Healthy();
    }
}
