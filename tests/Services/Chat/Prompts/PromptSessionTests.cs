using System.Net;
using MedCor.Chat;
using MedCor.Chat.Prompts;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Database;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Messaging;
using MedCor.Platform.Secrets;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace MedCor.Tests.Services.Chat.Prompts;

/// <summary>Tests the sessions of guided prompts: who may access one, at which gateways and replicas it continues, and when it expires.</summary>
public sealed class PromptSessionTests
{
    private const string Booking = "appointment_booking";

    [Theory]
    [InlineData("admin@medcor.example", "appointment_booking")]
    [InlineData("admin@general.example", "appointment_booking emergency_triage patient_onboarding")]
    [InlineData("doctor@general.example", "appointment_booking emergency_triage")]
    [InlineData("nurse@general.example", "appointment_booking emergency_triage patient_onboarding")]
    [InlineData("patient@general.example", "appointment_booking")]
    public async Task A_caller_sees_the_prompts_of_their_role_with_six_steps_each(string who, string names)
    {
        var listed = (await (await ApiClient.LogInShared(who)).Get<PromptList>("/api/mcp/prompts/")).Prompts;

        Assert.Equal(names.Split(' '), listed.Select(p => p.Name));
        foreach (var prompt in listed)
        {
            Assert.NotEmpty(prompt.Description);
            Assert.NotEmpty(prompt.Callers);
            Assert.Equal(6, prompt.Steps.Count);
            Assert.All(prompt.Steps, step => Assert.Equal("object", (string?)step.InputSchema["type"]));
        }
    }

    [Fact]
    public async Task A_session_continues_at_another_gateway_and_replica()
    {
        var ward = await ClinicFixture.GetSharedReadOnly();
        var talk = await PromptClient.Start(ward.Nurse, Booking, new { patient_id = ward.Patient });
        var elsewhere = await ClinicFixture.LogIn("nurse@general.example", gateway: 1);

        // Two requests in a row reach both replicas of the service.
        foreach (var look in new[] { await talk.Get(by: elsewhere), await talk.Get(by: elsewhere) }.Select(answer => answer.Read<PromptSession>()))
            Assert.Equal((talk.Step, talk.Data.ToJsonString(), talk.Session.ExpiresAt), (look.Step!.Name, look.Data.ToJsonString(), look.ExpiresAt));
        var next = await talk.TryAnswer(new { reason = "Checkup" }, by: elsewhere);
        Assert.Equal("choose_doctor", next.Read<PromptSession>().Step!.Name);
    }

    [Fact]
    public async Task A_session_is_not_found_by_other_users()
    {
        var ward = await ClinicFixture.GetSharedReadOnly();
        var talk = await PromptClient.Start(ward.Nurse, Booking, new { patient_id = ward.Patient });
        foreach (var stranger in new[]
        {
            "admin@general.example", "doctor@general.example", "patient@general.example", "nurse@riverside.example", "admin@medcor.example"
        })
        {
            var client = await ApiClient.LogInShared(stranger);
            foreach (var answer in new[] { await talk.Get(client), await talk.TryAnswer(new { reason = "x" }, by: client), await talk.Abandon(client) })
                Assert.Equal((HttpStatusCode.NotFound, "RESOURCE_NOT_FOUND"), (answer.Status, answer.Code));
        }
        var unchanged = (await talk.Get()).Read<PromptSession>();
        Assert.Equal((talk.Step, 1), (unchanged.Step!.Name, unchanged.Version));
        foreach (var hospital in new[] { (await ApiClient.LogInShared("nurse@riverside.example")).HospitalId, Guid.NewGuid() })
            Assert.Equal("RESOURCE_NOT_FOUND",
                (await PromptClient.Invoke(ward.Nurse, new { prompt = Booking, initial_data = new { hospital_id = hospital } })).Code);
    }

