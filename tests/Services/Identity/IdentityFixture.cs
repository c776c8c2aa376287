using MedCor.Identity;
using MedCor.Identity.Accounts;
using MedCor.Identity.Audit;
using MedCor.Identity.Hospitals;
using MedCor.Identity.Keys;
using MedCor.Identity.Mails;
using MedCor.Identity.Recovery;
using MedCor.Identity.SecondFactors;
using MedCor.Identity.Sessions;
using MedCor.Platform.Audit;
using MedCor.Platform.Database;
using MedCor.Platform.Messaging;
using MedCor.Platform.Tenancy;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using StackExchange.Redis;
using SignInPolicy = MedCor.Identity.Hospitals.SignInPolicy;

namespace MedCor.Tests.Services.Identity;

/// <summary>Runs Identity's handlers on a separate database for each test, with one administrator and a clock that the test controls.</summary>
internal sealed class IdentityFixture : IAsyncDisposable
{
    private readonly string _owner;
    private readonly NpgsqlDataSource _database;
    private readonly ConnectionMultiplexer _redis;
    private readonly ServiceProvider _services;

    private IdentityFixture(string owner, int connections, ConnectionMultiplexer redis)
    {
        (_owner, _redis) = (owner, redis);
        _database = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(owner) { Pooling = true, MaxPoolSize = connections, Options = "-c role=medcor_identity" }.ConnectionString);
        _services = new ServiceCollection().AddOptions().AddLogging().AddSingleton<TimeProvider>(Clock)
            .AddTenantDb<IdentityDb>((_, db) => db.UseNpgsql(_database))
            .AddKeyedSingleton<IConnectionMultiplexer>(RedisConnections.Control, redis).AddSingleton<RevocationList>()
            .AddSingleton(new KeyEncryption("a secret of at least 32 characters!")).AddSingleton<KeyRing>().AddSingleton<AccessTokenIssuer>()
            .AddSingleton<IHostEnvironment>(new HostingEnvironment { EnvironmentName = Environments.Development }).AddScoped<SignInPolicies>()
            .AddSingleton(Options.Create(Mail)).Configure<TokenOptions>(tokens => tokens.PublicUrl = "http://localhost").AddLocalization()
            .AddScoped<MailQueue>().AddScoped<AccountLinks>().AddSingleton<MailComposer>().AddSingleton<SmtpConnection>().AddSingleton<MailSender>()
            .AddHttpContextAccessor().AddSingleton(_database).AddSingleton<AuditWriteCheck>().AddSingleton<AuditWriter>()
            .AddScoped<IAuditTrail, AuditTrail>().AddScoped<SessionTrail>()
            .AddScoped<LoginAddresses>().AddScoped<EmailChange>().AddScoped<SecondFactorManager>()
            .AddScoped<SessionManager>().AddScoped<RefreshSessionHandler>().AddScoped<RenewAccessHandler>().AddScoped<RotateKeys>()
            .BuildServiceProvider();
    }

    public ManualTimeProvider Clock { get; } = new();

    /// <summary>Gets how mail is sent. No mail server is configured at first.</summary>
    public MailOptions Mail { get; } = new() { From = "MedCor <no-reply@medcor.example>" };

    public Account Admin { get; } = new() { Email = $"ada.{Guid.NewGuid():N}@example.org", FirstName = "Ada", LastName = "Lovelace", Role = Role.Admin };

    private static SignInPolicy Policy { get; } = new() { HospitalId = Guid.Empty, AcceptsChosenPasswords = true };

    public static async Task<IdentityFixture> Create(int connections = 5)
    {
        var house = await MedCorFixture.Get();
        var owner = await house.CreateDatabase();
        await new Migrator(typeof(IdentityDb).Assembly, "identity", NullLogger.Instance).MigrateAsync(owner, CancellationToken.None);
        var own = new IdentityFixture(owner, connections, await MedCorFixture.ConnectRedis());
        await own.Write(db =>
        {
            db.Add(own.Admin);
            var login = new Login { Email = own.Admin.Email!, PasswordHash = "none" };
            db.AddRange(login, new Membership { UserId = own.Admin.Id, LoginId = login.Id });
        });
        return own;
    }

    public T Get<T>() where T : notnull => _services.GetRequiredService<T>();

    /// <summary>Runs a handler in a scope of its own, as for a request.</summary>
    public async Task<TResult> Execute<T, TResult>(Func<T, Task<TResult>> what) where T : notnull
    {
        await using var scope = _services.CreateAsyncScope();
        return await what(scope.ServiceProvider.GetRequiredService<T>());
    }

    /// <summary>Runs what belongs to a unit of work, in one that sees all hospitals.</summary>
    public Task<TResult> Execute<T, TResult>(Func<IdentityDb, T, Task<TResult>> what) where T : notnull => Execute((IServiceProvider scope) =>
    {
        var db = scope.GetRequiredService<IdentityDb>();
        db.Tenancy.Enter(hospital: null);
        return what(db, scope.GetRequiredService<T>());
    });

    /// <summary>Writes to the database.</summary>
    public async Task Write(Action<IdentityDb> change)
    {
        await using var scope = _services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        db.Tenancy.Enter(new Caller(Guid.Empty, "a test", Role.Admin, HospitalId: null, SessionId: Guid.Empty, Clock.Now, Clock.Now));
        change(db);
        await db.SaveChangesAsync();
    }

    /// <summary>Executes a statement that the service itself may not, such as a change of a table.</summary>
    public async Task ExecuteAsOwner(string sql)
    {
        await using var connection = new NpgsqlConnection(_owner);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Starts a session for the administrator, as a login does, and returns it with its refresh token.</summary>
    public async Task<(Session Session, string RefreshToken)> StartSession()
    {
        var session = new Session { UserId = Admin.Id, StartedAt = Clock.Now, EndsAt = Clock.Now + Policy.MaxLifetime };
        var token = RefreshToken.Create();
        await Write(db =>
        {
            db.Add(session);
            db.Add(new RefreshToken { Hash = RefreshToken.HashOf(token), SessionId = session.Id, ExpiresAt = Clock.Now + Policy.IdleTimeout });
        });
        return (session, token);
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _database.DisposeAsync();
        _redis.Dispose();
    }
}
