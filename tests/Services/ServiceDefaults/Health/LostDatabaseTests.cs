using System.Net;
using MedCor.Contracts;
using MedCor.Platform.Database;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace MedCor.Tests.Services.ServiceDefaults.Health;

/// <summary>Tests a replica whose database hangs. That is the worst outage, because no connection is refused.</summary>
public sealed class LostDatabaseTests : IAsyncLifetime
{
    private const int Calls = 40;

    private StallingProxy _wire = null!;
    private ServiceProcess _hospital = null!;
    private ServiceProcess _gateway = null!;
    private ApiClient _admin = null!;

    public async Task InitializeAsync()
    {
        var house = await MedCorFixture.Get();
        var database = new NpgsqlConnectionStringBuilder(await house.CreateDatabase());
        await new Migrator(typeof(MedCor.Hospital.HospitalDb).Assembly, "hospital", NullLogger.Instance).MigrateAsync(database.ConnectionString,
            CancellationToken.None);
        _wire = new(database.Host!, database.Port);
        (database.Host, database.Port) = ("127.0.0.1", _wire.Port);
        // Not the Development environment, in which the service would create the demo hospitals a second time.
        _hospital = await ServiceProcess.StartService("hospital", ("ConnectionStrings__db", database.ConnectionString),
            ("ASPNETCORE_ENVIRONMENT", "Production"), ("DOTNET_ENVIRONMENT", null), ("Hospital__AuditSecret", $"{Guid.NewGuid():N}{Guid.NewGuid():N}"));
        _gateway = await ServiceProcess.Start(("services__hospital__http__0", _hospital.Http.BaseAddress!.GetLeftPart(UriPartial.Authority)),
            ("services__hospital__http__1", null));
        _admin = await ApiClient.LogInShared("admin@medcor.example");
    }

    [Fact]
    public async Task While_its_database_hangs_a_service_fails_fast_with_the_reason_and_recovers()
    {
        Assert.Equal(HttpStatusCode.OK, (await Ask()).StatusCode);
        await Wait.Until(async () => (await _gateway.GetReadiness("/readyz")).Status == HttpStatusCode.OK, "all is well", explain: () => _gateway.Output);

        _wire.Stall();
        await Wait.Until(async () => (await _hospital.GetReadiness("/health")).Reasons is ["database does not answer"], "the service knows",
            explain: () => _hospital.Output);
        await Wait.Until(async () => (await _gateway.GetReadiness("/readyz")).Reasons is ["hospital: database does not answer"], "the gateway tells it by name",
            explain: () => _gateway.Output);

        var before = _wire.ConnectionCount;
        var answers = await Task.WhenAll(Enumerable.Range(0, Calls).Select(_ => Ask()));
        foreach (var answer in answers)
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            var error = await answer.ReadError();
            Assert.Equal(("SERVER_ERROR", 2), (error.Code, error.RetryAfter));
        }
        // No call waited for a connection; these connections belong to the readiness checks.
        Assert.InRange(_wire.ConnectionCount - before, 0, Calls / 4);
        Assert.Equal(HttpStatusCode.OK, (await _hospital.Http.GetAsync(new Uri("/alive", UriKind.Relative))).StatusCode);

        _wire.Resume();
        await Wait.Until(async () => (await _gateway.GetReadiness("/readyz")).Status == HttpStatusCode.OK, "all is well again",
            explain: () => _hospital.Output);
        Assert.Equal(HttpStatusCode.OK, (await Ask()).StatusCode);
    }

    private Task<HttpResponseMessage> Ask() => _hospital.Post(_admin, "/tools/list_hospitals", new { });

    public async Task DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _hospital.DisposeAsync();
        await _wire.DisposeAsync();
    }
}
