using System.Net;
using MedCor.Chat.Prompts;
using MedCor.Contracts.Chat;
using MedCor.Contracts.Clinical;
using MedCor.DemoData;

namespace MedCor.Tests.Services.Chat.Prompts;

public sealed class AppointmentBookingTests
{
    private const string Prompt = "appointment_booking";

    [Theory]
    [InlineData("admin@general.example")]
    [InlineData("doctor@general.example")]
    [InlineData("nurse@general.example")]
    public async Task Staff_book_in_six_steps_and_the_patient_hears_of_it(string who)
    {
        var ward = await ClinicFixture.Open();
        await using var listener = await SseClient.Connect(await ward.LogInPatient(), "resources=confirmations");
        var talk = await PromptClient.Start(await ApiClient.LogInShared(who), Prompt, new { preferred_date = ward.Weekday() });

        Assert.Equal(("select_patient", 1, 6), (talk.Step, talk.Session.Step!.Index, talk.Session.Step.Of));
        Assert.Equal("object", (string?)talk.Session.Step.InputSchema["type"]);
        await talk.Answer(new { search = ward.PatientEmail });
        Assert.Equal([ward.Patient], talk.ReadOptions<SelectPatient>().Select(o => o.PatientId!.Value));
        await talk.Answer(new { patient_id = ward.Patient });
        Assert.Contains("Cardiology", talk.Options.Select(o => (string?)o!["name"]));
        await talk.Answer(new { reason = "Palpitations" });
        Assert.All(talk.Options, o => Assert.NotNull(o!["doctor_id"]));
        await talk.Answer(new { doctor_id = ward.Doctor });
        Assert.Equal((ward.Weekday(), "09:00:00"), ((string?)talk.Options[0]!["appointment_date"], (string?)talk.Options[0]!["appointment_time"]));
        await talk.Answer(new { appointment_date = ward.Weekday(), appointment_time = "10:00:00" });
        await talk.Answer(new { confirm = true, notes = "Brings a list of medications" });
        await talk.Answer(new { });

        Assert.Equal(PromptStatus.Completed, talk.Session.Status);
        Assert.Null(talk.Session.Step);
        var appointment = talk.ReadData<AppointmentBookingData>().AppointmentId!.Value;
        var booked = await ward.Nurse.Call<Appointment>("get_appointment", new { appointment_id = appointment });
        Assert.Equal(("Palpitations", new TimeOnly(10, 0), "Brings a list of medications"), (booked.Reason, booked.AppointmentTime, booked.Notes));
        await listener.Next("confirmations", "created", appointment);
        Assert.Equal("CONFLICT", (await talk.TryAnswer(new { })).Code);
    }

    [Fact]
    public async Task Patients_book_for_themselves_and_are_not_asked_who_they_are()
    {
        var ward = await ClinicFixture.Open();
        var patient = await ward.LogInPatient();

        var talk = await PromptClient.Start(patient, Prompt);
        Assert.Equal("describe_concern", talk.Step);
        await talk.Answer(new { reason = "Checkup" });
        await talk.Answer(new { doctor_id = ward.Doctor });
        await talk.Answer(new { appointment_date = ward.Weekday(2) });
        Assert.All(talk.Options, o => Assert.Equal(ward.Weekday(2), (string?)o!["appointment_date"]));
        await talk.Answer(new { appointment_date = ward.Weekday(2), appointment_time = "11:30:00" });
        await talk.Answer(new { confirm = true });
        await talk.Answer(new { });
        Assert.Equal(ward.Patient, talk.ReadData<AppointmentBookingData>().Confirmation!.PatientId);

        var forAnother = await PromptClient.Invoke(patient, new { prompt = Prompt, initial_data = new { patient_id = await ward.CreatePatient() } });
        Assert.Equal((HttpStatusCode.NotFound, "RESOURCE_NOT_FOUND"), (forAnother.Status, forAnother.Code));
    }

    [Fact]
    public async Task An_inactive_patient_is_refused_when_they_are_named()
    {
        var ward = await ClinicFixture.Open();
        await ward.Admin.Call("delete_user", new { user_id = ward.Patient });

        var named = await PromptClient.Invoke(ward.Nurse, new { prompt = Prompt, initial_data = new { patient_id = ward.Patient } });
        var talk = await PromptClient.Start(ward.Nurse, Prompt);
        var chosen = await talk.TryAnswer(new { patient_id = ward.Patient });

        Assert.All([named, chosen], refused => Assert.Equal(
            ("VALIDATION_ERROR", "is an inactive patient"), (refused.Code, Assert.Single(refused.Details.Strings("patient_id")))));
        Assert.Equal("select_patient", talk.Step);
    }

