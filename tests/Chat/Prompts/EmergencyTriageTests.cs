using MedCor.Tests.Clinical;
using MedCor.Tests.EndToEnd;

namespace MedCor.Tests.Chat.Prompts;

public sealed class EmergencyTriageTests
{
    private const string Prompt = "emergency_triage";
    private static readonly string[] Symptoms = ["chest pain", "shortness of breath"];

    [Theory]
    [InlineData("admin@general.example")]
    [InlineData("doctor@general.example")]
    [InlineData("nurse@general.example")]
    public async Task Somebody_is_triaged_sent_recorded_and_followed_until_they_leave(string who)
    {
        var (staff, ward) = (await Client.Shared(who), await Ward.Open());
        await using var colleague = await Listener.Of(await Client.Shared("doctor@general.example"), "resources=triage");
        await using var patient = await Listener.Of(await ward.AsPatient());
        var talk = await Conversation.Begin(staff, Prompt, new { symptoms = Symptoms });

        await talk.Say(new { age_years = 58, patient_id = ward.Patient, expected_resources = 2, heart_rate = 118, respiratory_rate = 18, oxygen_saturation = 96 });
        var severity = talk.Data["severity"]!;
        Assert.Equal((2, "Emergent", "D"), ((int)severity["level"]!, (string?)severity["name"], (string?)severity["decision_point"]));
        Assert.Contains("heart rate", (string)severity["rule"]!);
        Assert.Equal([2], talk.Options.Where(o => (bool)o!["proposed"]!).Select(o => (int)o!["level"]!));
        await talk.Say(new { level = 2 });
        var emergency = talk.Options[0]!;
        Assert.True((bool)emergency["suggested"]!);
        await talk.Say(new { department_id = (string?)emergency["department_id"] });
        await talk.Say(new { });
        await colleague.Next("triage", "created", Guid.Parse(talk.Id));
        await talk.Say(new { notes = "Came by taxi" });
        await talk.Say(new { status = "IN_TREATMENT" });
        Assert.Equal(("track_status", "IN_TREATMENT"), (talk.Step, (string?)talk.Data["status"]));
        await talk.Say(new { status = "ADMITTED" });

        Assert.Equal("COMPLETED", (string?)talk.State["status"]);
        await colleague.Next(e => (string?)e.Data["data"]?["id"] == talk.Id && (string?)e.Data["data"]?["status"] == "ADMITTED");
        var record = await (await ward.AsPatient()).Do("get_medical_record", new { record_id = (string?)talk.Data["record_id"] });
        Assert.Equal(("TRIAGE", "chest pain; shortness of breath"), ((string?)record["record_type"], (string?)record["symptoms"]));
        Assert.Null(record["diagnosis"]);
        foreach (var told in new[] { "decision point D", "Heart rate per minute: 118", "Came by taxi" }) Assert.Contains(told, (string)record["description"]!);
        Assert.Null(talk.Data["assessment"]);
        Assert.DoesNotContain(patient.All, e => (string?)e.Data["resource"] == "triage");
        // The doctor hears, besides, what the tools answer to themselves.
        Assert.DoesNotContain(colleague.All, e => e.Name != "tool_response" && e.Data.ToJsonString().Contains("chest pain", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Another_level_than_the_proposed_one_wants_a_reason()
    {
        var talk = await Conversation.Begin(await Client.Shared("nurse@general.example"), Prompt, new { symptoms = Symptoms });
        await talk.Say(new { age_years = 30, expected_resources = 0 });
        Assert.Equal(5, (int)talk.Data["severity"]!["level"]!);

        Assert.NotNull((await talk.Try(new { level = 3 })).Details!["reason"]);
        Assert.NotNull((await talk.Try(new { level = 6 })).Details!["level"]);
        await talk.Say(new { level = 3, reason = "Looks ill" });

        Assert.Equal((3, "Looks ill"), ((int)talk.Data["level"]!, (string?)talk.Data["override_reason"]));
        Assert.Equal("RESOURCE_NOT_FOUND", (await talk.Try(new { department_id = Guid.NewGuid() })).Code);
        var elsewhere = (await (await Client.Shared("nurse@riverside.example")).Do("list_departments", new { triage_level = 1 }))["results"]![0]!;
        Assert.Equal("RESOURCE_NOT_FOUND", (await talk.Try(new { department_id = (string?)elsewhere["id"] })).Code);
    }

    [Fact]
    public async Task What_the_rules_still_need_is_named()
    {
        var talk = await Conversation.Begin(await Client.Shared("nurse@general.example"), Prompt);

        Assert.Equal(["age_years", "expected_resources", "symptoms"], Conversation.BadFields(await talk.Try(new { })));
        Assert.Equal(["heart_rate", "oxygen_saturation", "respiratory_rate"], Conversation.BadFields(await talk.Try(new { symptoms = Symptoms, age_years = 30, expected_resources = 2 })));
        Assert.Equal(["date_of_birth"], Conversation.BadFields(await talk.Try(new { symptoms = Symptoms, age_years = 0, high_risk = true })));
        Assert.Equal(["heart_rate", "pain"], Conversation.BadFields(await talk.Try(new { symptoms = Symptoms, age_years = 30, pain = 11, heart_rate = -1 })));
        await talk.Say(new { symptoms = Symptoms, age_years = 30, consciousness = "PAIN" });
        Assert.Equal(1, (int)talk.Data["severity"]!["level"]!);
    }

    [Fact]
    public async Task Who_is_not_registered_is_triaged_at_once_and_recorded_when_they_are()
    {
        var ward = await Ward.ToLookAt();
        var talk = await Conversation.Begin(await Client.Shared("nurse@general.example"), Prompt, new { symptoms = Symptoms });
        await talk.Say(new { age_years = 70, has_pulse = false });
        await talk.Say(new { level = 1 });
        await talk.Say(new { department_id = (string?)talk.Options[0]!["department_id"] });
        await talk.Say(new { });

        Assert.Equal(["patient_id"], Conversation.BadFields(await talk.Try(new { })));
        Assert.Equal("RESOURCE_NOT_FOUND", (await talk.Try(new { patient_id = Guid.NewGuid() })).Code);
        await talk.Say(new { patient_id = ward.Patient });
        Assert.Equal("track_status", talk.Step);
    }

    [Fact]
    public async Task A_registered_patient_is_triaged_by_their_own_age_and_stays_the_one()
    {
        var (nurse, admin) = (await Client.Shared("nurse@general.example"), await Client.Shared("admin@general.example"));
        var born = DateOnly.FromDateTime(DateTime.UtcNow).AddYears(-68).AddDays(-2);
        var patient = (string?)(await admin.Do("create_user", new { email = $"t{Guid.NewGuid():N}@people.example", password = "Korrekt-Pferd-7", first_name = "Old", last_name = "Patient", role = "PATIENT", date_of_birth = Ward.Text(born) }))["id"];
        var talk = await Conversation.Begin(nurse, Prompt, new { symptoms = Symptoms, patient_id = patient });

        foreach (var (field, value) in new (string, object)[] { ("age_years", 2), ("date_of_birth", Ward.Text(born.AddDays(1))), ("patient_id", (await Ward.ToLookAt()).Patient) })
            Assert.Contains(field, Conversation.BadFields(await talk.Try(new Dictionary<string, object> { [field] = value, ["high_risk"] = true })));
        // At 68 a heart rate of 118 is in the danger zone; at two it is not.
        await talk.Say(new { age_years = 68, expected_resources = 2, heart_rate = 118, respiratory_rate = 18, oxygen_saturation = 97 });
        Assert.Equal((2, patient), ((int)talk.Data["severity"]!["level"]!, (string?)talk.Data["patient_id"]));
    }

    [Fact]
    public async Task A_small_child_with_fever_is_not_triaged_before_the_resources_are_known()
    {
        var talk = await Conversation.Begin(await Client.Shared("nurse@general.example"), Prompt, new { symptoms = Symptoms });

        Assert.Equal(["expected_resources"], Conversation.BadFields(await talk.Try(new { age_years = 2, temperature = 39.5, heart_rate = 200, respiratory_rate = 60, oxygen_saturation = 97 })));
        await talk.Say(new { age_years = 2, temperature = 39.5, heart_rate = 200, respiratory_rate = 60, oxygen_saturation = 97, expected_resources = 2 });
        Assert.Equal(2, (int)talk.Data["severity"]!["level"]!);
    }

    [Fact]
    public async Task The_record_keeps_all_that_was_seen()
    {
        var ward = await Ward.Open();
        var talk = await Conversation.Begin(await Client.Shared("nurse@general.example"), Prompt, new { symptoms = Symptoms, patient_id = ward.Patient });
        await talk.Say(new
        {
            age_years = 5, has_pulse = false, is_breathing = false, consciousness = "VERBAL", life_saving_intervention = true, severe_respiratory_distress = true, new_confusion = true, high_risk = true,
            severe_distress = true, pain = 8, expected_resources = 3, heart_rate = 151, respiratory_rate = 42, oxygen_saturation = 88, temperature = 38.4, systolic_blood_pressure = 95,
        });
        await talk.Say(new { level = 1 });
        await talk.Say(new { department_id = (string?)talk.Options[0]!["department_id"] });
        await talk.Say(new { });
        await talk.Say(new { });

        var description = (string)(await ward.Nurse.Do("get_medical_record", new { record_id = (string?)talk.Data["record_id"] }))["description"]!;
        foreach (var line in new[]
        {
            "Age in years, as told: 5", "Pulse: none", "Breathing: none", "Life-saving intervention: needed", "Severe respiratory distress: yes", "Consciousness (AVPU): Verbal", "New confusion: yes", "High risk: yes",
            "Severe distress: yes", "Pain, 0 to 10: 8", "Expected resources: 3", "Heart rate per minute: 151", "Respiratory rate per minute: 42", "Oxygen saturation, %: 88", "Temperature, °C: 38.4",
            "Systolic blood pressure, mmHg: 95",
        }) Assert.Contains(line, description.Split('\n'));
    }

    [Fact]
    public async Task Of_a_patient_of_another_hospital_nothing_is_begun()
    {
        var (nurse, stranger) = (await Client.Shared("nurse@general.example"), (await Ward.Open("riverside")).Patient);

        var refused = await Conversation.Invoke(nurse, new { prompt = Prompt, initial_data = new { symptoms = Symptoms, patient_id = stranger } });

        Assert.Equal(("RESOURCE_NOT_FOUND", "There is no such patient."), (refused.Code, (string?)refused.Body["error"]!["message"]));
        Assert.Equal(0, await (await RunningHouse.Get()).Count("chat", "SELECT count(*) FROM prompt_sessions WHERE data::text LIKE '%' || $1::text || '%'", stranger));
    }

    [Theory]
    [InlineData("patient@general.example")]
    [InlineData("admin@medcor.example")]
    public async Task Nobody_else_triages(string who) =>
        Assert.Equal("PERMISSION_DENIED", (await Conversation.Invoke(await Client.Shared(who), new { prompt = Prompt })).Code);
}
