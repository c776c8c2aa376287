using MedCor.Contracts;
using MedCor.Contracts.Analytics;
using MedCor.Contracts.Clinical;

namespace MedCor.Tests.Services.Analytics.Appointments;

public class AppointmentProjectionTests
{
    private static readonly DateOnly FirstDay = new(2024, 1, 20);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task The_kept_counters_equal_a_count_from_scratch_after_a_random_sequence_of_events(int seed)
    {
        await using var hospital = await SyntheticHospital.Open();
        var random = new Random(seed);
        Guid[] doctors = [.. Enumerable.Range(0, 3).Select(_ => Guid.NewGuid())], patients = [.. Enumerable.Range(0, 12).Select(_ => Guid.NewGuid())];
        // Every version of an appointment has a random status, so that completed ones also become something else, which Clinical would not allow.
        Appointment[][] histories = [.. Enumerable.Range(0, 120).Select(_ => hospital.NewAppointment(Pick(doctors), Pick(patients),
            FirstDay.AddDays(random.Next(60)), AppointmentStatus.Scheduled)).Select(made => Enumerable.Range(1, random.Next(1, 6)).Select(version => made with
            {
                Version = version,
                Status = random.Next(2) == 0 ? AppointmentStatus.Completed : Pick(Enum.GetValues<AppointmentStatus>()),
                Rating = random.Next(3) == 0 ? random.Next(1, 6) : null,
            }).ToArray())];
        var events = histories.SelectMany(history => history).Select(state => state.Version == 1 ? (IntegrationEvent)new AppointmentCreated(state)
            : new AppointmentUpdated(state)).ToArray();
        // In any order, some of them twice, and some states once more under a new event ID.
        IntegrationEvent[] told = [.. events, .. events.Where(_ => random.Next(4) == 0),
            .. events.Where(_ => random.Next(4) == 0).Select(e => e with { EventId = Guid.CreateVersion7() })];
        random.Shuffle(told);

        await hospital.Publish(told);
        await hospital.WaitUntilHandled(told);

        Assert.Equal(0, await hospital.CountWrongCounters());
        var newest = histories.Select(history => history[^1]).ToArray();
        var whole = (new DateOnly(2024, 2, 1), new DateOnly(2024, 2, 29));
        foreach (var (from, to) in new[]
        {
            whole, (whole.Item1, new(2024, 2, 10)), (whole.Item1, whole.Item1), (new(2024, 2, 2), whole.Item2), (FirstDay, whole.Item2),
            (new(2024, 1, 1), new(2024, 3, 31)),
        })
        {
            var expected = newest.Where(a => a.AppointmentDate >= from && a.AppointmentDate <= to).ToArray();
            var completed = expected.Where(a => a.Status == AppointmentStatus.Completed).ToArray();
            var s = await hospital.Platform.Call<HospitalStatistics>("get_hospital_statistics",
                new { hospital_id = hospital.Id, date_from = SyntheticHospital.FormatDate(from), date_to = SyntheticHospital.FormatDate(to) });
            Assert.Equal((expected.Length, completed.Length, completed.DistinctBy(a => a.PatientId).Count()), (s.Appointments, s.Completed, s.PatientsSeen));
            Assert.Equal(expected.Average(a => (decimal?)a.Rating) is { } average ? Math.Round(average, 2, MidpointRounding.AwayFromZero) : null,
                s.AverageRating);
        }

        T Pick<T>(T[] among) => among[random.Next(among.Length)];
    }
}

/// <summary>Tests that an event is counted once although Analytics is killed. Does not run in parallel with other tests.</summary>
[Collection(nameof(CrashCollection))]
public class AppointmentProjectionCrashTests
{
    [Fact]
    public async Task Events_are_counted_once_although_all_replicas_are_killed_in_the_middle_of_them()
    {
        const int Many = 2000;
        var system = await MedCorFixture.Get();
        await using var hospital = await SyntheticHospital.Open();
        var (doctor, day) = (Guid.NewGuid(), new DateOnly(2024, 5, 1));
        IntegrationEvent[] told = [.. Enumerable.Range(0, Many).Select(n =>
            new AppointmentCreated(hospital.NewAppointment(doctor, Guid.NewGuid(), day.AddDays(n % 31), AppointmentStatus.Completed, rating: 4)))];

        var publishing = hospital.Publish(told);
        var ids = told.Select(t => t.EventId).ToArray();
        await Wait.Until(async () => await system.QueryNumber("analytics", "SELECT count(*) FROM inbox WHERE event_id = ANY($1)", ids) is > 0 and < Many,
            "Analytics is in the middle of the events");
        var killed = (system.Kill("analytics-1"), system.Kill("analytics-2"));
        await publishing;
        await system.WaitUntilRecovered("analytics-1", killed.Item1);
        await system.WaitUntilRecovered("analytics-2", killed.Item2);
        await hospital.WaitUntilHandled(told);

        Assert.Equal(0, await hospital.CountWrongCounters());
        var s = await hospital.WaitForStatistics(day, day.AddDays(30), appointments: Many);
        Assert.Equal((Many, Many), (s.Completed, s.PatientsSeen));
    }
}
