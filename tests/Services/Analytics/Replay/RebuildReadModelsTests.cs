using System.Text.Json.Nodes;
using MassTransit;
using MedCor.Contracts;
using MedCor.Contracts.Analytics;
using MedCor.Contracts.Clinical;
using MedCor.Tests.Services.Billing;

namespace MedCor.Tests.Services.Analytics.Replay;

/// <summary>
/// Tests rebuilding the read models. Does not run in parallel with other tests, because a rebuild empties the tables that all statistics are read from.
/// </summary>
[Collection(nameof(CrashCollection))]
public class RebuildReadModelsTests
{
    [Fact]
    public async Task Built_anew_all_figures_are_what_they_were_while_life_goes_on()
    {
        var system = await MedCorFixture.Get();
        var clinic = await ClinicFixture.Open();
        await LiveThrough(clinic);
        await SetScheduleAnew(system, clinic);
        var quiet = await Settled(system, "riverside", doctor: (await ApiClient.LogInShared("doctor@riverside.example")).Id);
        await Settled(system, "general", clinic.Doctor);

        // While one hospital's statistics are rebuilt, appointments are booked, moved and rated in the other.
        using var rebuilt = new CancellationTokenSource();
        var life = Live(clinic, rebuilt.Token);
        var (exit, said) = await system.RunOperatorCommand("analytics", "rebuild");
        await rebuilt.CancelAsync();
        var booked = await life;

        Assert.True(exit == 0, said);
        Assert.Contains("All figures are in.", said, StringComparison.Ordinal);
        Assert.True(booked > 0, "Nothing happened meanwhile.");
        Assert.Equal(quiet, await Settled(system, "riverside", (await ApiClient.LogInShared("doctor@riverside.example")).Id));

        // The events handled during the rebuild lead to the same statistics as a rebuild without concurrent events.
        var grown = await Settled(system, "general", clinic.Doctor);
        await CheckWorkingMinutes(clinic);
        (exit, said) = await system.RunOperatorCommand("analytics", "rebuild");
        Assert.True(exit == 0, said);
        Assert.Equal(grown, await Settled(system, "general", clinic.Doctor));
    }

    [Fact]
    public async Task An_owner_that_is_killed_while_it_tells_goes_on_where_it_stopped()
    {
        const int Many = 6000;
        var system = await MedCorFixture.Get();
        var hospital = Guid.CreateVersion7();
        await system.QueryNumber("clinical", """
            WITH many AS (INSERT INTO schedules SELECT $1, gen_random_uuid(), gen_random_uuid(),
                '{"slot_minutes": 30, "working_hours": [], "breaks": [], "exceptions": []}', 1, now(), now()
                FROM generate_series(1, $2) RETURNING 1) SELECT count(*) FROM many
            """, hospital, Many);

        var bus = await system.StartBus();
        var wanted = new HistoryWanted(Guid.CreateVersion7(), "analytics", ["clinical"], [nameof(DoctorScheduleSet)]);
        await bus.Publish(wanted);
        await Wait.Until(async () =>
            await system.QueryNumber("clinical", "SELECT coalesce(max(told), 0) FROM tellings WHERE history_id = $1", wanted.HistoryId) is > 0 and < Many,
            "Clinical is in the midst of telling");
        var killed = (system.Kill("clinical-1"), system.Kill("clinical-2"));

        await Wait.Until(async () => await system.QueryNumber("analytics", "SELECT count(*) FROM schedule_versions WHERE hospital_id = $1", hospital) == Many,
            "all is told", TimeSpan.FromSeconds(120));
        await Wait.Until(
            async () => await system.QueryNumber("analytics", "SELECT coalesce(max(events), 0) FROM histories WHERE history_id = $1", wanted.HistoryId) >= Many,
            "Clinical says that it was all", TimeSpan.FromSeconds(60));
        await Wait.Until(async () => await system.QueryNumber("analytics",
            "SELECT count(*) - (SELECT events FROM histories WHERE history_id = $3) FROM inbox WHERE event_id BETWEEN $1 AND $2",
            ReplayEventId.Create(wanted.HistoryId, "clinical", 1), ReplayEventId.Create(wanted.HistoryId, "clinical", (1L << 48) - 1), wanted.HistoryId) == 0,
            "as many as it says came");
        await bus.StopAsync();
        await system.QueryNumber("clinical", "WITH gone AS (DELETE FROM schedules WHERE hospital_id = $1 RETURNING 1) SELECT count(*) FROM gone", hospital);
        await system.WaitUntilRecovered("clinical-1", killed.Item1);
        await system.WaitUntilRecovered("clinical-2", killed.Item2);
    }

    [Fact]
    public async Task A_command_that_does_not_exist_says_which_do()
    {
        var (exit, said) = await (await MedCorFixture.Get()).RunOperatorCommand("analytics", "rebuil");

        Assert.Equal(64, exit);
        Assert.Contains("migrate, rebuild", said, StringComparison.Ordinal);
    }

