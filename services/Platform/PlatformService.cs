using MedCor.Platform.Database;
using MedCor.Platform.DemoData;
using MedCor.Platform.Idempotency;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Messaging;
using MedCor.Platform.OperatorCommands;
using MedCor.Platform.Replay;
using MedCor.Platform.Resources;
using MedCor.Platform.Retention;
using MedCor.Platform.Secrets;
using MedCor.Platform.Tools;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Errors;
using MedCor.ServiceDefaults.Health;
using MedCor.ServiceDefaults.Messaging;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace MedCor.Platform;

/// <summary>Configures and runs a service that owns a database.</summary>
public static class PlatformService
{
    private static readonly RowLevelSecurityInterceptor RowLevelSecurity = new();

    /// <summary>Adds a service with a database: its tools and resources, event handlers, outbox and inbox, tenancy.</summary>
    /// <typeparam name="TDb">The service's database; its assembly holds the tool handlers, event handlers and migrations.</typeparam>
    /// <param name="service">The service's name, lower case: its namespace in the contracts, its queue, its role in PostgreSQL.</param>
    /// <param name="copies">The local copies that it keeps of what others own: <see cref="HospitalCopies"/>, <see cref="UserCopies"/>.</param>
    public static void AddMedCorService<TDb>(this WebApplicationBuilder builder, string service, params Type[] copies) where TDb : TenantDb
    {
        builder.AddMedCorDefaults();
        var assembly = typeof(TDb).Assembly;
        var services = builder.Services;

        services.AddSingleton(new ServiceInfo(service, assembly, services.AddToolHandlers(assembly, service), services.AddResourceHandlers(assembly, service)));
        builder.AddNpgsqlDataSource("db", settings =>
        {
            settings.ConnectionString = BuildConnectionString(settings.ConnectionString, service);
            settings.DisableHealthChecks = true;
        });
        services.AddSingleton<OutboxSignal>().AddSingleton<QueueReadiness>();
        services.AddHttpContextAccessor().AddSingleton<ToolClient>();
        services.AddScoped<MedCor.Platform.Tenancy.TenantContext>();
        services.AddSingleton<RequestMemoryLimiter>();
        services.AddDbContext<TDb>((provider, db) => db
            .UseNpgsql(provider.GetRequiredService<NpgsqlDataSource>())
            .AddInterceptors(RowLevelSecurity, provider.GetRequiredService<OutboxSignal>()));
        services.AddScoped<TenantDb>(provider => provider.GetRequiredService<TDb>()).AddScoped<DbContext>(provider => provider.GetRequiredService<TDb>());
        services.AddScoped<HospitalCopies>().AddScoped<IdempotencyStore>().AddSingleton<SecretHasher>();
        services.AddBus(builder.Configuration, service, services.AddEventHandlers([.. assembly.GetTypes(), .. copies, typeof(ReplayRequestHandler)]));
        services.AddHostedService<OutboxDispatcher>();
        services.AddHostedService<OutboxAgeMetric>();
        services.AddHostedService<RetentionService>();
        services.AddHostedService<ReplayService>();
        foreach (var seeder in assembly.GetTypes().Where(t => t.IsAssignableTo(typeof(IDemoDataSeeder)) && t.IsClass)) services.AddScoped(typeof(IDemoDataSeeder), seeder);
        foreach (var source in assembly.GetTypes().Where(t => t.IsAssignableTo(typeof(IReplaySource)) && t.IsClass)) services.AddScoped(typeof(IReplaySource), source);
        foreach (var policy in (Type[])[.. assembly.GetTypes().Where(t => t.IsAssignableTo(typeof(IRetentionPolicy)) && t.IsClass), typeof(OutboxRetention), typeof(InboxRetention), typeof(IdempotencyRetention)]) services.AddScoped(typeof(IRetentionPolicy), policy);
        foreach (var command in assembly.GetTypes().Where(t => t.IsAssignableTo(typeof(IOperatorCommand)) && t.IsClass)) services.AddScoped(typeof(IOperatorCommand), command);
        builder.AddKeyedNpgsqlDataSource(DatabaseCheck.Name, settings =>
        {
            settings.ConnectionString = BuildConnectionString(builder.Configuration.GetConnectionString("db"), service, connections: 1);
            settings.DisableHealthChecks = true;
        });
        services.AddHealthChecks().AddDependencyCheck(DatabaseCheck.Name, s => new DatabaseCheck(s.GetRequiredKeyedService<NpgsqlDataSource>(DatabaseCheck.Name)), isRequired: true);
    }

