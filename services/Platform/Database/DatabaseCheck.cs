using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace MedCor.Platform.Database;

/// <summary>Whether the database answers. Asks over a connection of its own: while calls have all of the others, it is busy and not away.</summary>
internal sealed class DatabaseCheck(NpgsqlDataSource own) : IHealthCheck
{
    public const string Name = "database";

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        await using var look = own.CreateCommand("SELECT 1");
        await look.ExecuteNonQueryAsync(cancellationToken);
        return HealthCheckResult.Healthy();
    }
}
