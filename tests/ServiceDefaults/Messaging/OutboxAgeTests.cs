using MedCor.Tests.EndToEnd;
using Npgsql;

namespace MedCor.Tests.ServiceDefaults.Messaging;

public class OutboxAgeTests
{
    [Fact]
    public async Task What_waits_to_be_told_is_measured_by_the_oldest_until_nothing_waits()
    {
        var house = await RunningHouse.Get();
        await using var hospital = await house.Database("hospital");
        async Task Do(string sql)
        {
            await using var command = new NpgsqlCommand(sql, hospital);
            await command.ExecuteNonQueryAsync();
        }
        double Age() => house.Telemetry.Gauges.Values.Where(g => g.Name == "medcor.outbox.age" && g.Process.Contains("hospital-", StringComparison.Ordinal)).Select(g => g.Value).DefaultIfEmpty(-1).Max();

        // Of a type that nobody knows, so that it does wait.
        await Do("INSERT INTO outbox (event_id, type, body, occurred_at) VALUES (gen_random_uuid(), 'MedCor.Contracts.AnHourOld', '{}', now() - interval '1 hour')");
        await Wait.Until(() => Task.FromResult(Age() is >= 3600 and < 3800), "its age is measured");

        await Do("DELETE FROM outbox WHERE type = 'MedCor.Contracts.AnHourOld'");
        await Wait.Until(() => Task.FromResult(Age() is >= 0 and < 60), "nothing waits any more");
    }
}
