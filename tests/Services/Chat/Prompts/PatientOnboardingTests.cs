using MedCor.Chat.Prompts;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Contracts.Clinical;

namespace MedCor.Tests.Services.Chat.Prompts;

public sealed class PatientOnboardingTests
{
    private const string Prompt = "patient_onboarding";
    private const string Password = "Korrekt-Pferd-9";
    private static readonly string[] Allergies = ["Penicillin", "Latex"];

    [Theory]
    [InlineData("admin@general.example", "ONBOARDING")]
    [InlineData("nurse@general.example", "NURSING_NOTE")]
    public async Task A_patient_is_received_with_account_record_and_first_visit(string who, string recordType)
    {
        var (staff, ward) = (await ApiClient.LogInShared(who), await ClinicFixture.Open());
        var email = $"onboarded-{Guid.NewGuid():N}@people.example";
        var talk = await PromptClient.Start(staff, Prompt, new { hospital_id = staff.HospitalId, referral_source = "website" });

        await talk.Answer(new { first_name = "Juno", last_name = "Newcomer", email, phone_number = "+49-30-1", date_of_birth = "1990-05-04" });
        await talk.Answer(new { allergies = Allergies, family_history = "Diabetes" });
        await talk.Answer(new { provider = "Sickness Fund", policy_number = "A-1" });
        await talk.Answer(new { treatment = true, data_processing = true, reminders = true });
        await talk.Answer(new { password = Password });
        var patient = talk.ReadData<OnboardingData>().PatientId!.Value;
        Assert.All(talk.Options, o => Assert.NotNull(o!["doctor_id"]));
        Assert.Equal(["appointment_date"], PromptClient.InvalidFields(await talk.TryAnswer(new { doctor_id = ward.Doctor, appointment_date = "2020-01-06" })));
        Assert.Equal(["appointment_date"],
            PromptClient.InvalidFields(await talk.TryAnswer(new { doctor_id = ward.Doctor, appointment_date = "2199-01-07", appointment_time = "09:00:00" })));
        await talk.Answer(new { doctor_id = ward.Doctor, appointment_date = ward.Weekday(4) });
        Assert.Equal(("schedule_visit", ward.Weekday(4)), (talk.Step, (string?)talk.Options[0]!["appointment_date"]));
        await talk.Answer(new { doctor_id = ward.Doctor, appointment_date = ward.Weekday(4), appointment_time = "09:00:00" });

        Assert.Equal(PromptStatus.Completed, talk.Session.Status);
        var login = await ApiClient.LogIn(email, Password);
        Assert.Equal(patient, login.Id);
        var record = (await login.Call<Page<MedicalRecord>>("list_medical_records")).Results.Single();
        Assert.Equal(recordType, EnumNames.Of(record.RecordType));
        foreach (var told in new[] { "Penicillin; Latex", "Diabetes", "Sickness Fund, A-1", "treatment given", "research not given", "website" })
            Assert.Contains(told, record.Description);
        Assert.Equal(talk.ReadData<OnboardingData>().AppointmentId, (await login.Call<Page<Appointment>>("list_appointments")).Results.Single().Id);
        Assert.Null(talk.Data["history"]);
    }

