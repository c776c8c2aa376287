using MedCor.Contracts;
using MedCor.Gateway.Events;
using MedCor.ServiceDefaults.Access;
using Heard = MedCor.Gateway.Events.Heard;
using Listener = MedCor.Gateway.Events.Listener;

namespace MedCor.Tests.Gateway.Events;

public sealed class ListenerTests
{
    private static readonly Guid Hospital = Guid.CreateVersion7();

    [Theory]
    [InlineData(Role.Admin, true, Callers.Staff, true)]
    [InlineData(Role.Doctor, true, Callers.Staff, true)]
    [InlineData(Role.Nurse, true, Callers.Doctor, false)]
    [InlineData(Role.Patient, true, Callers.Staff, false)]
    [InlineData(Role.Patient, true, Callers.Everyone, true)]
    [InlineData(Role.Admin, false, Callers.Platform, true)]
    [InlineData(Role.Admin, false, Callers.HospitalAdmin | Callers.Doctor, false)]
    [InlineData(Role.Admin, true, Callers.Platform, false)]
    [InlineData(Role.Doctor, false, Callers.Everyone, false)]
    [InlineData(Role.Doctor, true, Callers.None, false)]
    public void One_hears_what_ones_role_may_read(Role role, bool ofHospital, Callers audience, bool hears)
    {
        using var listener = new Listener(Somebody(role, ofHospital ? Hospital : null), "token", hearsAnswers: true);

        Assert.Equal(hears, listener.Wants(Event("appointments", new(audience))));
    }

    [Fact]
    public void One_hears_what_is_about_oneself_and_not_what_is_about_others()
    {
        var patient = Somebody(Role.Patient, Hospital);
        using var listener = new Listener(patient, "token", hearsAnswers: true);

        Assert.True(listener.Wants(Event("appointments", new(Callers.Staff, patient.UserId))));
        Assert.False(listener.Wants(Event("appointments", new(Callers.Staff, Guid.CreateVersion7()))));
    }

    [Fact]
    public void Narrowing_leaves_what_is_no_resource()
    {
        using var listener = new Listener(Somebody(Role.Doctor, Hospital), "token", hearsAnswers: true) { Resources = ["appointments"] };

        Assert.True(listener.Wants(Event("appointments", new(Callers.Everyone))));
        Assert.False(listener.Wants(Event("patients", new(Callers.Everyone))));
        Assert.True(listener.Wants(Event("", new(Callers.Everyone))));
    }

    [Fact]
    public void One_of_a_hospital_hears_its_stream_and_the_platforms_and_an_administrator_of_the_platform_all()
    {
        using var doctor = new Listener(Somebody(Role.Doctor, Hospital), "token", hearsAnswers: false);
        using var platform = new Listener(Somebody(Role.Admin, null), "token", hearsAnswers: false);

        Assert.Equal([LiveStreams.Of(Hospital), LiveStreams.Platform], doctor.Streams);
        Assert.Equal([LiveStreams.All], platform.Streams);
    }

    [Fact]
    public void Who_does_not_keep_up_is_sent_away_and_holds_no_more_than_the_bound()
    {
        using var listener = new Listener(Somebody(Role.Doctor, Hospital), "token", hearsAnswers: true);
        var heard = new Heard(Event("appointments", new(Callers.Everyone)), 0, new(1, 1));

        for (var i = 0; i < 5000; i++) listener.Offer(heard);

        Assert.True(SpinWait.SpinUntil(() => listener.Ended.IsCancellationRequested, TimeSpan.FromSeconds(10)));
        Assert.Equal(Ending.TooSlow, listener.Ending);
        Assert.InRange(listener.Waiting, 1, 1024);
    }

    [Fact]
    public async Task Who_leaves_much_unread_is_sent_away_and_who_reads_may_hear_any_amount()
    {
        var large = new Heard(new LiveEvent("tool_response", "", new(Callers.Everyone), new byte[1024 * 1024]), 0, new(1, 1));
        using Listener idle = new(Somebody(Role.Doctor, Hospital), "token", hearsAnswers: true), reading = new(Somebody(Role.Doctor, Hospital), "token", hearsAnswers: true);
        await using var handed = reading.Handed(CancellationToken.None).GetAsyncEnumerator();

        for (var i = 0; i < 20; i++)
        {
            idle.Offer(large);
            reading.Offer(large);
            Assert.True(await handed.MoveNextAsync());
        }

        Assert.Equal(Ending.TooSlow, idle.Ending);
        Assert.InRange(idle.Waiting, 1, 5);
        Assert.False(reading.Ended.IsCancellationRequested);
    }

    [Fact]
    public void Change_is_told_in_lower_case_and_an_event_with_a_name_of_its_own_twice()
    {
        var patient = new MedCor.Contracts.Identity.Patient(Guid.CreateVersion7(), Hospital, "p@a.example", "Æ\n", "B", null, null, true, 1, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch);
        var happened = new MedCor.Contracts.Identity.PatientRegistered(patient) { OccurredAt = DateTimeOffset.UnixEpoch };

        var events = LiveEvent.From(happened, happened.Live!);

        Assert.Equal(["resource_update", "patient_registered"], events.Select(e => e.Name));
        var (update, registered) = (System.Text.Json.Nodes.JsonNode.Parse(events[0].Data.Span)!, System.Text.Json.Nodes.JsonNode.Parse(events[1].Data.Span)!);
        Assert.Equal(["type", "resource", "action", "data", "timestamp"], update.AsObject().Select(f => f.Key));
        Assert.Equal(("resource_update", "patients", "created", "1970-01-01T00:00:00Z"), ((string?)update["type"], (string?)update["resource"], (string?)update["action"], (string?)update["timestamp"]));
        Assert.Equal("patient_registered", (string?)registered["type"]);
        Assert.Equal(patient.Id, (Guid)registered["id"]!);
        Assert.Equal(3, events[0].Frame.Span.Count((byte)'\n'));
    }

    [Fact]
    public void Every_event_with_a_live_side_has_a_consumer() =>
        Assert.Equal(
            typeof(IntegrationEvent).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(IntegrationEvent)) && t.GetProperty("Live")!.DeclaringType == t).OrderBy(t => t.FullName),
            TellListeners.All.Select(c => c.GetGenericArguments()[0]).OrderBy(t => t.FullName));

    private static LiveEvent Event(string resource, Audience audience) => new("resource_update", resource, audience, "{}"u8);

    private static Caller Somebody(Role role, Guid? hospital) =>
        new(Guid.CreateVersion7(), "a@b.example", role, hospital, Guid.CreateVersion7(), DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddHours(1));
}
