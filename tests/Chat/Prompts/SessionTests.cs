using System.Net;
using MedCor.Chat;
using MedCor.Chat.Prompts;
using MedCor.Contracts;
using MedCor.ServiceDefaults.Access;
using MedCor.ServiceDefaults.Database;
using MedCor.ServiceDefaults.Messaging;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tenancy;
using MedCor.Tests.Clinical;
using MedCor.Tests.EndToEnd;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace MedCor.Tests.Chat.Prompts;

/// <summary>A prompt between its steps: whose it is, where it can be gone on with, and for how long.</summary>
public sealed class SessionTests
{
    private const string Booking = "appointment_booking";

    [Theory]
    [InlineData("admin@medcor.example", "appointment_booking")]
    [InlineData("admin@general.example", "appointment_booking emergency_triage patient_onboarding")]
    [InlineData("doctor@general.example", "appointment_booking emergency_triage")]
    [InlineData("nurse@general.example", "appointment_booking emergency_triage patient_onboarding")]
    [InlineData("patient@general.example", "appointment_booking")]
    public async Task One_is_shown_the_prompts_of_ones_role_with_the_six_steps_of_each(string who, string names)
    {
        var listed = System.Text.Json.Nodes.JsonNode.Parse(await (await Client.Shared(who)).Http.GetStringAsync("/api/mcp/prompts/"))!["prompts"]!.AsArray();

        Assert.Equal(names.Split(' '), listed.Select(p => (string?)p!["name"]));
        foreach (var prompt in listed)
        {
            Assert.NotEmpty((string)prompt!["description"]!);
            Assert.NotEmpty(prompt["callers"]!.AsArray());
            Assert.Equal(6, prompt["steps"]!.AsArray().Count);
            Assert.All(prompt["steps"]!.AsArray(), step => Assert.Equal("object", (string?)step!["input_schema"]!["type"]));
        }
    }

    [Fact]
    public async Task It_is_gone_on_with_at_another_gateway_and_replica()
    {
        var ward = await Ward.ToLookAt();
        var talk = await Conversation.Begin(ward.Nurse, Booking, new { patient_id = ward.Patient });
        var elsewhere = await Ward.As("nurse@general.example", gateway: 1);

        // Two in a row reach both replicas of the service.
        foreach (var look in new[] { await talk.Look(by: elsewhere), await talk.Look(by: elsewhere) })
            Assert.Equal((talk.Step, talk.Data.ToJsonString(), (string?)talk.State["expires_at"]), ((string?)look.Body["step"]!["name"], look.Body["data"]!.ToJsonString(), (string?)look.Body["expires_at"]));
        var next = await talk.Try(new { reason = "Checkup" }, by: elsewhere);
        Assert.Equal("choose_doctor", (string?)next.Body["step"]!["name"]);
    }

    [Fact]
    public async Task For_everybody_else_it_does_not_exist()
    {
        var ward = await Ward.ToLookAt();
        var talk = await Conversation.Begin(ward.Nurse, Booking, new { patient_id = ward.Patient });
        foreach (var stranger in new[] { "admin@general.example", "doctor@general.example", "patient@general.example", "nurse@riverside.example", "admin@medcor.example" })
        {
            var client = await Client.Shared(stranger);
            foreach (var answer in new[] { await talk.Look(client), await talk.Try(new { reason = "x" }, by: client), await talk.Abandon(client) })
                Assert.Equal((HttpStatusCode.NotFound, "RESOURCE_NOT_FOUND"), (answer.Status, answer.Code));
        }
        Assert.Equal((talk.Step, 1), ((string?)(await talk.Look()).Body["step"]!["name"], (int)(await talk.Look()).Body["version"]!));
        foreach (var hospital in new[] { (await Client.Shared("nurse@riverside.example")).HospitalId, Guid.NewGuid() })
            Assert.Equal("RESOURCE_NOT_FOUND", (await Conversation.Invoke(ward.Nurse, new { prompt = Booking, initial_data = new { hospital_id = hospital } })).Code);
    }