    [Fact]
    public async Task Patients_hold_no_more_bookings_this_way_than_any_other()
    {
        var ward = await ClinicFixture.Open();
        var patient = await ward.LogInPatient();
        var own = new List<Guid>();
        for (var i = 1; i <= 3; i++) own.Add((await patient.Call<Appointment>("create_appointment", ward.BookingRequest("10:00:00", ward.Weekday(i)))).Id);
        var talk = await PromptClient.Start(patient, Prompt);
        await talk.Answer(new { reason = "Checkup" });
        await talk.Answer(new { doctor_id = ward.Doctor });
        await talk.Answer(new { appointment_date = ward.Weekday(4), appointment_time = "11:30:00" });

        var fourth = await talk.TryAnswer(new { confirm = true });

        Assert.Equal(("CONFLICT", 3), (fourth.Code, (int?)fourth.Details!["max_open_patient_bookings"]));
        await patient.Call("update_appointment_status", new { appointment_id = own[0], status = "CANCELLED", notes = "Another day" });
        await talk.Answer(new { confirm = true });
        Assert.Equal("send_confirmation", talk.Step);
    }

    [Fact]
    public async Task The_platform_says_in_which_hospital_and_books_there()
    {
        var ward = await ClinicFixture.Open();
        var platform = await ApiClient.LogInShared("admin@medcor.example");
        Assert.NotNull((await PromptClient.Invoke(platform, new { prompt = Prompt })).Details!["hospital_id"]);

        var talk = await PromptClient.Start(platform, Prompt, new { hospital_id = ward.Admin.HospitalId, patient_id = ward.Patient });
        await talk.Answer(new { reason = "Checkup" });
        await talk.Answer(new { doctor_id = ward.Doctor });
        await talk.Answer(new { appointment_date = ward.Weekday(3), appointment_time = "09:30:00" });
        await talk.Answer(new { confirm = true });
        Assert.Equal("send_confirmation", talk.Step);
    }

    [Fact]
    public async Task The_doctor_with_the_earliest_free_slot_is_recommended()
    {
        var talk = await PromptClient.Start(await ApiClient.LogInShared("patient@riverside.example"), Prompt);
        var dermatology = DemoTenants.Specialties.Single(s => s.Code == "DERM").Id;
        await talk.Answer(new { reason = "A rash", specialty_id = dermatology });
        Assert.All(talk.Options, o => Assert.Contains("Dermatology", o!["specialties"]!.AsArray().Select(s => (string?)s)));

        var offered = talk.ReadOptions<ChooseDoctor>().Select(o => o.DoctorId).ToArray();

        await talk.Answer(new { recommend = true });

        Assert.Equal("pick_time", talk.Step);
        Assert.Contains(talk.ReadData<AppointmentBookingData>().DoctorId, offered);
        Assert.NotEmpty(talk.Options);
    }

    [Fact]
    public async Task A_time_that_was_taken_meanwhile_leads_back_to_the_choice_with_what_is_free()
    {
        var ward = await ClinicFixture.Open();
        var talk = await AtConfirmation(ward, "14:00:00");
        await ward.Book("14:00:00", patient: await ward.CreatePatient());

        await talk.Answer(new { confirm = true });

        Assert.Equal("pick_time", talk.Step);
        Assert.NotEmpty(talk.Session.Step!.Notice!);
        var nearest = talk.ReadOptions<FreeSlot>()[0];
        Assert.Contains(nearest.AppointmentTime, (TimeOnly[])[new(13, 30), new(14, 30)]);
        Assert.Equal(talk.Options.ToJsonString(), (await talk.Get()).Read<PromptSession>().Step!.Options!.ToJsonString());
        await talk.Answer(new { appointment_date = nearest.AppointmentDate, appointment_time = nearest.AppointmentTime });
        await talk.Answer(new { confirm = true });
        Assert.Equal("send_confirmation", talk.Step);
    }

