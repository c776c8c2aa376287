using System.Net;
using MedCor.Tests.Clinical;
using MedCor.Tests.EndToEnd;

namespace MedCor.Tests.Chat.Prompts;

public sealed class AppointmentBookingTests
{
    private const string Prompt = "appointment_booking";

    [Theory]
    [InlineData("admin@general.example")]
    [InlineData("doctor@general.example")]
    [InlineData("nurse@general.example")]
    public async Task Staff_book_in_six_steps_and_the_patient_hears_of_it(string who)
    {
        var ward = await Ward.Open();
        await using var listener = await Listener.Of(await ward.AsPatient(), "resources=confirmations");
        var talk = await Conversation.Begin(await Client.Shared(who), Prompt, new { preferred_date = ward.Day() });

        Assert.Equal(("select_patient", 1, 6), (talk.Step, (int)talk.State["step"]!["index"]!, (int)talk.State["step"]!["of"]!));
        Assert.Equal("object", (string?)talk.State["step"]!["input_schema"]!["type"]);
        await talk.Say(new { search = ward.PatientEmail });
        Assert.Equal([ward.Patient.ToString()], talk.Options.Select(o => (string?)o!["patient_id"]));
        await talk.Say(new { patient_id = ward.Patient });
        Assert.Contains("Cardiology", talk.Options.Select(o => (string?)o!["name"]));
        await talk.Say(new { reason = "Palpitations" });
        Assert.All(talk.Options, o => Assert.NotNull(o!["doctor_id"]));
        await talk.Say(new { doctor_id = ward.Doctor });
        Assert.Equal((ward.Day(), "09:00:00"), ((string?)talk.Options[0]!["appointment_date"], (string?)talk.Options[0]!["appointment_time"]));
        await talk.Say(new { appointment_date = ward.Day(), appointment_time = "10:00:00" });
        await talk.Say(new { confirm = true, notes = "Brings a list of medications" });
        await talk.Say(new { });

        Assert.Equal("COMPLETED", (string?)talk.State["status"]);
        Assert.Null(talk.State["step"]);
        var appointment = (string)talk.Data["appointment_id"]!;
        var booked = await ward.Nurse.Do("get_appointment", new { appointment_id = appointment });
        Assert.Equal(("Palpitations", "10:00:00", "Brings a list of medications"), ((string?)booked["reason"], (string?)booked["appointment_time"], (string?)booked["notes"]));
        await listener.Next("confirmations", "created", Guid.Parse(appointment));
        Assert.Equal("CONFLICT", (await talk.Try(new { })).Code);
    }

    [Fact]
    public async Task Patients_book_for_themselves_and_are_not_asked_who_they_are()
    {
        var ward = await Ward.Open();
        var patient = await ward.AsPatient();

        var talk = await Conversation.Begin(patient, Prompt);
        Assert.Equal("describe_concern", talk.Step);
        await talk.Say(new { reason = "Checkup" });
        await talk.Say(new { doctor_id = ward.Doctor });
        await talk.Say(new { appointment_date = ward.Day(2) });
        Assert.All(talk.Options, o => Assert.Equal(ward.Day(2), (string?)o!["appointment_date"]));
        await talk.Say(new { appointment_date = ward.Day(2), appointment_time = "11:30:00" });
        await talk.Say(new { confirm = true });
        await talk.Say(new { });
        Assert.Equal(ward.Patient.ToString(), (string?)talk.Data["confirmation"]!["patient_id"]);

        var forAnother = await Conversation.Invoke(patient, new { prompt = Prompt, initial_data = new { patient_id = await ward.NewPatient() } });
        Assert.Equal((HttpStatusCode.NotFound, "RESOURCE_NOT_FOUND"), (forAnother.Status, forAnother.Code));
    }

