using System.Reflection;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Gateway.LiveEvents;
using MedCor.Tests.EndToEnd.Catalogue;
using StackExchange.Redis;

namespace MedCor.Tests.EndToEnd.LiveEvents;

/// <summary>
/// Tests the audience of every event that is delivered to subscribers. The events are found by reflection, so new ones are covered without a change here.
/// </summary>
public sealed class AudienceTests
{
    /// <summary>The resources that every member of a hospital may read.</summary>
    private static readonly string[] Public = ["hospitals", "departments", "doctors", "specialties", "schedules"];

    private static readonly Type[] Shown = [.. LiveEventConsumer.ConsumerTypes.Select(consumer => consumer.GetGenericArguments()[0])];

    [Fact]
    public async Task Each_event_reaches_only_subscribers_who_may_read_its_resource_in_their_hospital()
    {
        var (house, here, elsewhere) = (await MedCorFixture.Get(), await CatalogueFixture.Own, await CatalogueFixture.Foreign);
        using var redis = await ConnectionMultiplexer.ConnectAsync(house.RedisConnectionString);
        var streams = new LiveEventStore(redis);
        var (patient, stranger) = (here.People[Callers.Patient].Id, Guid.CreateVersion7());
        var listeners = new Dictionary<Callers, SseClient>();
        foreach (var (kind, client) in here.People) listeners[kind] = await SseClient.Connect(client, gateway: listeners.Count);
        var foreign = new List<SseClient>();
        foreach (var (_, client) in elsewhere.People.Where(p => p.Key != Callers.Platform))
            foreign.Add(await SseClient.Connect(client, gateway: foreign.Count));

        var mark = 0;
        await Mark();
        foreach (var type in Shown)
            foreach (var about in (Guid[])[stranger, patient])
            {
                var happened = (IntegrationEvent)Made(type, here.Hospital, about) with { EventId = Guid.CreateVersion7() };
                var events = LiveEvent.FromIntegrationEvent(happened, happened.LiveUpdate!);

                await streams.AppendAsync(happened, events);
                await Mark();

                foreach (var (kind, listener) in listeners)
                    Assert.True(Heard(listener, events) == (MayHear(kind, happened, about == patient) ? events.Count : 0),
                        $"{type.Name} about {(about == patient ? "the patient" : "a stranger")}: {kind} heard {Heard(listener, events)} events");
                if (happened.HospitalId is not null) Assert.All(foreign, listener => Assert.Equal(0, Heard(listener, events)));
            }
        foreach (var listener in listeners.Values.Concat(foreign)) await listener.DisposeAsync();

        // Every subscriber receives the marker, and after all earlier events. An event that has not arrived by then will not arrive.
        async Task Mark()
        {
            mark++;
            foreach (var hospital in (Guid[])[here.Hospital, elsewhere.Hospital]) await new Marked(hospital, mark).Tell(streams);
            foreach (var listener in listeners.Values.Concat(foreign)) await listener.Next(h => Marked.Of(h.Data) == mark);
        }

        int Heard(SseClient listener, IReadOnlyList<LiveEvent> events) => listener.Events.SkipWhile(h => Marked.Of(h.Data) != mark - 1)
            .Count(h => events.Any(e => e.Name == h.Name && JsonNode.DeepEquals(JsonNode.Parse(e.Data.Span), h.Data)));
    }

    [Fact]
    public async Task Each_event_reaches_only_tokens_that_may_read_its_resource()
    {
        var (house, here) = (await MedCorFixture.Get(), await CatalogueFixture.Own);
        using var redis = await ConnectionMultiplexer.ConnectAsync(house.RedisConnectionString);
        var streams = new LiveEventStore(redis);
        foreach (var area in LiveResources.Scopes.Values.Distinct())
        {
            // The marker is an event of hospitals.
            var readable = new HashSet<Scope> { LiveResources.Scopes["hospitals"], area };
            await using var listener = await SseClient.Connect(
                await here.LogIn(Callers.HospitalAdmin, string.Join(' ', readable.Select(scope => scope.Name))));
            var told = Shown.Select(type => (IntegrationEvent)Made(type, here.Hospital, Guid.CreateVersion7()) with { EventId = Guid.CreateVersion7() })
                .Where(happened => happened.HospitalId == here.Hospital).ToArray();
            foreach (var happened in told) await streams.AppendAsync(happened, LiveEvent.FromIntegrationEvent(happened, happened.LiveUpdate!));
            await new Marked(here.Hospital, 1_000_000).Tell(streams);
            await listener.Next(h => Marked.Of(h.Data) == 1_000_000);

            var heard = listener.Events.Where(h => h.Name == LiveEvent.ResourceUpdateEvent && Marked.Of(h.Data) is null)
                .Select(h => h.Resource!);
            Assert.Equal(told.Select(LiveResources.GetName).Where(name => readable.Contains(LiveResources.Scopes[name])).Distinct().Order(),
                heard.Distinct().Order());
        }
    }