    [Fact]
    public async Task Of_many_answers_to_one_step_at_the_same_time_one_wins_and_books_once()
    {
        var ward = await Ward.Open();
        var talk = await AppointmentBookingTests.AtConfirmation(ward, "09:00:00");
        var elsewhere = await Ward.As("nurse@general.example", gateway: 1);

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => talk.Try(new { confirm = true }, by: i % 2 == 0 ? null : elsewhere)));

        Assert.Single(answers, a => a.Status == HttpStatusCode.OK);
        // Who comes when the step is taken already has answered the next one wrongly.
        Assert.All(answers.Where(a => a.Status != HttpStatusCode.OK), a => Assert.True(a.Code is "CONFLICT" or "VALIDATION_ERROR", a.Body.ToJsonString()));
        Assert.Equal(1, (int)(await ward.Nurse.Do("list_appointments", new { patient_id = ward.Patient }))["total"]!);
    }

    [Fact]
    public async Task An_answer_that_is_repeated_with_its_key_is_taken_once()
    {
        var ward = await Ward.Open();
        var talk = await AppointmentBookingTests.AtConfirmation(ward, "09:30:00");
        var key = Guid.NewGuid().ToString();

        var first = await talk.Try(new { confirm = true }, key: key);
        var second = await talk.Try(new { confirm = true }, key: key);

        Assert.Equal((HttpStatusCode.OK, false), (first.Status, first.IsReplay));
        Assert.True(second.IsReplay);
        Assert.Equal(first.Body.ToJsonString(), second.Body.ToJsonString());
        Assert.Equal("CONFLICT", (await talk.Try(new { confirm = true, notes = "x" }, key: key)).Code);
    }

    [Fact]
    public async Task What_is_abandoned_is_forgotten()
    {
        var house = await RunningHouse.Get();
        var talk = await Conversation.Begin((await Ward.ToLookAt()).Nurse, Booking);

        Assert.Equal("ABANDONED", (string?)(await talk.Abandon()).Body["status"]);

        Assert.Equal("RESOURCE_NOT_FOUND", (await talk.Look()).Code);
        Assert.Equal(0, await house.Count("chat", "SELECT count(*) FROM prompt_sessions WHERE id = $1", Guid.Parse(talk.Id)));
    }

    [Fact]
    public async Task What_cannot_be_begun_or_answered_says_why()
    {
        var nurse = (await Ward.ToLookAt()).Nurse;
        var unknown = await Conversation.Invoke(nurse, new { prompt = "surgery" });
        Assert.Contains(Booking, (string)unknown.Details!["prompt"]![0]!);
        Assert.NotNull((await Conversation.Invoke(nurse, new { })).Details!["prompt"]);
        Assert.NotNull((await Conversation.Invoke(nurse, new { prompt = Booking, initial_data = new { colour = "red", patient_id = 7 } })).Details!["colour"]);
        Assert.NotNull((await Conversation.Invoke(nurse, new { prompt = Booking, initial_data = "none" })).Details!["initial_data"]);

        var talk = await Conversation.Begin(nurse, Booking);
        Assert.NotNull((await talk.Try("none")).Details!["input"]);
        foreach (var (method, path, body, status) in new[]
        {
            ("POST", $"/api/mcp/prompts/sessions/{talk.Id}", "{", 400), ("POST", $"/api/mcp/prompts/sessions/{talk.Id}", "[]", 400), ("POST", $"/api/mcp/prompts/sessions/{talk.Id}", "{}", 400),
            ("GET", "/api/mcp/prompts/sessions/nonsense", null, 400), ("GET", $"/api/mcp/prompts/sessions/{Guid.NewGuid()}", null, 404),
            ("PUT", $"/api/mcp/prompts/sessions/{talk.Id}", "{}", 405), ("GET", "/api/mcp/prompts/nothing", null, 404),
        })
        {
            using var request = new HttpRequestMessage(new(method), path) { Content = body is null ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json") };
            using var response = await nurse.Http.SendAsync(request);
            Assert.Equal((method, path, status), (method, path, (int)response.StatusCode));
            Assert.NotNull(System.Text.Json.Nodes.JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["details"]!["request_id"]);
        }
    }

    [Fact]
    public async Task It_waits_a_day_for_the_next_answer_and_no_longer()
    {
        var house = await RunningHouse.Get();
        var owner = await house.NewDatabase();
        await new Migrator(typeof(ChatDb).Assembly, "chat", NullLogger.Instance).Migrate(owner, CancellationToken.None);
        await using var database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(owner) { Pooling = true, Options = "-c role=medcor_chat" }.ConnectionString);
        using var signal = new OutboxSignal();
        var clock = new Clock { Now = DateTimeOffset.UtcNow };
        var nurse = new Caller(Guid.CreateVersion7(), "nurse@general.example", Role.Nurse, Guid.CreateVersion7(), Guid.CreateVersion7(), clock.Now, clock.Now.AddHours(1));
        var begun = clock.Now;

        var id = await With(async (guide, _) =>
        {
            var prompt = guide.Find("patient_onboarding");
            return (await guide.Save(await guide.Begin(prompt, nurse.HospitalId!.Value, prompt.Begin([]).Data, default), default)).SessionId;
        });
        clock.Now = begun.AddHours(23);
        var answered = await With(async (guide, _) =>
        {
            var (session, prompt) = await guide.Find(id, default);
            return await guide.Save(await guide.Answer(prompt, session, new() { ["first_name"] = "A", ["last_name"] = "B", ["email"] = "a@people.example" }, null, default), default);
        });
        Assert.Equal(("medical_history", begun.AddHours(47)), (answered.Step!.Name, answered.ExpiresAt));

        clock.Now = begun.AddHours(47).AddMilliseconds(-1);
        Assert.Equal(0, await With((_, db) => new SweepSessions(db).Sweep(clock.Now, 100, default), everywhere: true));
        Assert.Equal(id, await With(async (guide, _) => (await guide.Find(id, default)).Session.Id));
        clock.Now = begun.AddHours(47);
        await Assert.ThrowsAsync<Missing>(() => With((guide, _) => guide.Find(id, default)));
        Assert.Equal(1, await With((_, db) => new SweepSessions(db).Sweep(clock.Now, 100, default), everywhere: true));

        async Task<T> With<T>(Func<Guide, ChatDb, Task<T>> work, bool everywhere = false)
        {
            var tenancy = new MedCor.ServiceDefaults.Tenancy.Tenancy();
            if (everywhere) tenancy.Enter(hospital: null);
            else tenancy.Enter(nurse);
            await using var db = new ChatDb(new DbContextOptionsBuilder<ChatDb>().UseNpgsql(database).AddInterceptors(new TenantSeal(), signal).Options, tenancy, clock, signal);
            return await work(new Guide(db, [new PatientOnboarding()], null!, null!, clock), db);
        }
    }
}

