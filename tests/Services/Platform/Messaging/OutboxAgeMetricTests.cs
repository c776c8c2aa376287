using Npgsql;

namespace MedCor.Tests.Services.Platform.Messaging;

public class OutboxAgeMetricTests
{
    [Fact]
    public async Task The_age_of_the_oldest_pending_event_is_measured_until_none_is_pending()
    {
        var system = await MedCorFixture.Get();
        await using var hospital = await system.OpenDatabase("hospital");
        async Task Do(string sql)
        {
            await using var command = new NpgsqlCommand(sql, hospital);
            await command.ExecuteNonQueryAsync();
        }
        double Age() =>
            system.Telemetry.Gauges.Values.Where(g => g.Name == "medcor.outbox.age" && g.Process.Contains("hospital-", StringComparison.Ordinal))
                .Select(g => g.Value).DefaultIfEmpty(-1).Max();

        // An unknown event type, so that the event stays in the outbox.
        await Do(
            "INSERT INTO outbox (event_id, type, body, occurred_at) VALUES (gen_random_uuid(), 'MedCor.Contracts.AnHourOld', '{}', now() - interval '1 hour')");
        await Wait.Until(() => Task.FromResult(Age() is >= 3600 and < 3800), "its age is measured");

        await Do("DELETE FROM outbox WHERE type = 'MedCor.Contracts.AnHourOld'");
        await Wait.Until(() => Task.FromResult(Age() is >= 0 and < 60), "nothing waits any more");
    }
}