    [Fact]
    public void No_event_is_told_to_a_role_that_may_not_subscribe_to_its_resource() => Assert.Empty(
        from type in Shown
        let happened = (IntegrationEvent)Made(type, Guid.NewGuid(), Guid.NewGuid())
        where (happened.LiveUpdate!.Audience.Callers & ~LiveResources.All[LiveResources.GetName(happened)]) != Callers.None
        select type.Name);

    /// <summary>The document describes an event's data by the declared type.</summary>
    [Fact]
    public void An_event_with_a_name_of_its_own_carries_what_is_declared()
    {
        var named = Shown.Where(type => type.IsDefined(typeof(NamedLiveEventAttribute))).ToArray();

        Assert.Equal(NamedLiveEvents.All.Count, named.Length);
        Assert.All(named, type => Assert.Equal(type.GetCustomAttribute<NamedLiveEventAttribute>()!.Data,
            ((IntegrationEvent)Made(type, Guid.NewGuid(), Guid.NewGuid())).LiveUpdate!.Data.GetType()));
    }

    [Fact]
    public async Task A_schedule_that_is_set_is_told_without_why_a_doctor_is_away()
    {
        var ward = await ClinicFixture.Open();
        await using var listener = await SseClient.Connect(await ward.LogInPatient(), "resources=schedules");

        var set = await ward.Admin.Call<DoctorSchedule>("set_doctor_schedule",
            new
            {
                doctor_id = ward.Doctor, working_hours = Array.Empty<object>(),
                exceptions = new[] { new { date = ward.Weekday(4), reason = "In hospital oneself" } }
            });

        var told = (await listener.Next(e => e.Name == LiveEvent.ResourceUpdateEvent && (string?)e.Data["data"]!["doctor_id"] == ward.Doctor.ToString())).Data;
        Assert.Equal(("schedules", "updated", set.Version), ((string?)told["resource"], (string?)told["action"], (int)told["data"]!["version"]!));
        Assert.Equal((ward.Weekday(4), null), ((string?)told["data"]!["exceptions"]![0]!["date"], (string?)told["data"]!["exceptions"]![0]!["reason"]));
    }

    [Fact]
    public void No_event_tells_what_was_written_about_a_patient()
    {
        var clinical = Shown.Where(type => type.GetProperties().Any(p => p.PropertyType.IsAssignableTo(typeof(IClinicalContent)))).ToArray();
        Assert.Equal(["AppointmentCreated", "AppointmentUpdated", "EmergencyOverrideBegan", "EmergencyOverrideReviewed", "MedicalRecordCreated",
            "MedicalRecordUpdated", "ReferralCreated", "RepresentativeCreated", "RepresentativeEnded", "TreatmentCreated", "TreatmentUpdated"],
            clinical.Select(t => t.Name).Order());

        foreach (var type in clinical)
            foreach (var told in LiveEvent.FromIntegrationEvent((IntegrationEvent)Made(type, Guid.NewGuid(), Guid.NewGuid(), text: "private"),
                ((IntegrationEvent)Made(type, Guid.NewGuid(), Guid.NewGuid(), text: "private")).LiveUpdate!))
            {
                var data = JsonNode.Parse(told.Data.Span)!.AsObject();
                var entity = told.Name == LiveEvent.ResourceUpdateEvent ? data["data"]!.AsObject() : data;
                Assert.Empty(entity.Where(f => f.Value?.ToJsonString().Contains("private", StringComparison.Ordinal) == true)
                    .Select(f => $"{type.Name}.{f.Key}")
                    .Except(["AppointmentCreated.patient_name", "AppointmentCreated.doctor_name", "AppointmentCreated.time_zone",
                        "AppointmentUpdated.patient_name", "AppointmentUpdated.doctor_name", "AppointmentUpdated.time_zone"]));
                Assert.All((string[])["reason", "notes", "rating_comment"],
                    field => Assert.False(type.Name.StartsWith("Appointment", StringComparison.Ordinal) && entity.ContainsKey(field)));
            }
    }

