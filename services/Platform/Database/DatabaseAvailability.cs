using MedCor.Contracts;
using MedCor.ServiceDefaults.Health;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace MedCor.Platform.Database;

/// <summary>Rejects requests while the database is unavailable.</summary>
internal static class DatabaseAvailability
{
    /// <summary>
    /// Responds with 503 at once while the database is known to be unavailable, so that no request waits for a connection that it will not get. Endpoints
    /// marked with <see cref="HealthExtensions.AvailableWithoutDatabase"/> continue to serve requests.
    /// </summary>
    internal static void UseDatabaseAvailability(this WebApplication app)
    {
        var readiness = app.Services.GetRequiredService<Readiness>();
        app.Use((http, next) =>
            readiness.IsUnavailable(DatabaseCheck.Name) && http.GetEndpoint()?.Metadata.GetMetadata<AvailableWithoutDatabaseMetadata>() is null
                ? throw new Unavailable()
                : next(http));
    }
}
