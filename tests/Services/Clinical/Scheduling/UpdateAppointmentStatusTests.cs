using System.Net;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;

namespace MedCor.Tests.Services.Clinical.Scheduling;

public sealed class UpdateAppointmentStatusTests
{
    private static readonly string[] Statuses = ["SCHEDULED", "IN_PROGRESS", "COMPLETED", "CANCELLED", "NO_SHOW"];

    private static readonly (string From, string To)[] Moves =
        [("SCHEDULED", "IN_PROGRESS"), ("SCHEDULED", "CANCELLED"), ("SCHEDULED", "NO_SHOW"), ("IN_PROGRESS", "COMPLETED"), ("IN_PROGRESS", "CANCELLED")];

    [Theory]
    [InlineData("SCHEDULED")]
    [InlineData("IN_PROGRESS")]
    [InlineData("COMPLETED")]
    [InlineData("CANCELLED")]
    [InlineData("NO_SHOW")]
    public async Task Five_transitions_are_allowed_and_the_others_name_the_allowed_ones(string from)
    {
        var ward = await ClinicFixture.Open();
        for (var i = 0; i < Statuses.Length; i++)
        {
            var (to, appointment) = (Statuses[i], await ward.BookWithStatus(from, $"{10 + i}:00:00"));
            var answer = await ClinicFixture.RunAfterEnd(appointment,
                () => ward.Nurse.TryCall("update_appointment_status", new { appointment_id = appointment.Id, status = to, notes = "Because" }));

            if (Moves.Contains((from, to)))
            {
                Assert.Equal(HttpStatusCode.OK, answer.Status);
                var moved = answer.Read<Appointment>();
                Assert.Equal((to, appointment.Version + 1), (EnumNames.Of(moved.Status), moved.Version));
            }
            else
            {
                Assert.Equal((HttpStatusCode.Conflict, "CONFLICT"), (answer.Status, answer.Code));
                Assert.Equal(Moves.Where(m => m.From == from).Select(m => m.To), answer.Details.Strings("allowed"));
            }
        }
    }

    [Theory]
    [InlineData("CANCELLED", true)]
    [InlineData("NO_SHOW", true)]
    [InlineData("IN_PROGRESS", false)]
    [InlineData("COMPLETED", false)]
    public async Task Cancelled_and_missed_appointments_free_their_slot(string status, bool freed)
    {
        var ward = await ClinicFixture.Open();
        await ward.BookWithStatus(status, "10:00:00");
        Assert.Equal(freed, (await ward.FreeTimes()).Contains("10:00:00"));
        var next = await ward.Nurse.TryCall("create_appointment", ward.BookingRequest("10:00:00", patient: await ward.CreatePatient()));
        Assert.Equal(freed ? HttpStatusCode.OK : HttpStatusCode.Conflict, next.Status);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("  ")]
    public async Task Cancelling_wants_a_reason(string? notes)
    {
        var ward = await ClinicFixture.Open();
        var booked = await ward.Book("10:00:00");
        var answer = await ward.Nurse.TryCall("update_appointment_status", new { appointment_id = booked.Id, status = "CANCELLED", notes });
        Assert.Equal("VALIDATION_ERROR", answer.Code);
        Assert.Equal(["notes"], CreateAppointmentTests.Fields(answer));
    }

    [Fact]
    public async Task Notes_are_added_to_those_that_are_there()
    {
        var ward = await ClinicFixture.Open();
        var wish = new
        {
            patient_id = ward.Patient, doctor_id = ward.Doctor, appointment_date = ward.Weekday(), appointment_time = "10:00:00", reason = "Rash",
            notes = "Patient has allergies"
        };
        var booked = await ward.Nurse.Call<Appointment>("create_appointment", wish);
        var cancelled = await ward.Nurse.Call<Appointment>("update_appointment_status",
            new { appointment_id = booked.Id, status = "CANCELLED", notes = "The patient is abroad" });
        Assert.Equal("Patient has allergies\nThe patient is abroad", cancelled.Notes);
    }

    [Fact]
    public async Task Patients_may_cancel_their_own_and_nothing_else()
    {
        var ward = await ClinicFixture.Open();
        var patient = await ward.LogInPatient();
        var (own, others) = (await ward.Book("10:00:00"), await ward.Book("11:00:00", patient: await ward.CreatePatient()));

        foreach (var status in Statuses.Where(s => s != "CANCELLED"))
            Assert.Equal("PERMISSION_DENIED", (await patient.TryCall("update_appointment_status", new { appointment_id = own.Id, status })).Code);
        Assert.Equal("RESOURCE_NOT_FOUND",
            (await patient.TryCall("update_appointment_status", new { appointment_id = others.Id, status = "CANCELLED", notes = "x" })).Code);
        await patient.Call("update_appointment_status", new { appointment_id = own.Id, status = "CANCELLED", notes = "I am well again" });
    }

