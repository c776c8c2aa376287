using MedCor.Contracts;
using MedCor.Gateway.LiveEvents;
using MedCor.ServiceDefaults.Authentication;
using EventSubscriber = MedCor.Gateway.LiveEvents.EventSubscriber;
using StreamItem = MedCor.Gateway.LiveEvents.StreamItem;

namespace MedCor.Tests.Unit.Gateway;

public sealed class EventSubscriberTests
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
    public void A_subscriber_receives_what_their_role_may_read(Role role, bool ofHospital, Callers audience, bool hears)
    {
        using var listener = new EventSubscriber(Somebody(role, ofHospital ? Hospital : null), "token", receivesToolResponses: true);

        Assert.Equal(hears, listener.Accepts(Event("appointments", new(audience))));
    }

    [Fact]
    public void A_subscriber_receives_events_about_themselves_and_not_about_others()
    {
        var patient = Somebody(Role.Patient, Hospital);
        using var listener = new EventSubscriber(patient, "token", receivesToolResponses: true);

        Assert.True(listener.Accepts(Event("appointments", new(Callers.Staff, patient.UserId))));
        Assert.False(listener.Accepts(Event("appointments", new(Callers.Staff, Guid.CreateVersion7()))));
    }

    [Theory]
    [InlineData("appointments.read", true, false, false)]
    [InlineData("appointments.write", true, false, false)]
    [InlineData("clinical.read people.read", false, true, true)]
    [InlineData("medcor.read", true, false, true)]
    [InlineData("", false, false, false)]
    [InlineData(null, true, true, true)]
    public void A_subscriber_receives_what_their_token_may_read(string? scopes, bool appointments, bool records, bool toolOfPeople)
    {
        var caller = Somebody(Role.Doctor, Hospital) with { Scopes = scopes is null ? null : ScopeSet.Parse(scopes, out _) };
        using var listener = new EventSubscriber(caller, "token", receivesToolResponses: true);

        Assert.Equal((appointments, records, toolOfPeople), (listener.Accepts(Event("appointments", new(Callers.Everyone))),
            listener.Accepts(Event("medical_records", new(Callers.Everyone))),
            listener.Accepts(LiveEvent.ForToolResponse(caller.UserId, "list_patients", "{}"u8, "1", DateTimeOffset.UnixEpoch))));
        Assert.Equal(toolOfPeople,
            listener.Accepts(LiveEvent.ForToolError(caller.UserId, "list_patients", "CONFLICT: no", [], DateTimeOffset.UnixEpoch, "tool")));
        // What another version wrote, without the tool or with a resource that this version does not know.
        Assert.Equal(scopes is null, listener.Accepts(new("tool_response", "", new(Callers.Everyone), "{}"u8, tool: "")));
        Assert.Equal(scopes is null, listener.Accepts(Event("of_a_later_version", new(Callers.Everyone))));
        Assert.True(listener.Accepts(LiveEvent.Heartbeat(DateTimeOffset.UnixEpoch)));
        Assert.True(listener.Accepts(LiveEvent.Reload(DateTimeOffset.UnixEpoch)));

        listener.Renew(caller with { Scopes = ScopeSet.Parse("billing.read", out _) }, "token");
        Assert.False(listener.Accepts(Event("appointments", new(Callers.Everyone))));
    }

    [Fact]
    public void Filtering_by_resource_keeps_events_without_a_resource()
    {
        using var listener = new EventSubscriber(Somebody(Role.Doctor, Hospital), "token", receivesToolResponses: true) { Resources = ["appointments"] };

        Assert.True(listener.Accepts(Event("appointments", new(Callers.Everyone))));
        Assert.False(listener.Accepts(Event("patients", new(Callers.Everyone))));
        Assert.True(listener.Accepts(Event("", new(Callers.Everyone))));
    }

    [Fact]
    public void Hospital_users_read_their_and_the_platforms_streams_and_platform_administrators_all()
    {
        using var doctor = new EventSubscriber(Somebody(Role.Doctor, Hospital), "token", receivesToolResponses: false);
        using var platform = new EventSubscriber(Somebody(Role.Admin, null), "token", receivesToolResponses: false);

        Assert.Equal([LiveEventStore.HospitalStream(Hospital), LiveEventStore.PlatformStream], doctor.Streams);
        Assert.Equal([LiveEventStore.AllStream], platform.Streams);
    }

    [Fact]
    public void A_slow_subscriber_is_disconnected_and_queues_no_more_than_the_limit()
    {
        using var listener = new EventSubscriber(Somebody(Role.Doctor, Hospital), "token", receivesToolResponses: true);
        var heard = new StreamItem(Event("appointments", new(Callers.Everyone)), 0, new(1, 1));

        for (var i = 0; i < 5000; i++) listener.Enqueue(heard);

        Assert.True(SpinWait.SpinUntil(() => listener.Ended.IsCancellationRequested, TimeSpan.FromSeconds(10)));
        Assert.Equal(DisconnectReason.TooSlow, listener.EndReason);
        Assert.InRange(listener.QueuedItems, 1, 1024);
    }

    [Fact]
    public async Task A_subscriber_with_unread_bytes_beyond_the_limit_is_disconnected_and_a_reading_one_is_not()
    {
        var large = new StreamItem(new LiveEvent("tool_response", "", new(Callers.Everyone), new byte[1024 * 1024]), 0, new(1, 1));
        using EventSubscriber idle = new(Somebody(Role.Doctor, Hospital), "token", receivesToolResponses: true), reading = new(Somebody(Role.Doctor, Hospital),
            "token", receivesToolResponses: true);
        await using var handed = reading.ReadQueueAsync(CancellationToken.None).GetAsyncEnumerator();

        for (var i = 0; i < 20; i++)
        {
            idle.Enqueue(large);
            reading.Enqueue(large);
            Assert.True(await handed.MoveNextAsync());
        }

        Assert.Equal(DisconnectReason.TooSlow, idle.EndReason);
        Assert.InRange(idle.QueuedItems, 1, 5);
        Assert.False(reading.Ended.IsCancellationRequested);
    }

    [Fact]
    public void Change_is_told_in_lower_case_and_an_event_with_a_name_of_its_own_twice()
    {
        var patient = new MedCor.Contracts.Identity.Patient(
            Id: Guid.CreateVersion7(),
            HospitalId: Hospital,
            Email: "p@a.example",
            FirstName: "Æ\n",
            LastName: "B",
            PhoneNumber: null,
            DateOfBirth: null,
            IsActive: true,
            Version: 1,
            CreatedAt: DateTimeOffset.UnixEpoch,
            UpdatedAt: DateTimeOffset.UnixEpoch);
        var happened = new MedCor.Contracts.Identity.PatientRegistered(patient) { OccurredAt = DateTimeOffset.UnixEpoch };

        var events = LiveEvent.FromIntegrationEvent(happened, happened.LiveUpdate!);

        Assert.Equal(["resource_update", "patient_registered"], events.Select(e => e.Name));
        var (update, registered) = (System.Text.Json.Nodes.JsonNode.Parse(events[0].Data.Span)!, System.Text.Json.Nodes.JsonNode.Parse(events[1].Data.Span)!);
        Assert.Equal(["type", "resource", "action", "data", "timestamp"], update.AsObject().Select(f => f.Key));
        Assert.Equal(("resource_update", "patients", "created", "1970-01-01T00:00:00Z"),
            ((string?)update["type"], (string?)update["resource"], (string?)update["action"], (string?)update["timestamp"]));
        Assert.Equal("patient_registered", (string?)registered["type"]);
        Assert.Equal(patient.Id, (Guid)registered["id"]!);
        Assert.Equal(3, events[0].Frame.Span.Count((byte)'\n'));
    }

    [Fact]
    public void Every_event_with_a_live_side_has_a_consumer() =>
        Assert.Equal(
            typeof(IntegrationEvent).Assembly.GetTypes()
                .Where(t => t.IsSubclassOf(typeof(IntegrationEvent)) && t.GetProperty(nameof(IntegrationEvent.LiveUpdate))!.DeclaringType == t)
                .OrderBy(t => t.FullName),
            LiveEventConsumer.ConsumerTypes.Select(c => c.GetGenericArguments()[0]).OrderBy(t => t.FullName));

    private static LiveEvent Event(string resource, Audience audience) => new("resource_update", resource, audience, "{}"u8);

    private static Caller Somebody(Role role, Guid? hospital) =>
        new(Guid.CreateVersion7(), "a@b.example", role, hospital, Guid.CreateVersion7(), DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddHours(1));
}