    /// <summary>Creates data of every kind that is counted.</summary>
    private static async Task LiveThrough(ClinicFixture clinic)
    {
        await clinic.Admin.Call("set_doctor_schedule",
            new
            {
                doctor_id = clinic.Doctor, slot_minutes = 15,
                working_hours = Enum.GetValues<DayOfWeek>().Select(d => new { weekday = d.ToString().ToUpperInvariant(), start = "08:00:00", end = "18:00:00" })
            });
        await clinic.BookWithStatus("CANCELLED", "09:00:00");
        await clinic.BookWithStatus("NO_SHOW", "10:00:00");
        var done = await clinic.BookWithStatus("COMPLETED", "11:00:00");
        await (await clinic.LogInPatient()).Call("rate_appointment", new { appointment_id = done.Id, rating = 4 });
        // A doctor who left and came back, and one who was a nurse before.
        var user_id = await clinic.CreateDoctor();
        foreach (var change in new object[]
        {
            new { user_id, is_active = false }, new { user_id, is_active = true }, new { user_id, role = "NURSE" }, new { user_id, role = "DOCTOR" }
        })
            await clinic.Admin.Call("update_user", change);
        var hospital = await SubscriptionFixture.Open();
        await hospital.Platform.Call("cancel_subscription", new { subscription_id = (await hospital.Subscribe()).Id, immediate = true });
    }

    /// <summary>Sets another schedule one month after the first, which no tool call can do. The first schedule then applies to yesterday.</summary>
    private static async Task SetScheduleAnew(MedCorFixture system, ClinicFixture clinic)
    {
        await Wait.Until(async () => await system.QueryNumber("analytics", "SELECT count(*) FROM schedule_versions WHERE doctor_id = $1", clinic.Doctor) == 1,
            "Analytics has heard of the schedule");
        foreach (var (service, table) in new[] { ("clinical", "schedules"), ("analytics", "schedule_versions") })
            await system.QueryNumber(service, $"UPDATE {table} SET valid_from = valid_from - 30 WHERE doctor_id = $1 RETURNING 1", clinic.Doctor);
        foreach (var (service, change) in new[] { ("identity", "users SET doctor_periods = $2::jsonb WHERE id"), ("analytics",
            "practices SET active_periods = $2::jsonb WHERE doctor_id") })
            await system.QueryNumber(service, $"UPDATE {change} = $1 RETURNING 1", clinic.Doctor, """{"periods": [{"from": "2024-01-01T00:00:00Z"}]}""");

        foreach (var end in (string[])["18:30:00", "19:00:00"])
            await clinic.Admin.Call("set_doctor_schedule",
                new
                {
                    doctor_id = clinic.Doctor, slot_minutes = 15,
                    working_hours = Enum.GetValues<DayOfWeek>().Select(d => new { weekday = d.ToString().ToUpperInvariant(), start = "08:00:00", end })
                });

        await Wait.Until(
            async () => await system.QueryNumber("analytics", "SELECT max(version) FROM schedule_versions WHERE doctor_id = $1", clinic.Doctor) == 3,
            "Analytics has heard of the last one");
        Assert.Equal(1, await system.QueryNumber("clinical", "SELECT count(*) FROM former_schedules WHERE doctor_id = $1", clinic.Doctor));
        await CheckWorkingMinutes(clinic);
    }

    private static async Task CheckWorkingMinutes(ClinicFixture clinic)
    {
        foreach (var (daysAgo, minutes) in new[] { (0, 660), (1, 600) })
            Assert.Equal(minutes, (await clinic.Admin.Call<DoctorPerformance>("get_doctor_performance",
                new { doctor_id = clinic.Doctor, period = "DAILY", date = ClinicFixture.FormatDate(clinic.Today.AddDays(-daysAgo)) })).WorkingMinutes);
    }

    private static async Task<int> Live(ClinicFixture clinic, CancellationToken until)
    {
        var booked = 0;
        for (var day = 2; !until.IsCancellationRequested; day++)
            foreach (var time in await clinic.FreeTimes(clinic.Weekday(day)))
            {
                if (until.IsCancellationRequested) break;
                var visit = await clinic.Book(time, clinic.Weekday(day));
                if (++booked % 2 == 0) await clinic.ChangeStatus(visit, booked % 4 == 0 ? "CANCELLED" : "IN_PROGRESS");
            }
        return booked;
    }

    /// <summary>Returns what the four tools answer about a hospital, once Analytics has handled the events of every appointment and every person.</summary>
    private static async Task<string> Settled(MedCorFixture system, string hospital, Guid doctor)
    {
        var admin = await ApiClient.LogInShared($"admin@{hospital}.example");
        var id = admin.HospitalId!.Value;
        await Wait.Until(async () =>
            await Sum("clinical", "SELECT coalesce(sum(version), 0) FROM appointments WHERE hospital_id = $1") == await Sum("analytics",
                "SELECT coalesce(sum(version), 0) FROM visits WHERE hospital_id = $1")
            && await Sum("identity", "SELECT coalesce(sum(hashtext(id || role || is_active)), 0) FROM users WHERE hospital_id = $1") == await Sum("analytics",
                "SELECT coalesce(sum(hashtext(user_id || role || is_active)), 0) FROM people WHERE hospital_id = $1")
            && await Sum("billing", "SELECT count(*) FROM invoices WHERE hospital_id = $1") == await Sum("analytics",
                "SELECT count(*) FROM invoices WHERE hospital_id = $1"),
            $"Analytics has heard all of {hospital}", TimeSpan.FromSeconds(60));
        JsonNode[] figures =
        [
            await admin.Call("get_hospital_statistics", new { date_from = "2024-01-01", date_to = "2028-12-31" }), await admin.Call("get_hospital_statistics"),
            await admin.Call("get_doctor_performance", new { doctor_id = doctor, period = "YEARLY" }),
            await admin.Call("get_doctor_performance", new { doctor_id = doctor }),
            await admin.Call("get_specialty_demand", new { period = "YEARLY" }), await admin.Call("list_reports", new { limit = 100 }),
        ];
        return string.Join('\n', figures.Select(f => f.ToJsonString()));

        Task<long> Sum(string service, string sql) => system.QueryNumber(service, sql, id);
    }
}
