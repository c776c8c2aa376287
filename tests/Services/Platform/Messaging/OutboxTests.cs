using Npgsql;

namespace MedCor.Tests.Services.Platform.Messaging;

public class OutboxTests
{
    [Fact]
    public async Task An_event_that_this_build_does_not_know_waits_and_holds_up_nothing()
    {
        var system = await MedCorFixture.Get();
        var clinic = await ClinicFixture.Open();
        var stranger = Guid.CreateVersion7();
        await using (var clinical = await system.OpenDatabase("clinical"))
        await using (var insert = new NpgsqlCommand(
            "INSERT INTO outbox (event_id, type, body, occurred_at) VALUES ($1, 'MedCor.Contracts.FromTheFuture', '{}', now())", clinical)
        {
            Parameters = { new() { Value = stranger } },
        })
            await insert.ExecuteNonQueryAsync();

        var booked = (await clinic.Book("15:00:00")).Id;

        await Wait.Until(async () => await system.QueryNumber("analytics", "SELECT count(*) FROM visits WHERE appointment_id = $1", booked) == 1,
            "the booking behind it was told");
        Assert.Equal(1, await system.QueryNumber("clinical", "SELECT count(*) FROM outbox WHERE event_id = $1 AND dispatched_at IS NULL", stranger));
    }

    [Fact]
    public async Task Dispatched_events_are_marked()
    {
        var system = await MedCorFixture.Get();
        var clinic = await ClinicFixture.Open();

        var booked = (await clinic.Book("15:30:00")).Id;

        await Wait.Until(async () => await system.QueryNumber("clinical",
            "SELECT count(*) FROM outbox WHERE position(cast($1 AS text) in body) > 0 AND dispatched_at IS NOT NULL", booked) == 1,
            "the event is marked as told");
    }
}