/// <summary>A prompt while the service that leads through it is killed.</summary>
[Collection(nameof(CrashTests))]
public sealed class KilledSessionTests
{
    [Theory]
    [InlineData("chat-1")]
    [InlineData("clinical-1")]
    public async Task Whatever_is_killed_a_prompt_goes_on_where_it_was_and_books_once(string victim)
    {
        var house = await RunningHouse.Get();
        var ward = await Ward.Open();
        var talks = new List<Conversation>();
        foreach (var time in (await ward.FreeTimes()).Take(12))
        {
            var talk = await Conversation.Begin(ward.Nurse, "appointment_booking", new { patient_id = ward.Patient });
            await talk.Say(new { reason = "Checkup" });
            await talk.Say(new { doctor_id = ward.Doctor });
            await talk.Say(new { appointment_date = ward.Day(), appointment_time = time });
            talks.Add(talk);
        }

        var (begun, killed) = (0, 0);
        await Parallel.ForEachAsync(talks, new ParallelOptions { MaxDegreeOfParallelism = 3 }, async (talk, _) =>
        {
            if (Interlocked.Increment(ref begun) == 4) killed = house.Kill(victim);
            // The answer names its step, so that repeating it cannot answer the next one.
            await Wait.Until(async () => (await talk.Try(new { confirm = true }, step: "confirm_details")).Status is HttpStatusCode.OK or HttpStatusCode.Conflict,
                "the confirmation is taken", TimeSpan.FromSeconds(90));
        });
        await house.Recovered(victim, killed);

        var booked = new List<string>();
        foreach (var talk in talks)
        {
            var now = (await talk.Look()).Body;
            Assert.Equal("send_confirmation", (string?)now["step"]!["name"]);
            booked.Add((string)now["data"]!["appointment_id"]!);
        }
        Assert.Equal(talks.Count, booked.Distinct().Count());
        Assert.Equal(talks.Count, await house.Count("clinical", "SELECT count(*) FROM appointments WHERE doctor_id = $1", ward.Doctor));
    }
}
