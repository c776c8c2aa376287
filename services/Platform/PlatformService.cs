using System.Threading.RateLimiting;
using MedCor.Platform.Audit;
using MedCor.Platform.Database;
using MedCor.Platform.DemoData;
using MedCor.Platform.Encryption;
using MedCor.Platform.Erasures;
using MedCor.Platform.Exports;
using MedCor.Platform.Idempotency;
using MedCor.Platform.Limits;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Messaging;
using MedCor.Platform.OperatorCommands;
using MedCor.Platform.Replay;
using MedCor.Platform.Resources;
using MedCor.Platform.Retention;
using MedCor.Platform.Secrets;
using MedCor.Platform.ServiceClients;
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
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MedCor.Platform;

/// <summary>Configures and runs a service that owns a database.</summary>
public static partial class PlatformService
{
    /// <summary>Adds a service with a database: its tools and resources, event handlers, outbox and inbox, tenancy.</summary>
    /// <typeparam name="TDb">The service's database; its assembly contains the tool handlers, event handlers and migrations.</typeparam>
    /// <param name="service">The service's name, in lower case: its namespace in the contracts, its queue and its role in PostgreSQL.</param>
    /// <param name="copies">The local copies of other services' data that the service keeps: <see cref="HospitalCopies"/>, <see cref="UserCopies"/>.</param>
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
        services.AddSingleton<QueueReadiness>();
        services.AddHttpContextAccessor().AddSingleton<ToolClient>();
        services.AddSingleton<RequestMemoryLimiter>();
        services.AddTenantDb<TDb>((provider, db) => db.UseNpgsql(provider.GetRequiredService<NpgsqlDataSource>()));
        services.AddScoped<HospitalCopies>().AddScoped<IHospitalDirectory>(provider => provider.GetRequiredService<HospitalCopies>())
            .AddScoped<NamedHospitals>().AddScoped<IdempotencyStore>().AddSingleton<SecretHasher>();
        var consumers = services.AddEventHandlers([.. assembly.GetTypes(), .. copies, typeof(ReplayRequestHandler), typeof(ErasureHandler)]);
        var hasProjections = consumers.Any(consumer => consumer.GetGenericTypeDefinition() == typeof(BatchInbox<>));
        services.AddSingleton(_ => new ConcurrencyLimiter(new() { PermitLimit = Bus.DefaultConcurrency, QueueLimit = EventBatcher.MaxPending }));
        // Before the bus, so that it stops after the bus has passed on what it received.
        if (hasProjections) services.AddSingleton<EventBatcher>().AddHostedService(provider => provider.GetRequiredService<EventBatcher>());
        services.AddBus(builder.Configuration, service, consumers, hasProjections ? EventBatcher.MaxPending : Bus.DefaultConcurrency);
        services.AddHostedService<OutboxDispatcher>();
        services.AddHostedService<OutboxAgeMetric>();
        services.AddHostedService<RetentionService>();
        services.AddHostedService<ReplayService>();
        builder.AddAudit(service, assembly);
        foreach (var seeder in assembly.GetTypes().Where(t => t.IsAssignableTo(typeof(IDemoDataSeeder)) && t.IsClass))
            services.AddScoped(typeof(IDemoDataSeeder), seeder);
        foreach (var source in assembly.GetTypes().Where(t => t.IsAssignableTo(typeof(IReplaySource)) && t.IsClass))
            services.AddScoped(typeof(IReplaySource), source);
        foreach (var policy in (Type[])[.. assembly.GetTypes().Where(
            t => t.IsAssignableTo(typeof(IRetentionPolicy)) && t.IsClass), typeof(OutboxRetention), typeof(InboxRetention), typeof(IdempotencyRetention),
            typeof(ErasureRetention)])
            services.AddScoped(typeof(IRetentionPolicy), policy);
        foreach (var eraser in assembly.GetTypes().Where(t => t.IsAssignableTo(typeof(IUserEraser)) && t.IsClass))
            services.AddScoped(typeof(IUserEraser), eraser);
        foreach (var command in assembly.GetTypes().Where(t => t.IsAssignableTo(typeof(IOperatorCommand)) && t.IsClass))
            services.AddScoped(typeof(IOperatorCommand), command);
        services.AddSingleton(_ => new SchemaComparison(assembly, service,
            builder.Configuration.GetConnectionString("scratch") ?? builder.Configuration.GetOwnerConnectionString()));
        if (assembly.GetTypes().Any(t => t.IsAssignableTo(typeof(IEncryptedRow)) && t.IsClass)) builder.AddTextEncryption(assembly, service);
        builder.AddKeyedNpgsqlDataSource(DatabaseCheck.Name, settings =>
        {
            settings.ConnectionString = BuildConnectionString(builder.Configuration.GetConnectionString("db"), service, isForCheck: true);
            settings.DisableHealthChecks = true;
        });
        services.AddHealthChecks().AddDependencyCheck(DatabaseCheck.Name,
            s => new DatabaseCheck(s.GetRequiredKeyedService<NpgsqlDataSource>(DatabaseCheck.Name)), isRequired: true);
    }

    /// <summary>
    /// Runs a service until it is stopped. With the argument <c>migrate</c> it only updates the schema, as the owner of the tables
    /// (<c>ConnectionStrings__owner</c>, else <c>ConnectionStrings__db</c>); with the name of an <see cref="IOperatorCommand"/> it runs that command and exits.
    /// In Development it migrates automatically and adds the demo data.
    /// </summary>
    /// <param name="configure">
    /// Adds middleware and endpoints that a service has only while it serves. The middleware runs after all others and before the endpoints.
    /// </param>
    public static async Task RunMedCorServiceAsync(this WebApplication app, string[] args, Action<WebApplication>? configure = null)
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

        if (app.Services.GetService<DataKeys>() is { } keys && !await keys.VerifyAsync(app.Lifetime.ApplicationStopping))
            LogNotEncrypted(app.Logger, identity.Name);

        app.UseMedCorDefaults();
        app.UseRequestBodyRules();
        app.UseRequestMemoryLimiter();
        app.UseDatabaseAvailability();
        configure?.Invoke(app);
        app.MapTools(identity.Tools);
        app.MapResources(identity.Resources);
        app.MapExports();
        await app.RunAsync();
    }

    /// <summary>Seeds the demo data, all of it or nothing, on one replica while the others wait.</summary>
    private static async Task SeedDemoDataAsync(WebApplication app)
    {
        var ct = app.Lifetime.ApplicationStopping;
        await using var scope = app.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<TenantDb>();
        db.Tenancy.Enter(hospital: null);
        // The other replicas wait here until the first one has finished.
        db.Database.SetCommandTimeout(TimeSpan.FromMinutes(5));
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtext('medcor.demo'))", ct);
        foreach (var seeder in scope.ServiceProvider.GetServices<IDemoDataSeeder>()) await seeder.SeedAsync(ct);
        await transaction.CommitAsync(ct);
    }

    /// <summary>Returns the connection string with which a service connects to its database; null when none is configured.</summary>
    /// <param name="configured">The configured connection string.</param>
    /// <param name="isForCheck">
    /// Whether this is the one connection of <see cref="DatabaseCheck"/>. Otherwise there are as many connections as configured, or else 40.
    /// </param>
    /// <param name="maxConnections">The maximum number of connections; null for as many as configured.</param>
    internal static string? BuildConnectionString(string? configured, string service, bool isForCheck = false, int? maxConnections = null)
    {
        if (configured is null) return null;
        var connection = new NpgsqlConnectionStringBuilder($"Maximum Pool Size=40;{configured}")
        {
            ApplicationName = service,
            MaxAutoPrepare = 200,
            // Seconds. Requests in a burst wait for a free connection; Readiness detects an unavailable database.
            Timeout = 10,
            CommandTimeout = 15,
            // A transaction's settings and locks end with it, and nothing else is ever set on a connection.
            NoResetOnClose = true,
            // Error messages must not quote rows.
            IncludeErrorDetail = false,
        };
        if (isForCheck)
        {
            connection.MaxPoolSize = 1;
            // A check that runs out of time does not wait to be cancelled by a database that hangs.
            connection.CancellationTimeout = -1;
        }
        if (maxConnections is { } max) connection.MaxPoolSize = max;
        // In Development every service logs in as the owner. Whatever the login, the service works in its own role.
        var role = Migrator.ServiceRole(service);
        if (connection.Username != role) connection.Options = $"-c role={role}";
        return connection.ConnectionString;
    }

    /// <summary>Returns the connection string of the tables' owner, for migrations and for operator commands on whole tables.</summary>
    public static string GetOwnerConnectionString(this IConfiguration configuration) =>
        configuration.GetConnectionString("owner")
        ?? configuration.GetConnectionString("db") ?? throw new InvalidOperationException("Set ConnectionStrings__db.");

    [LoggerMessage(1171, LogLevel.Warning, "{Service}: texts are not encrypted yet. Run start-encryption when no process of the former version runs any more.")]
    private static partial void LogNotEncrypted(ILogger log, string service);
}