    [Fact]
    public async Task Every_bad_answer_is_named_and_the_prompt_stays_where_it_is()
    {
        var ward = await ClinicFixture.GetSharedReadOnly();
        var talk = await PromptClient.Start(ward.Nurse, Prompt);

        async Task Refused(object input, string code, params string[] fields)
        {
            var answer = await talk.TryAnswer(input);
            Assert.Equal(code, answer.Code);
            foreach (var field in fields) Assert.NotNull(answer.Details![field]);
            Assert.Equal(talk.Step, (await talk.Get()).Read<PromptSession>().Step!.Name);
        }

        await Refused(new { }, "VALIDATION_ERROR", "patient_id");
        await Refused(new { patient_id = "x", colour = "red" }, "VALIDATION_ERROR", "patient_id", "colour");
        await Refused(new { patient_id = Guid.NewGuid() }, "RESOURCE_NOT_FOUND");
        await talk.Answer(new { patient_id = ward.Patient });
        await Refused(new { reason = "" }, "VALIDATION_ERROR", "reason");
        await Refused(new { reason = "x", specialty_id = Guid.NewGuid() }, "RESOURCE_NOT_FOUND");
        await talk.Answer(new { reason = "x" });
        await Refused(new { }, "VALIDATION_ERROR", "doctor_id");
        await Refused(new { doctor_id = Guid.NewGuid() }, "RESOURCE_NOT_FOUND");
        await talk.Answer(new { doctor_id = ward.Doctor });
        await Refused(new { appointment_time = "10:00:00" }, "VALIDATION_ERROR", "appointment_date");
        await Refused(new { appointment_date = ward.Weekday(), appointment_time = "03:00:00" }, "CONFLICT", "alternatives");
        await talk.Answer(new { appointment_date = ward.Weekday(), appointment_time = "10:00:00" });
        await Refused(new { confirm = false }, "VALIDATION_ERROR", "confirm");
    }

    [Fact]
    public async Task A_day_that_cannot_be_booked_is_refused_where_it_is_named_in_the_words_of_a_booking()
    {
        var ward = await ClinicFixture.GetSharedReadOnly();
        var today = DateOnly.FromDateTime(DateTime.UtcNow);
        foreach (var (day, clue) in new[] { (today.AddDays(-2), "is past"), (today.AddYears(3), "is too far ahead; the last day that can be booked is ") })
        {
            var booked = await ward.Nurse.TryCall("create_appointment",
                new { patient_id = ward.Patient, doctor_id = ward.Doctor, appointment_date = day, appointment_time = "10:00:00", reason = "x" });
            var wrong = booked.Details.Strings("appointment_date")[0];
            Assert.StartsWith(clue, wrong, StringComparison.Ordinal);

            var begun = await PromptClient.Invoke(ward.Nurse, new { prompt = Prompt, initial_data = new { preferred_date = day } });
            Assert.Equal(("VALIDATION_ERROR", wrong), (begun.Code, begun.Details.Strings("preferred_date")[0]));

            var talk = await PromptClient.Start(ward.Nurse, Prompt, new { patient_id = ward.Patient });
            await talk.Answer(new { reason = "x" });
            await talk.Answer(new { doctor_id = ward.Doctor });
            foreach (var answer in new object[] { new { appointment_date = day }, new { appointment_date = day, appointment_time = "10:00:00" } })
            {
                var refused = await talk.TryAnswer(answer);
                Assert.Equal(("VALIDATION_ERROR", wrong), (refused.Code, refused.Details.Strings("appointment_date")[0]));
            }
        }
    }

    [Fact]
    public async Task Unsettled_steps_can_be_answered_again_and_settled_ones_cannot()
    {
        var ward = await ClinicFixture.Open();
        var talk = await AtConfirmation(ward, "15:00:00");

        var again = (await talk.TryAnswer(new { reason = "Something else" }, step: "describe_concern")).Read<PromptSession>();
        Assert.Equal(("choose_doctor", "Something else"), (again.Step!.Name, (string?)again.Data["reason"]));
        Assert.Equal("CONFLICT", (await talk.TryAnswer(new { confirm = true }, step: "confirm_details")).Code);
        Assert.NotNull((await talk.TryAnswer(new { }, step: "nonsense")).Details!["step"]);
        await talk.Answer(new { doctor_id = ward.Doctor });
        await talk.Answer(new { appointment_date = ward.Weekday(), appointment_time = "15:00:00" });
        await talk.Answer(new { confirm = true });

        Assert.Equal("CONFLICT", (await talk.TryAnswer(new { reason = "Too late" }, step: "describe_concern")).Code);
    }

    /// <summary>Starts a booking, by default as the nurse, and proceeds to its confirmation.</summary>
    internal static async Task<PromptClient> AtConfirmation(ClinicFixture ward, string time, ApiClient? by = null)
    {
        var talk = await PromptClient.Start(by ?? ward.Nurse, Prompt, new { patient_id = ward.Patient });
        await talk.Answer(new { reason = "Checkup" });
        await talk.Answer(new { doctor_id = ward.Doctor });
        await talk.Answer(new { appointment_date = ward.Weekday(), appointment_time = time });
        Assert.Equal("confirm_details", talk.Step);
        return talk;
    }
}