    [Fact]
    public async Task Of_many_concurrent_answers_to_one_step_one_wins_and_books_once()
    {
        var ward = await ClinicFixture.Open();
        var talk = await AppointmentBookingTests.AtConfirmation(ward, "09:00:00");
        var elsewhere = await ClinicFixture.LogIn("nurse@general.example", gateway: 1);

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => talk.TryAnswer(new { confirm = true }, by: i % 2 == 0 ? null : elsewhere)));

        Assert.Single(answers, a => a.Status == HttpStatusCode.OK);
        // A request that arrives after the step was taken is an invalid answer to the next step.
        Assert.All(answers.Where(a => a.Status != HttpStatusCode.OK), a => Assert.True(a.Code is "CONFLICT" or "VALIDATION_ERROR", a.Body.ToJsonString()));
        Assert.Equal(1, (await ward.Nurse.Call<Page<Appointment>>("list_appointments", new { patient_id = ward.Patient })).Total);
    }

    [Fact]
    public async Task An_answer_that_is_repeated_with_its_key_is_taken_once()
    {
        var ward = await ClinicFixture.Open();
        var talk = await AppointmentBookingTests.AtConfirmation(ward, "09:30:00");
        var key = Guid.NewGuid().ToString();

        var first = await talk.TryAnswer(new { confirm = true }, key: key);
        var second = await talk.TryAnswer(new { confirm = true }, key: key);

        Assert.Equal((HttpStatusCode.OK, false), (first.Status, first.IsReplay));
        Assert.True(second.IsReplay);
        Assert.Equal(first.Body.ToJsonString(), second.Body.ToJsonString());
        Assert.Equal("CONFLICT", (await talk.TryAnswer(new { confirm = true, notes = "x" }, key: key)).Code);
    }

    [Fact]
    public async Task An_abandoned_session_is_deleted()
    {
        var house = await MedCorFixture.Get();
        var talk = await PromptClient.Start((await ClinicFixture.GetSharedReadOnly()).Nurse, Booking);

        Assert.Equal(PromptStatus.Abandoned, (await talk.Abandon()).Read<PromptSession>().Status);

        Assert.Equal("RESOURCE_NOT_FOUND", (await talk.Get()).Code);
        Assert.Equal(0, await house.QueryNumber("chat", "SELECT count(*) FROM prompt_sessions WHERE id = $1", talk.Id));
    }

    [Fact]
    public async Task Invalid_starts_and_answers_are_refused_with_the_reason()
    {
        var nurse = (await ClinicFixture.GetSharedReadOnly()).Nurse;
        var unknown = await PromptClient.Invoke(nurse, new { prompt = "surgery" });
        Assert.Contains(Booking, unknown.Details.Strings("prompt")[0]);
        Assert.NotNull((await PromptClient.Invoke(nurse, new { })).Details!["prompt"]);
        Assert.NotNull((await PromptClient.Invoke(nurse, new { prompt = Booking, initial_data = new { colour = "red", patient_id = 7 } })).Details!["colour"]);
        Assert.NotNull((await PromptClient.Invoke(nurse, new { prompt = Booking, initial_data = "none" })).Details!["initial_data"]);

        var talk = await PromptClient.Start(nurse, Booking);
        Assert.NotNull((await talk.TryAnswer("none")).Details!["input"]);
        foreach (var (method, path, body, status) in new[]
        {
            ("POST", $"/api/mcp/prompts/sessions/{talk.Id}", "{", 400), ("POST", $"/api/mcp/prompts/sessions/{talk.Id}", "[]", 400),
            ("POST", $"/api/mcp/prompts/sessions/{talk.Id}", "{}", 400),
            ("GET", "/api/mcp/prompts/sessions/nonsense", null, 400), ("GET", $"/api/mcp/prompts/sessions/{Guid.NewGuid()}", null, 404),
            ("PUT", $"/api/mcp/prompts/sessions/{talk.Id}", "{}", 405), ("GET", "/api/mcp/prompts/nothing", null, 404),
        })
        {
            using var request = new HttpRequestMessage(new(method), path)
            {
                Content = body is null ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json"),
            };
            using var response = await nurse.Http.SendAsync(request);
            Assert.Equal((method, path, status), (method, path, (int)response.StatusCode));
            Assert.NotNull(System.Text.Json.Nodes.JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["details"]!["request_id"]);
        }
    }

    [Fact]
    public async Task A_session_expires_a_day_after_its_last_answer()
    {
        var house = await MedCorFixture.Get();
        var owner = await house.CreateDatabase();
        await new Migrator(typeof(ChatDb).Assembly, "chat", NullLogger.Instance).MigrateAsync(owner, CancellationToken.None);
        await using var database = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(owner) { Pooling = true, Options = "-c role=medcor_chat" }.ConnectionString);
        using var signal = new OutboxSignal();
        var clock = new ManualTimeProvider { Now = DateTimeOffset.UtcNow };
        var nurse = new Caller(Guid.CreateVersion7(), "nurse@general.example", Role.Nurse, Guid.CreateVersion7(), Guid.CreateVersion7(),
            clock.Now, clock.Now.AddHours(1));
        var begun = clock.Now;

        var id = await With(async (guide, _) =>
        {
            var prompt = guide.Find("patient_onboarding");
            return (await guide.SaveAsync(await guide.StartAsync(prompt, nurse.HospitalId!.Value, prompt.ReadInitialData([]).Data, default),
                default)).SessionId;
        });
        clock.Now = begun.AddHours(23);
        var answered = await With(async (guide, _) =>
        {
            var (session, prompt) = await guide.FindAsync(id, default);
            return await guide.SaveAsync(await guide.AnswerAsync(prompt, session,
                new() { ["first_name"] = "A", ["last_name"] = "B", ["email"] = "a@people.example" }, null, default), default);
        });
        Assert.Equal(("medical_history", begun.AddHours(47)), (answered.Step!.Name, answered.ExpiresAt));

        clock.Now = begun.AddHours(47).AddMilliseconds(-1);
        Assert.Equal(0, await With((_, db) => new PromptSessionRetention(db).DeleteExpiredAsync(clock.Now, 100, default), everywhere: true));
        Assert.Equal(id, await With(async (guide, _) => (await guide.FindAsync(id, default)).Session.Id));
        clock.Now = begun.AddHours(47);
        await Assert.ThrowsAsync<NotFound>(() => With((guide, _) => guide.FindAsync(id, default)));
        Assert.Equal(1, await With((_, db) => new PromptSessionRetention(db).DeleteExpiredAsync(clock.Now, 100, default), everywhere: true));

        async Task<T> With<T>(Func<PromptEngine, ChatDb, Task<T>> work, bool everywhere = false)
        {
            var tenancy = new MedCor.Platform.Tenancy.TenantContext();
            if (everywhere) tenancy.Enter(hospital: null);
            else tenancy.Enter(nurse);
            await using var db = new ChatDb(
                new DbContextOptionsBuilder<ChatDb>().UseNpgsql(database).AddInterceptors(new RowLevelSecurityInterceptor(), signal).Options, clock, signal);
            db.Begin(tenancy, new(new DataKeys(database, new DataKeyWrapping("a secret of at least 32 characters!"), clock)));
            return await work(new PromptEngine(db, [new PatientOnboardingPrompt()], null!, new HospitalCopies(db, null!), clock), db);
        }
    }
}