    [Fact]
    public async Task NO_SHOW_is_refused_before_the_appointment_begins()
    {
        var ward = await ClinicFixture.Open();
        var booked = await ward.Book("10:00:00");
        var noShow = new { appointment_id = booked.Id, status = "NO_SHOW" };

        var early = await ward.Nurse.TryCall("update_appointment_status", noShow);

        Assert.Equal((HttpStatusCode.Conflict, "CONFLICT"), (early.Status, early.Code));
        Assert.Equal(booked.StartsAt, (DateTimeOffset)early.Details!["no_show_from"]!);
        Assert.Equal(["IN_PROGRESS", "CANCELLED"], early.Details.Strings("allowed"));
        Assert.Contains($"10:00 on {ward.Weekday()} (Europe/Berlin)", early.Error.Message, StringComparison.Ordinal);
        Assert.Equal(booked, await ward.Nurse.Call<Appointment>("get_appointment", new { appointment_id = booked.Id }));

        var late = await ClinicFixture.RunAfterEnd(booked, () => ward.Nurse.Call<Appointment>("update_appointment_status", noShow));
        Assert.Equal(AppointmentStatus.NoShow, late.Status);
    }

    [Theory]
    [InlineData("COMPLETED")]
    [InlineData("SCHEDULED")]
    public async Task A_refused_move_before_the_appointment_begins_does_not_name_NO_SHOW(string status)
    {
        var ward = await ClinicFixture.Open();
        var booked = await ward.Book("10:00:00");

        var refused = await ward.Nurse.TryCall("update_appointment_status", new { appointment_id = booked.Id, status });

        Assert.Equal("CONFLICT", refused.Code);
        Assert.Equal(["IN_PROGRESS", "CANCELLED"], refused.Details.Strings("allowed"));
        Assert.EndsWith("it can only become IN_PROGRESS or CANCELLED.", refused.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_appointment_can_be_started_before_its_time()
    {
        var ward = await ClinicFixture.Open();
        var booked = await ward.Book("10:00:00");
        foreach (var status in new[] { "IN_PROGRESS", "COMPLETED" })
            Assert.Equal(status, EnumNames.Of((await ward.ChangeStatus(booked, status)).Status));
    }

    [Fact]
    public async Task A_patient_cannot_cancel_an_appointment_that_started_early()
    {
        var ward = await ClinicFixture.Open();
        var (patient, booked) = (await ward.LogInPatient(), await ward.ChangeStatus(await ward.Book("10:00:00"), "IN_PROGRESS"));

        var refused = await patient.TryCall("update_appointment_status",
            new { appointment_id = booked.Id, status = "CANCELLED", notes = "Changed my mind" });

        Assert.Equal((HttpStatusCode.Conflict, "CONFLICT"), (refused.Status, refused.Code));
    }

    [Fact]
    public async Task Patients_undo_what_lies_ahead_and_staff_say_what_became_of_the_rest()
    {
        var ward = await ClinicFixture.Open();
        var (patient, booked) = (await ward.LogInPatient(), await ward.Book("10:00:00"));
        var (cancelled, moved) = (new { appointment_id = booked.Id, status = "CANCELLED", notes = "Forgot it" },
            new { appointment_id = booked.Id, appointment_date = ward.Weekday(2), appointment_time = "10:00:00" });

        var (refused, staffs) = await ClinicFixture.RunAfterEnd(booked, async () => (
            new[]
            {
                await patient.TryCall("update_appointment_status", cancelled), await patient.TryCall("reschedule_appointment", moved),
                await ward.Nurse.TryCall("reschedule_appointment", moved)
            },
            await ward.Nurse.Call<Appointment>("update_appointment_status", cancelled)));

        Assert.All(refused, a => Assert.Equal("CONFLICT", a.Code));
        Assert.Equal(AppointmentStatus.Cancelled, staffs.Status);
        Assert.Contains("10:00:00", await ward.FreeTimes(ward.Weekday(2)));
    }

    [Fact]
    public async Task An_appointment_of_another_hospital_is_not_there()
    {
        var ward = await ClinicFixture.Open();
        var booked = await ward.Book("10:00:00");
        var foreign = await ClinicFixture.LogIn("admin@riverside.example");
        var there = await foreign.TryCall("update_appointment_status", new { appointment_id = booked.Id, status = "IN_PROGRESS" });
        var nowhere = await foreign.TryCall("update_appointment_status", new { appointment_id = Guid.CreateVersion7(), status = "IN_PROGRESS" });
        Assert.Equal("RESOURCE_NOT_FOUND", there.Code);
        Assert.Equal(nowhere.Error.Message, there.Error.Message);
    }

    [Fact]
    public async Task An_unexpected_version_is_a_conflict_that_names_the_current_one()
    {
        var ward = await ClinicFixture.Open();
        var booked = await ward.Book("10:00:00");
        var answer = await ward.Nurse.TryCall("update_appointment_status",
            new { appointment_id = booked.Id, status = "IN_PROGRESS", expected_version = 7 });
        Assert.Equal("CONFLICT", answer.Code);
        Assert.Equal(1, (int)answer.Details!["version"]!);
        await ward.Nurse.Call("update_appointment_status", new { appointment_id = booked.Id, status = "IN_PROGRESS", expected_version = 1 });
    }

    [Fact]
    public async Task Of_two_concurrent_status_changes_one_succeeds()
    {
        var ward = await ClinicFixture.Open();
        var booked = await ward.Book("10:00:00");
        var answers = await ClinicFixture.RunAfterEnd(booked, () => Task.WhenAll(Enumerable.Range(0, 20).Select(i => ward.Nurse.TryCall(
            "update_appointment_status", new { appointment_id = booked.Id, status = i % 2 == 0 ? "NO_SHOW" : "CANCELLED", notes = "x" }))));
        Assert.Single(answers, a => a.Status == HttpStatusCode.OK);
        Assert.Equal(19, answers.Count(a => a.Code == "CONFLICT"));
    }
}
