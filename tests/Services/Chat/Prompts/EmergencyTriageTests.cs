using System.Text.Json;
using MedCor.Chat.Prompts;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Hospital;
using MedCor.Contracts.Identity;

namespace MedCor.Tests.Services.Chat.Prompts;

public sealed class EmergencyTriageTests
{
    private const string Prompt = "emergency_triage";
    private static readonly string[] Symptoms = ["chest pain", "shortness of breath"];

    [Theory]
    [InlineData("admin@general.example")]
    [InlineData("doctor@general.example")]
    [InlineData("nurse@general.example")]
    public async Task A_patient_is_triaged_assigned_recorded_and_tracked_until_they_leave(string who)
    {
        var (staff, ward) = (await ApiClient.LogInShared(who), await ClinicFixture.Open());
        await using var colleague = await SseClient.Connect(await ApiClient.LogInShared("doctor@general.example"), "resources=triage");
        await using var patient = await SseClient.Connect(await ward.LogInPatient());
        var talk = await PromptClient.Start(staff, Prompt, new { symptoms = Symptoms });

        await talk.Answer(
            new { age_years = 58, patient_id = ward.Patient, expected_resources = 2, heart_rate = 118, respiratory_rate = 18, oxygen_saturation = 96 });
        var severity = SeverityOf(talk);
        Assert.Equal((2, "Emergent", "D"), (severity.Level, severity.Name, severity.DecisionPoint));
        Assert.Contains("heart rate", severity.Rule);
        Assert.Equal([2], talk.Options.Where(o => (bool)o!["proposed"]!).Select(o => (int)o!["level"]!));
        await talk.Answer(new { level = 2 });
        var emergency = talk.Options[0]!;
        Assert.True((bool)emergency["suggested"]!);
        await talk.Answer(new { department_id = talk.ReadOptions<AssignDepartment>()[0].DepartmentId });
        await talk.Answer(new { });
        await colleague.Next("triage", "created", talk.Id);
        await talk.Answer(new { notes = "Came by taxi" });
        await talk.Answer(new { status = "IN_TREATMENT" });
        Assert.Equal(("track_status", TriageStatus.InTreatment), (talk.Step, talk.ReadData<TriageData>().Status));
        await talk.Answer(new { status = "ADMITTED" });

        Assert.Equal(PromptStatus.Completed, talk.Session.Status);
        await colleague.Next(e => e.EntityId == talk.Id && (string?)e.Data["data"]?["status"] == "ADMITTED");
        var record = await (await ward.LogInPatient()).Call<MedicalRecord>("get_medical_record", new { record_id = talk.ReadData<TriageData>().RecordId });
        Assert.Equal((RecordType.Triage, "chest pain; shortness of breath"), (record.RecordType, record.Symptoms));
        Assert.Null(record.Diagnosis);
        foreach (var told in new[] { "decision point D", "Heart rate per minute: 118", "Came by taxi" }) Assert.Contains(told, record.Description);
        Assert.Null(talk.Data["assessment"]);
        Assert.DoesNotContain(patient.Events, e => e.Resource == "triage");
        // The doctor's stream also contains the responses to the doctor's own tool calls.
        Assert.DoesNotContain(colleague.Events, e => e.Name != "tool_response" && e.Data.ToJsonString().Contains("chest pain", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Another_level_than_the_proposed_one_wants_a_reason()
    {
        var talk = await PromptClient.Start(await ApiClient.LogInShared("nurse@general.example"), Prompt, new { symptoms = Symptoms });
        await talk.Answer(new { age_years = 30, expected_resources = 0, high_risk = false, severe_distress = false });
        Assert.Equal(5, SeverityOf(talk).Level);

        Assert.NotNull((await talk.TryAnswer(new { level = 3 })).Details!["reason"]);
        Assert.NotNull((await talk.TryAnswer(new { level = 6 })).Details!["level"]);
        await talk.Answer(new { level = 3, reason = "Looks ill" });

        var data = talk.ReadData<TriageData>();
        Assert.Equal((3, "Looks ill"), (data.Level, data.OverrideReason));
        Assert.Equal("RESOURCE_NOT_FOUND", (await talk.TryAnswer(new { department_id = Guid.NewGuid() })).Code);
        var elsewhere =
            (await (await ApiClient.LogInShared("nurse@riverside.example")).Call<Page<Department>>("list_departments", new { triage_level = 1 })).Results[0];
        Assert.Equal("RESOURCE_NOT_FOUND", (await talk.TryAnswer(new { department_id = elsewhere.Id })).Code);
    }

    [Fact]
    public async Task A_patient_without_pulse_or_breath_is_not_sent_to_those_who_can_wait()
    {
        var talk = await PromptClient.Start(await ApiClient.LogInShared("nurse@general.example"), Prompt, new { symptoms = Symptoms });

        await talk.Answer(
            new { age_years = 30, expected_resources = 0, heart_rate = 0, respiratory_rate = 0, systolic_blood_pressure = 0, temperature = 20.0 });

        var severity = SeverityOf(talk);
        Assert.Equal((1, "A", "no pulse"), (severity.Level, severity.DecisionPoint, severity.Rule));
        Assert.Equal([1], talk.Options.Where(o => (bool)o!["proposed"]!).Select(o => (int)o!["level"]!));
        await talk.Answer(new { level = 1 });
        Assert.Contains("Emergency", (string)talk.Options[0]!["name"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_observations_are_named()
    {
        var talk = await PromptClient.Start(await ApiClient.LogInShared("nurse@general.example"), Prompt);

        Assert.Equal(["age_years", "expected_resources", "high_risk", "severe_distress", "symptoms"],
            PromptClient.InvalidFields(await talk.TryAnswer(new { })));
        Assert.Equal(["heart_rate", "high_risk", "oxygen_saturation", "respiratory_rate", "severe_distress"],
            PromptClient.InvalidFields(await talk.TryAnswer(new { symptoms = Symptoms, age_years = 30, expected_resources = 2 })));
        // What was not answered is not a no.
        Assert.Equal(["severe_distress"],
            PromptClient.InvalidFields(await talk.TryAnswer(new { symptoms = Symptoms, age_years = 30, expected_resources = 0, high_risk = false })));
        Assert.Equal(["date_of_birth"], PromptClient.InvalidFields(await talk.TryAnswer(new { symptoms = Symptoms, age_years = 0, high_risk = true })));
        Assert.Equal(["heart_rate", "pain"],
            PromptClient.InvalidFields(await talk.TryAnswer(new { symptoms = Symptoms, age_years = 30, pain = 11, heart_rate = -1 })));
        await talk.Answer(new { symptoms = Symptoms, age_years = 30, consciousness = "PAIN" });
        Assert.Equal(1, SeverityOf(talk).Level);
    }

    [Fact]
    public async Task An_unregistered_patient_is_triaged_at_once_and_recorded_after_registration()
    {
        var ward = await ClinicFixture.GetSharedReadOnly();
        var talk = await PromptClient.Start(await ApiClient.LogInShared("nurse@general.example"), Prompt, new { symptoms = Symptoms });
        await talk.Answer(new { age_years = 70, has_pulse = false });
        await talk.Answer(new { level = 1 });
        await talk.Answer(new { department_id = talk.ReadOptions<AssignDepartment>()[0].DepartmentId });
        await talk.Answer(new { });

        Assert.Equal(["patient_id"], PromptClient.InvalidFields(await talk.TryAnswer(new { })));
        Assert.Equal("RESOURCE_NOT_FOUND", (await talk.TryAnswer(new { patient_id = Guid.NewGuid() })).Code);
        await talk.Answer(new { patient_id = ward.Patient });
        Assert.Equal("track_status", talk.Step);
    }

    [Fact]
    public async Task A_registered_patient_is_triaged_by_their_own_age_and_stays_the_one()
    {
        var (nurse, admin) = (await ApiClient.LogInShared("nurse@general.example"), await ApiClient.LogInShared("admin@general.example"));
        var born = DateOnly.FromDateTime(DateTime.UtcNow).AddYears(-68).AddDays(-2);
        var patient = (await admin.Call<User>("create_user", new
        {
            email = $"t{Guid.NewGuid():N}@people.example", password = "Korrekt-Pferd-7", first_name = "Old", last_name = "Patient", role = "PATIENT",
            date_of_birth = ClinicFixture.FormatDate(born)
        })).Id;
        var talk = await PromptClient.Start(nurse, Prompt, new { symptoms = Symptoms, patient_id = patient });

        foreach (var (field, value) in new (string, object)[] { ("age_years", 2), ("date_of_birth", ClinicFixture.FormatDate(born.AddDays(1))), ("patient_id",
            (await ClinicFixture.GetSharedReadOnly()).Patient) })
            Assert.Contains(field, PromptClient.InvalidFields(await talk.TryAnswer(new Dictionary<string, object> { [field] = value, ["high_risk"] = true })));
        // At 68, a heart rate of 118 is in the danger zone; at two it is not.
        await talk.Answer(new { age_years = 68, expected_resources = 2, heart_rate = 118, respiratory_rate = 18, oxygen_saturation = 97 });
        Assert.Equal((2, patient), (SeverityOf(talk).Level, talk.ReadData<TriageData>().PatientId));
    }

    [Fact]
    public async Task A_small_child_with_fever_is_not_triaged_before_the_resources_are_known()
    {
        var talk = await PromptClient.Start(await ApiClient.LogInShared("nurse@general.example"), Prompt, new { symptoms = Symptoms });

        Assert.Equal(["expected_resources"], PromptClient.InvalidFields(await talk.TryAnswer(new
        {
            age_years = 2, temperature = 39.5, heart_rate = 170, respiratory_rate = 60, oxygen_saturation = 97, high_risk = false, severe_distress = false,
        })));
        await talk.Answer(new { age_years = 2, temperature = 39.5, heart_rate = 170, respiratory_rate = 60, oxygen_saturation = 97, expected_resources = 2 });
        Assert.Equal(2, SeverityOf(talk).Level);
    }

    [Fact]
    public async Task The_record_keeps_all_that_was_seen()
    {
        var ward = await ClinicFixture.Open();
        var talk = await PromptClient.Start(await ApiClient.LogInShared("nurse@general.example"), Prompt,
            new { symptoms = Symptoms, patient_id = ward.Patient });
        await talk.Answer(new
        {
            age_years = 5, has_pulse = false, is_breathing = false, consciousness = "VERBAL", life_saving_intervention = true,
            severe_respiratory_distress = true, new_confusion = true, high_risk = true,
            severe_distress = true, pain = 8, expected_resources = 3, heart_rate = 151, respiratory_rate = 42, oxygen_saturation = 88, temperature = 38.4,
            systolic_blood_pressure = 95,
        });
        await talk.Answer(new { level = 1 });
        await talk.Answer(new { department_id = talk.ReadOptions<AssignDepartment>()[0].DepartmentId });
        await talk.Answer(new { });
        await talk.Answer(new { });

        var description = (await ward.Nurse.Call<MedicalRecord>("get_medical_record", new { record_id = talk.ReadData<TriageData>().RecordId })).Description!;
        foreach (var line in new[]
        {
            "Age in years, as reported: 5", "Pulse: none", "Breathing: none", "Life-saving intervention: needed", "Severe respiratory distress: yes",
            "Consciousness (AVPU): Verbal", "New confusion: yes", "High risk: yes",
            "Severe distress: yes", "Pain, 0 to 10: 8", "Expected resources: 3", "Heart rate per minute: 151", "Respiratory rate per minute: 42",
            "Oxygen saturation, %: 88", "Temperature, °C: 38.4", "Systolic blood pressure, mmHg: 95",
        }) Assert.Contains(line, description.Split('\n'));
    }

    [Fact]
    public async Task A_patient_of_another_hospital_cannot_be_triaged()
    {
        var (nurse, stranger) = (await ApiClient.LogInShared("nurse@general.example"), (await ClinicFixture.Open("riverside")).Patient);

        var refused = await PromptClient.Invoke(nurse, new { prompt = Prompt, initial_data = new { symptoms = Symptoms, patient_id = stranger } });

        Assert.Equal(("RESOURCE_NOT_FOUND", "There is no such patient."), (refused.Code, refused.Error.Message));
        Assert.DoesNotContain(await StoredTexts.ReadAll("chat", "prompt_sessions", "data", nurse.HospitalId!.Value),
            data => data.Contains($"{stranger}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_inactive_patient_is_refused_when_they_are_named()
    {
        var (nurse, ward) = (await ApiClient.LogInShared("nurse@general.example"), await ClinicFixture.Open());
        await ward.Admin.Call("delete_user", new { user_id = ward.Patient });

        AssertRefused(await PromptClient.Invoke(nurse, new { prompt = Prompt, initial_data = new { symptoms = Symptoms, patient_id = ward.Patient } }));
        var talk = await PromptClient.Start(nurse, Prompt, new { symptoms = Symptoms });
        AssertRefused(await talk.TryAnswer(new { age_years = 30, has_pulse = false, patient_id = ward.Patient }));
        await talk.Answer(new { age_years = 30, has_pulse = false });
        Assert.Equal("determine_urgency", talk.Step);

        static void AssertRefused(ApiResponse refused) => Assert.Equal(
            ("VALIDATION_ERROR", "is an inactive patient"), (refused.Code, Assert.Single(refused.Details.Strings("patient_id"))));
    }

    [Theory]
    [InlineData("patient@general.example")]
    [InlineData("admin@medcor.example")]
    public async Task Other_roles_cannot_triage(string who) =>
        Assert.Equal("PERMISSION_DENIED", (await PromptClient.Invoke(await ApiClient.LogInShared(who), new { prompt = Prompt })).Code);

    private static Severity SeverityOf(PromptClient talk) => talk.Data["severity"].Deserialize<Severity>(Json.Options)!;
}