    [Fact]
    public void Large_events_fit_a_line_that_clients_accept()
    {
        var cut = 0;
        foreach (var type in Shown)
        {
            var happened = (IntegrationEvent)Made(type, Guid.NewGuid(), Guid.NewGuid(), text: new string('ö', LiveEvent.MaxLineLength / 2));
            foreach (var told in LiveEvent.FromIntegrationEvent(happened, happened.LiveUpdate!))
            {
                Assert.InRange(told.Frame.Span[(told.Frame.Span.IndexOf((byte)'\n') + 1)..^1].Length, 1, LiveEvent.MaxLineLength);
                var data = JsonNode.Parse(told.Data.Span)!;
                if ((bool?)data["data_omitted"] != true) continue;
                cut++;
                var kept = told.Name == LiveEvent.ResourceUpdateEvent ? data["data"]! : data;
                Assert.NotNull(kept["id"] ?? kept["doctor_id"]);
            }
        }
        Assert.True(cut > Shown.Length / 2, $"{cut} were too long");
    }

    /// <summary>
    /// Returns what the resource catalogue implies: a role reads a resource or not, and a patient reads only what is public or concerns the patient.
    /// </summary>
    private static bool MayHear(Callers kind, IntegrationEvent happened, bool isAboutThem)
    {
        var resource = LiveResources.GetName(happened);
        if (kind == Callers.Patient) return Public.Contains(resource) || (isAboutThem && happened.LiveUpdate!.Audience.UserId is not null);
        return resource switch
        {
            "confirmations" or "schedules" => true,
            "triage" => kind is not (Callers.Platform or Callers.Receptionist),
            // Staff who are told, such as those whom the policy of the hospital names, are so by their IDs.
            "access_policies" or "emergency_overrides" or "referrals" or "representatives" => kind == Callers.HospitalAdmin,
            "correction_requests" => kind is Callers.HospitalAdmin or Callers.Nurse or Callers.Receptionist,
            _ => (ResourceCatalogue.All[resource].Callers & kind) != 0,
        };
    }

    /// <summary>Creates an event with a value in every field. It belongs to the hospital, and concerns the person.</summary>
    private static object Made(Type type, Guid hospital, Guid person, string name = "", string text = "text")
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(Guid)) return name == "HospitalId" ? hospital : person;
        if (type == typeof(string)) return text;
        // Who may know of a record is the subject of AccessPolicyTests; here all of the clinical staff may.
        if (type == typeof(ContentViewers)) return null!;
        if (type == typeof(bool)) return true;
        if (type == typeof(DateTimeOffset)) return DateTimeOffset.UnixEpoch;
        if (type == typeof(DateOnly)) return new DateOnly(2026, 2, 1);
        if (type == typeof(TimeOnly)) return new TimeOnly(9, 0);
        if (type == typeof(JsonObject)) return new JsonObject();
        if (type.IsEnum) return Enum.GetValues(type).GetValue(0)!;
        if (type.IsPrimitive || type == typeof(decimal)) return Convert.ChangeType(1, type, System.Globalization.CultureInfo.InvariantCulture);
        if (type.IsGenericType && type.IsAssignableTo(typeof(System.Collections.IEnumerable)))
        {
            var of = type.GetGenericArguments()[0];
            var list = Array.CreateInstance(of, 1);
            list.SetValue(Made(of, hospital, person, text: text), 0);
            return list;
        }
        // The ID of a hospital itself is the hospital's.
        var own = type == typeof(MedCor.Contracts.Hospital.Hospital) ? hospital : person;
        var constructor = type.GetConstructors(BindingFlags.Public | BindingFlags.Instance).MaxBy(c => c.GetParameters().Length)!;
        return constructor.Invoke([.. constructor.GetParameters()
            .Select(p => p.Name == "Id" && p.ParameterType == typeof(Guid) ? own : Made(p.ParameterType, hospital, person, p.Name!, text))]);
    }

    [LiveResource("hospitals")]
    private sealed record Marked(Guid Hospital, int Number) : IntegrationEvent(Hospital, Number)
    {
        public override LiveUpdate LiveUpdate => new(Change.Updated, new { Mark = Number }, new(Callers.Everyone));

        public static int? Of(JsonNode data) => (int?)(data["data"] as JsonObject)?["mark"];

        public Task Tell(LiveEventStore streams) => streams.AppendAsync(this, LiveEvent.FromIntegrationEvent(this, LiveUpdate));
    }
}
