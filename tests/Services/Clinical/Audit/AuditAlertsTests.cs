using MedCor.Clinical;
using MedCor.Clinical.Audit;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Database;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using AuditEvent = MedCor.Platform.Audit.AuditEvent;

namespace MedCor.Tests.Services.Clinical.Audit;

/// <summary>Tests which audit events raise an alert, and who receives it.</summary>
public sealed class AuditAlertsTests
{
    private static readonly Guid Hospital = Guid.CreateVersion7(), Nurse = Guid.CreateVersion7(), Doctor = Guid.CreateVersion7();
    private static readonly DateTimeOffset Hour = new(2026, 2, 1, 14, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task The_reuse_of_a_refresh_token_raises_an_alert_for_the_administrators_of_the_hospital()
    {
        var admin = (await ClinicFixture.OpenHospital("Europe/Berlin")).Admin;
        var somebody = await TestUser.Create(admin, "NURSE");
        await using var listener = await SseClient.Connect(admin, "resources=audit_events");

        var client = await somebody.LogIn();
        await TestUser.PostRefresh(client.RefreshToken);
        await TestUser.PostRefresh(client.RefreshToken);

        var alert = (await listener.Next(e => e.Name == "audit_alert")).Data;
        Assert.Equal(("TOKEN_REUSE", $"{somebody.Id}", $"{admin.HospitalId}"),
            ((string?)alert["rule"], (string?)alert["subject_id"], (string?)alert["hospital_id"]));
    }

    [Fact]
    public async Task A_limit_raises_one_alert_an_hour_when_it_is_reached_and_for_each_person_separately()
    {
        var house = await MedCorFixture.Get();
        var owner = await house.CreateDatabase();
        await new Migrator(typeof(ClinicalDb).Assembly, "clinical", NullLogger.Instance).MigrateAsync(owner, CancellationToken.None);
        await using var database = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(owner) { Pooling = true, Options = "-c role=medcor_clinical" }.ConnectionString);
        await using var services = new ServiceCollection().AddSingleton(TimeProvider.System)
            .AddTenantDb<ClinicalDb>((_, db) => db.UseNpgsql(database)).BuildServiceProvider();

        Assert.Equal(0, await Link([Read(Nurse, 0), Read(Nurse, 1), Read(Doctor, 2)]));
        Assert.Equal(1, await Link([Read(Nurse, 3), Read(Nurse, 4)]));
        Assert.Equal(0, await Link([Read(Nurse, 5)]));
        Assert.Equal(1, await Link([Read(Nurse, 60), Read(Nurse, 61), Read(Nurse, 62)]));
        Assert.Equal(1, await Link([Refused(0), Refused(1)]));
        // The export of somebody else's data is reported once an hour, and that of one's own never.
        Assert.Equal(0, await Link([Exported(Nurse, of: Nurse)]));
        Assert.Equal(2, await Link([Exported(Nurse, of: Doctor), Exported(Nurse, of: Doctor), Exported(Doctor, of: null)]));
        Assert.Equal(0, await Link([Exported(Doctor, of: Nurse)]));

        async Task<int> Link(AuditEvent[] events)
        {
            await using var scope = services.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<ClinicalDb>();
            db.Tenancy.Enter(hospital: null);
            await using var transaction = await db.Database.BeginTransactionAsync();
            await new AuditAlerts(db, Options.Create(new AuditAlertOptions { BulkReadsPerHour = 3, FailuresPerHour = 2 }))
                .OnLinkedAsync(events, CancellationToken.None);
            await transaction.CommitAsync();
            return await db.Database.SqlQuery<int>($"""
                WITH raised AS (DELETE FROM outbox WHERE type LIKE '%AuditAlertRaised' RETURNING 1) SELECT count(*)::int AS "Value" FROM raised
                """).ToListAsync() is [var count] ? count : -1;
        }
    }

    private static AuditEvent Read(Guid user, int minute) => Event(user, minute) with { PatientId = Guid.CreateVersion7() };

    private static AuditEvent Exported(Guid user, Guid? of) =>
        Event(user, minute: 0) with { Action = of is null ? "export_hospital" : "export_user", Resource = "exports", PatientId = of };

    private static AuditEvent Refused(int minute) =>
        Event(Guid.Empty, minute) with { Kind = AuditKind.Session, Outcome = AuditOutcome.Forbidden, ResourceId = Doctor };

    private static AuditEvent Event(Guid user, int minute) => new()
    {
        HospitalId = Hospital,
        Id = Guid.CreateVersion7(),
        CreatedAt = Hour.AddMinutes(minute),
        UserId = user,
        Role = ActingRole.Nurse,
        SessionId = Guid.Empty,
        Action = "get_medical_record",
        Resource = "medical_records",
        Outcome = AuditOutcome.Done,
        RequestId = "r-1",
    };
}
