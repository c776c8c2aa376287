using System.Collections.Concurrent;
using System.Net;
using MedCor.Contracts.Clinical;
using Npgsql;

namespace MedCor.Tests.EndToEnd;

/// <summary>
/// Tests that bookings continue while a process is killed: a booking that was answered 200 exists once and is published once, and the process restarts by
/// itself.
/// </summary>
[Collection(nameof(CrashCollection))]
public class CrashTests
{
    [Theory]
    [InlineData("clinical-1")]
    [InlineData("identity-1")]
    [InlineData("analytics-1")]
    [InlineData("gateway-2")]
    [InlineData("messaging")]
    [InlineData("cache")]
    [InlineData("control")]
    [InlineData("postgres")]
    public async Task After_any_process_is_killed_every_accepted_booking_exists_once_and_is_delivered_once(string victim)
    {
        var house = await MedCorFixture.Get();
        var ward = await ClinicFixture.Open("general");
        ApiClient[] nurses = [await ApiClient.LogIn("nurse@general.example"), await ApiClient.LogIn("nurse@general.example", gateway: 1)];
        var wishes = new List<object>();
        for (var n = 1; n <= 4; n++) wishes.AddRange(from time in await ward.FreeTimes(ward.Weekday(n)) select ward.BookingRequest(time, ward.Weekday(n)));
        await using var listener = await SseClient.Connect(nurses[0]);

        // Writes of other tests need not be recovered then.
        await using (var clinical = await house.OpenDatabase("clinical"))
        await using (var flush = new NpgsqlCommand("CHECKPOINT", clinical) { CommandTimeout = 120 }) await flush.ExecuteNonQueryAsync();

        var accepted = new ConcurrentBag<Guid>();
        var killed = 0;
        var begun = 0;
        await Parallel.ForEachAsync(wishes, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (wish, _) =>
        {
            var turn = Interlocked.Increment(ref begun);
            if (turn == 15) killed = house.Kill(victim);
            // A call that broke off may have taken effect. With its key, the retry returns what the call would have.
            var answer = await Persistently(() => nurses[turn % 2].TryCall("create_appointment", wish, idempotencyKey: $"{ward.Doctor}-{turn}"));
            Assert.True(answer.Status == HttpStatusCode.OK, answer.Body.ToJsonString());
            accepted.Add(answer.Read<Appointment>().Id);
        });
        await house.WaitUntilRecovered(victim, killed);

        Assert.Equal(wishes.Count, accepted.Distinct().Count());
        var ids = accepted.ToArray();
        Assert.Equal(ids.Length, await house.QueryNumber("clinical", "SELECT count(*) FROM appointments WHERE id = ANY($1)", ids));
        const string Recorded = "FROM audit_events e WHERE resource_id = ANY($1) AND action = 'create_appointment' AND outcome = 'DONE'";
        Assert.Equal(ids.Length, await house.QueryNumber("clinical", $"SELECT count(*) {Recorded}", ids));
        await Wait.Until(async () => await house.QueryNumber("clinical",
            $"SELECT count(*) {Recorded} AND EXISTS (SELECT FROM audit_links l WHERE l.event_id = e.id)", ids) == ids.Length,
            "every accepted booking has its place in the audit trail's chain", TimeSpan.FromSeconds(60));
        await Wait.Until(async () => await house.QueryNumber("analytics", "SELECT count(*) FROM visits WHERE appointment_id = ANY($1)", ids) == ids.Length,
            "Analytics has counted every accepted booking", TimeSpan.FromSeconds(60));

        foreach (var id in ids) await listener.Next(e => e.Name == "appointment_created" && e.EntityId == id, TimeSpan.FromSeconds(60));
        Assert.All(listener.Events.Where(e => e.Name == "appointment_created").GroupBy(e => e.EntityId), heard => Assert.Single(heard));
    }

    /// <summary>Retries while a service is unavailable, as a client would.</summary>
    private static async Task<ApiResponse> Persistently(Func<Task<ApiResponse>> call)
    {
        ApiResponse? answer = null;
        await Wait.Until(async () =>
        {
            try
            {
                answer = await call();
                return answer.Status != HttpStatusCode.ServiceUnavailable;
            }
            catch (HttpRequestException)
            {
                return false; // The gateway itself was killed.
            }
        }, "an answer", TimeSpan.FromSeconds(90), () => answer?.Body.ToJsonString() ?? "no connection");
        return answer!;
    }
}