    [Fact]
    public async Task Patients_hold_no_more_bookings_this_way_than_any_other()
    {
        var ward = await Ward.Open();
        var patient = await ward.AsPatient();
        var own = new List<string>();
        for (var i = 1; i <= 3; i++) own.Add((string)(await patient.Do("create_appointment", ward.Wish("10:00:00", ward.Day(i))))["id"]!);
        var talk = await Conversation.Begin(patient, Prompt);
        await talk.Say(new { reason = "Checkup" });
        await talk.Say(new { doctor_id = ward.Doctor });
        await talk.Say(new { appointment_date = ward.Day(4), appointment_time = "11:30:00" });

        var fourth = await talk.Try(new { confirm = true });

        Assert.Equal(("CONFLICT", 3), (fourth.Code, (int?)fourth.Details!["max_open_patient_bookings"]));
        await patient.Do("update_appointment_status", new { appointment_id = own[0], status = "CANCELLED", notes = "Another day" });
        await talk.Say(new { confirm = true });
        Assert.Equal("send_confirmation", talk.Step);
    }

    [Fact]
    public async Task The_platform_says_in_which_hospital_and_books_there()
    {
        var ward = await Ward.Open();
        var platform = await Client.Shared("admin@medcor.example");
        Assert.NotNull((await Conversation.Invoke(platform, new { prompt = Prompt })).Details!["hospital_id"]);

        var talk = await Conversation.Begin(platform, Prompt, new { hospital_id = ward.Admin.HospitalId, patient_id = ward.Patient });
        await talk.Say(new { reason = "Checkup" });
        await talk.Say(new { doctor_id = ward.Doctor });
        await talk.Say(new { appointment_date = ward.Day(3), appointment_time = "09:30:00" });
        await talk.Say(new { confirm = true });
        Assert.Equal("send_confirmation", talk.Step);
    }

    [Fact]
    public async Task Who_is_free_first_is_recommended()
    {
        var talk = await Conversation.Begin(await Client.Shared("patient@riverside.example"), Prompt);
        var dermatology = (await (await Client.Shared("patient@riverside.example")).Do("list_specialties", new { search = "DERM" }))["results"]![0]!;
        await talk.Say(new { reason = "A rash", specialty_id = (string?)dermatology["id"] });
        Assert.All(talk.Options, o => Assert.Contains("Dermatology", o!["specialties"]!.AsArray().Select(s => (string?)s)));

        var offered = talk.Options.Select(o => (string?)o!["doctor_id"]).ToArray();

        await talk.Say(new { recommend = true });

        Assert.Equal("pick_time", talk.Step);
        Assert.Contains((string?)talk.Data["doctor_id"], offered);
        Assert.NotEmpty(talk.Options);
    }

    [Fact]
    public async Task A_time_that_was_taken_meanwhile_leads_back_to_the_choice_with_what_is_free()
    {
        var ward = await Ward.Open();
        var talk = await AtConfirmation(ward, "14:00:00");
        await ward.Book("14:00:00", patient: await ward.NewPatient());

        await talk.Say(new { confirm = true });

        Assert.Equal("pick_time", talk.Step);
        Assert.NotEmpty((string)talk.State["step"]!["notice"]!);
        var nearest = talk.Options[0]!;
        Assert.True((string?)nearest["appointment_time"] is "13:30:00" or "14:30:00", nearest.ToJsonString());
        Assert.Equal(talk.Options.ToJsonString(), (await talk.Look()).Body["step"]!["options"]!.ToJsonString());
        await talk.Say(new { appointment_date = (string?)nearest["appointment_date"], appointment_time = (string?)nearest["appointment_time"] });
        await talk.Say(new { confirm = true });
        Assert.Equal("send_confirmation", talk.Step);
    }

