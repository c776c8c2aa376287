using MedCor.Platform.Messaging;
using MedCor.Platform.Secrets;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Internal;
using Microsoft.Extensions.DependencyInjection;

namespace MedCor.Platform.Database;

/// <summary>Registers a service's database.</summary>
internal static class TenantDbExtensions
{
    private static readonly RowLevelSecurityInterceptor RowLevelSecurity = new();

    /// <summary>Registers a database and, for its unit of work, a <see cref="TenantContext"/>. Contexts are pooled.</summary>
    /// <param name="connect">Connects a context to PostgreSQL.</param>
    public static IServiceCollection AddTenantDb<TDb>(this IServiceCollection services, Action<IServiceProvider, DbContextOptionsBuilder> connect)
        where TDb : TenantDb
    {
        services.AddSingleton<OutboxSignal>().AddScoped<TenantContext>();
        services.AddDbContextPool<TDb>((provider, options) =>
        {
            connect(provider, options);
            options.AddInterceptors(RowLevelSecurity, provider.GetRequiredService<OutboxSignal>());
        });
        services.AddScoped(provider =>
        {
            // The scope disposes of a context once for each type by which it was resolved. Only the lease returns it to the pool, once. A context from
            // IDbContextFactory would be returned by each, also when another unit of work has it already.
#pragma warning disable EF1001 // internal API
            var db = provider.GetRequiredService<IScopedDbContextLease<TDb>>().Context;
#pragma warning restore EF1001
            db.Begin(provider.GetRequiredService<TenantContext>(), provider.GetService<TextEncryption>());
            return db;
        });
        return services.AddScoped<TenantDb>(provider => provider.GetRequiredService<TDb>())
            .AddScoped<DbContext>(provider => provider.GetRequiredService<TDb>());
    }
}