/// <summary>Tests guided prompts while the service that runs them is killed.</summary>
[Collection(nameof(CrashCollection))]
public sealed class PromptSessionCrashTests
{
    [Theory]
    [InlineData("chat-1")]
    [InlineData("clinical-1")]
    public async Task After_any_process_is_killed_a_prompt_continues_and_books_once(string victim)
    {
        var house = await MedCorFixture.Get();
        var ward = await ClinicFixture.Open();
        var talks = new List<PromptClient>();
        foreach (var time in (await ward.FreeTimes()).Take(12))
        {
            var talk = await PromptClient.Start(ward.Nurse, "appointment_booking", new { patient_id = ward.Patient });
            await talk.Answer(new { reason = "Checkup" });
            await talk.Answer(new { doctor_id = ward.Doctor });
            await talk.Answer(new { appointment_date = ward.Weekday(), appointment_time = time });
            talks.Add(talk);
        }

        var (begun, killed) = (0, 0);
        await Parallel.ForEachAsync(talks, new ParallelOptions { MaxDegreeOfParallelism = 3 }, async (talk, _) =>
        {
            if (Interlocked.Increment(ref begun) == 4) killed = house.Kill(victim);
            // The answer names its step, so that a retry cannot answer the next one.
            await Wait.Until(
                async () => (await talk.TryAnswer(new { confirm = true }, step: "confirm_details")).Status is HttpStatusCode.OK or HttpStatusCode.Conflict,
                "the confirmation is taken", TimeSpan.FromSeconds(90));
        });
        await house.WaitUntilRecovered(victim, killed);

        var booked = new List<Guid>();
        foreach (var talk in talks)
        {
            var now = (await talk.Get()).Read<PromptSession>();
            Assert.Equal("send_confirmation", now.Step!.Name);
            booked.Add((Guid)now.Data["appointment_id"]!);
        }
        Assert.Equal(talks.Count, booked.Distinct().Count());
        Assert.Equal(talks.Count, await house.QueryNumber("clinical", "SELECT count(*) FROM appointments WHERE doctor_id = $1", ward.Doctor));
    }
}