    [Fact]
    public async Task The_password_and_what_the_record_says_do_not_stay_in_the_session()
    {
        var house = await MedCorFixture.Get();
        var talk = await AtAccount($"onboarded-{Guid.NewGuid():N}@people.example");

        await talk.Answer(new { password = Password });

        var session = talk.Id;
        Assert.Equal(1, await house.QueryNumber("chat", "SELECT count(*) FROM prompt_sessions WHERE id = $1", session));
        var hospital = (await ApiClient.LogInShared("nurse@general.example")).HospitalId!.Value;
        var data = await StoredTexts.Read("chat", "prompt_sessions", "data", hospital, session);
        Assert.NotNull(data);
        foreach (var secret in new[] { Password, "Penicillin" }) Assert.DoesNotContain(secret, data, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_password_with_the_same_key_is_another_answer()
    {
        var (house, key) = (await MedCorFixture.Get(), Guid.NewGuid().ToString());
        var email = $"onboarded-{Guid.NewGuid():N}@people.example";
        var talk = await AtAccount(email);

        var (first, again) = (await talk.TryAnswer(new { password = Password }, "create_account", key),
            await talk.TryAnswer(new { password = Password }, "create_account", key));
        var other = await talk.TryAnswer(new { password = "Korrekt-Pferd-10" }, "create_account", key);

        Assert.Equal((first.Body.ToJsonString(), true), (again.Body.ToJsonString(), again.IsReplay));
        Assert.Equal(("CONFLICT", "idempotency_key"), (other.Code, (string?)other.Details!["field"]));
        Assert.NotNull(await ApiClient.LogIn(email, Password));
        Assert.Equal(0, await house.QueryNumber("chat", "SELECT count(*) FROM recorded_calls c WHERE position($1 IN c::text) > 0", Password));
    }

    [Fact]
    public async Task Without_the_needed_consents_or_with_a_bad_password_or_address_nobody_is_received()
    {
        const string taken = "patient@general.example";
        var talk = await PromptClient.Start(await ApiClient.LogInShared("nurse@general.example"), Prompt);
        Assert.Equal(["email", "first_name", "last_name"], PromptClient.InvalidFields(await talk.TryAnswer(new { email = "nobody" })));
        await talk.Answer(new { first_name = "Juno", last_name = "Newcomer", email = taken });
        await talk.Answer(new { });
        Assert.Equal(["policy_number"], PromptClient.InvalidFields(await talk.TryAnswer(new { provider = "Sickness Fund" })));
        await talk.Answer(new { });
        Assert.Equal(["data_processing", "treatment"], PromptClient.InvalidFields(await talk.TryAnswer(new { treatment = false, data_processing = false })));
        await talk.Answer(new { treatment = true, data_processing = true });

        Assert.Equal(["password"], PromptClient.InvalidFields(await talk.TryAnswer(new { password = "password1" })));
        var conflict = await talk.TryAnswer(new { password = Password });
        Assert.Equal(("CONFLICT", "email"), (conflict.Code, (string?)conflict.Details!["field"]));
        await talk.Answer(new { password = Password, email = $"onboarded-{Guid.NewGuid():N}@people.example" });
        await talk.Answer(new { });
        Assert.Equal(PromptStatus.Completed, talk.Session.Status);
        Assert.Null(talk.Data["appointment_id"]);
    }

    [Fact]
    public async Task A_patient_without_an_address_is_received_and_does_not_log_in()
    {
        var talk = await AtAccount(email: null);

        Assert.Equal(["password"], PromptClient.InvalidFields(await talk.TryAnswer(new { password = Password })));
        await talk.Answer(new { });

        var nurse = await ApiClient.LogInShared("nurse@general.example");
        Assert.Null((await nurse.Call<Contracts.Identity.Patient>("get_patient", new { patient_id = (Guid)talk.Data["patient_id"]! })).Email);
    }

    [Fact]
    public async Task An_insurance_that_has_run_out_is_refused()
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        object ValidUntil(int fromToday) =>
            new
            {
                provider = "Sickness Fund", policy_number = "A-1",
                valid_until = ClinicFixture.FormatDate(DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(DateTimeOffset.UtcNow, zone).DateTime).AddDays(fromToday))
            };
        var talk = await PromptClient.Start(await ApiClient.LogInShared("nurse@general.example"), Prompt);
        await talk.Answer(new { first_name = "Juno", last_name = "Newcomer", email = $"onboarded-{Guid.NewGuid():N}@people.example" });
        await talk.Answer(new { });

        var refused = await talk.TryAnswer(ValidUntil(-1));

        Assert.Equal(["valid_until"], PromptClient.InvalidFields(refused));
        Assert.Contains("has expired", refused.Details!.ToJsonString(), StringComparison.Ordinal);
        var endless = await talk.TryAnswer(ValidUntil(10 * 366));
        Assert.Equal(["valid_until"], PromptClient.InvalidFields(endless));
        Assert.Contains("omit it for an insurance without an end", endless.Details!.ToJsonString(), StringComparison.Ordinal);
        await talk.Answer(ValidUntil(0));
        Assert.Equal("consents", talk.Step);
    }

    [Fact]
    public async Task A_first_visit_at_a_taken_time_is_refused_with_what_is_free()
    {
        var ward = await ClinicFixture.Open();
        await ward.Book("10:00:00");
        var talk = await AtAccount($"onboarded-{Guid.NewGuid():N}@people.example");
        await talk.Answer(new { password = Password });

        var refused = await talk.TryAnswer(new { doctor_id = ward.Doctor, appointment_date = ward.Weekday(), appointment_time = "10:00:00" });

        Assert.Equal("CONFLICT", refused.Code);
        Assert.NotEmpty(refused.Details!["alternatives"]!.AsArray());
        await talk.Answer(new { doctor_id = ward.Doctor, appointment_date = ward.Weekday(), appointment_time = "10:30:00" });
        Assert.Equal(PromptStatus.Completed, talk.Session.Status);
    }

    [Theory]
    [InlineData("doctor@general.example")]
    [InlineData("patient@general.example")]
    [InlineData("admin@medcor.example")]
    public async Task Other_roles_cannot_onboard_patients(string who) =>
        Assert.Equal("PERMISSION_DENIED", (await PromptClient.Invoke(await ApiClient.LogInShared(who), new { prompt = Prompt })).Code);

    private static async Task<PromptClient> AtAccount(string? email)
    {
        var talk = await PromptClient.Start(await ApiClient.LogInShared("nurse@general.example"), Prompt);
        if (email is null) await talk.Answer(new { first_name = "Juno", last_name = "Newcomer" });
        else await talk.Answer(new { first_name = "Juno", last_name = "Newcomer", email });
        await talk.Answer(new { allergies = Allergies });
        await talk.Answer(new { });
        await talk.Answer(new { treatment = true, data_processing = true });
        return talk;
    }
}