    /// <summary>
    /// Runs a service until it is told to stop. With <c>migrate</c> as its argument it only brings the schema up to date, as the owner of the tables
    /// (<c>ConnectionStrings__owner</c>, else <c>ConnectionStrings__db</c>); with the name of an <see cref="IOperatorCommand"/> it does that and ends.
    /// In Development it migrates by itself and adds the demo data.
    /// </summary>
    public static async Task RunMedCorServiceAsync(this WebApplication app, string[] args)
    {
        var identity = app.Services.GetRequiredService<ServiceInfo>();
        var migrator = new Migrator(identity.Assembly, identity.Name, app.Logger);
        var owner = app.Configuration.GetOwnerConnectionString();
        if (args is ["migrate"])
        {
            await migrator.MigrateAsync(owner, CancellationToken.None);
            return;
        }
        if (args.FirstOrDefault() is { } first && !first.StartsWith('-'))
        {
            await using var scope = app.Services.CreateAsyncScope();
            Environment.ExitCode = await OperatorCommandRunner.RunAsync(scope.ServiceProvider, args, app.Lifetime.ApplicationStopping);
            return;
        }

        if (app.Environment.IsDevelopment())
        {
            await migrator.MigrateAsync(owner, app.Lifetime.ApplicationStopping);
            await SeedDemoDataAsync(app);
        }
        else
        {
            await migrator.VerifyAsync(app.Services.GetRequiredService<NpgsqlDataSource>(), app.Lifetime.ApplicationStopping);
        }

        app.UseMedCorDefaults();
        app.UseRequestBodyRules();
        app.UseRequestMemoryLimiter();
        app.UseDatabaseAvailability();
        app.MapTools(identity.Tools);
        app.MapResources(identity.Resources);
        await app.RunAsync();
    }

    /// <summary>One replica seeds while the others wait, all of it or nothing.</summary>
    private static async Task SeedDemoDataAsync(WebApplication app)
    {
        var ct = app.Lifetime.ApplicationStopping;
        await using var scope = app.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<TenantDb>();
        db.Tenancy.Enter(hospital: null);
        // The other replicas wait here as long as the first one takes.
        db.Database.SetCommandTimeout(TimeSpan.FromMinutes(5));
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtext('medcor.demo'))", ct);
        foreach (var seeder in scope.ServiceProvider.GetServices<IDemoDataSeeder>()) await seeder.SeedAsync(ct);
        await transaction.CommitAsync(ct);
    }

    /// <summary>Returns how a service reaches its database; null where that is not said.</summary>
    /// <param name="given">The connection string as it was given.</param>
    /// <param name="connections">How many at most; nothing said, as many as the connection string says, else 40.</param>
    internal static string? BuildConnectionString(string? given, string service, int? connections = null)
    {
        if (given is null) return null;
        var connection = new NpgsqlConnectionStringBuilder($"Maximum Pool Size=40;{given}")
        {
            ApplicationName = service,
            MaxAutoPrepare = 200,
            // A burst waits for a free connection; that the database is away is seen by looks (Readiness).
            Timeout = 10,
            CommandTimeout = 15,
            // Errors must not quote rows.
            IncludeErrorDetail = false,
        };
        if (connections is { } most) connection.MaxPoolSize = most;
        // Development gives every service the owner's login; whoever logged in, the work is done as the service's own role.
        var role = Migrator.ServiceRole(service);
        if (connection.Username != role) connection.Options = $"-c role={role}";
        return connection.ConnectionString;
    }

    /// <summary>How to log in as the owner of the tables: for migrations, and for what an operator does to a whole table.</summary>
    public static string GetOwnerConnectionString(this IConfiguration configuration) =>
        configuration.GetConnectionString("owner") ?? configuration.GetConnectionString("db") ?? throw new InvalidOperationException("Set ConnectionStrings__db.");
}