    [Fact]
    public async Task Every_bad_answer_is_named_and_the_prompt_stays_where_it_is()
    {
        var ward = await Ward.ToLookAt();
        var talk = await Conversation.Begin(ward.Nurse, Prompt);

        async Task Refused(object input, string code, params string[] fields)
        {
            var answer = await talk.Try(input);
            Assert.Equal(code, answer.Code);
            foreach (var field in fields) Assert.NotNull(answer.Details![field]);
            Assert.Equal(talk.Step, (string?)(await talk.Look()).Body["step"]!["name"]);
        }

        await Refused(new { }, "VALIDATION_ERROR", "patient_id");
        await Refused(new { patient_id = "x", colour = "red" }, "VALIDATION_ERROR", "patient_id", "colour");
        await Refused(new { patient_id = Guid.NewGuid() }, "RESOURCE_NOT_FOUND");
        await talk.Say(new { patient_id = ward.Patient });
        await Refused(new { reason = "" }, "VALIDATION_ERROR", "reason");
        await Refused(new { reason = "x", specialty_id = Guid.NewGuid() }, "RESOURCE_NOT_FOUND");
        await talk.Say(new { reason = "x" });
        await Refused(new { }, "VALIDATION_ERROR", "doctor_id");
        await Refused(new { doctor_id = Guid.NewGuid() }, "RESOURCE_NOT_FOUND");
        await talk.Say(new { doctor_id = ward.Doctor });
        await Refused(new { appointment_time = "10:00:00" }, "VALIDATION_ERROR", "appointment_date");
        await Refused(new { appointment_date = ward.Day(), appointment_time = "03:00:00" }, "CONFLICT", "alternatives");
        await talk.Say(new { appointment_date = ward.Day(), appointment_time = "10:00:00" });
        await Refused(new { confirm = false }, "VALIDATION_ERROR", "confirm");
    }

    [Fact]
    public async Task A_day_that_cannot_be_booked_is_refused_where_it_is_named_in_the_words_of_a_booking()
    {
        var ward = await Ward.ToLookAt();
        var today = DateOnly.FromDateTime(DateTime.UtcNow);
        foreach (var (day, clue) in new[] { (today.AddDays(-2), "is past"), (today.AddYears(3), "is too far ahead; the last day that can be booked is ") })
        {
            var booked = await ward.Nurse.Call("create_appointment", new { patient_id = ward.Patient, doctor_id = ward.Doctor, appointment_date = day, appointment_time = "10:00:00", reason = "x" });
            var wrong = (string)booked.Details!["appointment_date"]![0]!;
            Assert.StartsWith(clue, wrong, StringComparison.Ordinal);

            var begun = await Conversation.Invoke(ward.Nurse, new { prompt = Prompt, initial_data = new { preferred_date = day } });
            Assert.Equal(("VALIDATION_ERROR", wrong), (begun.Code, (string?)begun.Details!["preferred_date"]![0]));

            var talk = await Conversation.Begin(ward.Nurse, Prompt, new { patient_id = ward.Patient });
            await talk.Say(new { reason = "x" });
            await talk.Say(new { doctor_id = ward.Doctor });
            foreach (var answer in new object[] { new { appointment_date = day }, new { appointment_date = day, appointment_time = "10:00:00" } })
            {
                var refused = await talk.Try(answer);
                Assert.Equal(("VALIDATION_ERROR", wrong), (refused.Code, (string?)refused.Details!["appointment_date"]![0]));
            }
        }
    }

    [Fact]
    public async Task What_is_not_done_yet_can_be_answered_anew_and_what_is_done_cannot()
    {
        var ward = await Ward.Open();
        var talk = await AtConfirmation(ward, "15:00:00");

        var again = await talk.Try(new { reason = "Something else" }, step: "describe_concern");
        Assert.Equal(("choose_doctor", "Something else"), ((string?)again.Body["step"]!["name"], (string?)again.Body["data"]!["reason"]));
        Assert.Equal("CONFLICT", (await talk.Try(new { confirm = true }, step: "confirm_details")).Code);
        Assert.NotNull((await talk.Try(new { }, step: "nonsense")).Details!["step"]);
        await talk.Say(new { doctor_id = ward.Doctor });
        await talk.Say(new { appointment_date = ward.Day(), appointment_time = "15:00:00" });
        await talk.Say(new { confirm = true });

        Assert.Equal("CONFLICT", (await talk.Try(new { reason = "Too late" }, step: "describe_concern")).Code);
    }

    /// <summary>A booking of the ward's nurse, all but confirmed.</summary>
    internal static async Task<Conversation> AtConfirmation(Ward ward, string time, Client? by = null)
    {
        var talk = await Conversation.Begin(by ?? ward.Nurse, Prompt, new { patient_id = ward.Patient });
        await talk.Say(new { reason = "Checkup" });
        await talk.Say(new { doctor_id = ward.Doctor });
        await talk.Say(new { appointment_date = ward.Day(), appointment_time = time });
        Assert.Equal("confirm_details", talk.Step);
        return talk;
    }
}
