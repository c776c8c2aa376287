using System.Net;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;

namespace MedCor.Tests.Services.Clinical.Scheduling;

public sealed class RescheduleAppointmentTests
{
    [Fact]
    public async Task The_old_time_is_freed_and_the_two_name_each_other()
    {
        var clinic = await ClinicFixture.Open();
        var old = await clinic.Book("10:00:00");
        var moved = await clinic.Nurse.Call<Appointment>("reschedule_appointment", To(old, clinic.Weekday(2), "11:00:00", "The patient asked for it"));

        Assert.Equal(old.Id, moved.RescheduledFrom);
        Assert.Equal(AppointmentStatus.Scheduled, moved.Status);
        Assert.Equal((clinic.Weekday(2), new TimeOnly(11, 0), "Regular checkup", 30),
            (ClinicFixture.FormatDate(moved.AppointmentDate), moved.AppointmentTime, moved.Reason, moved.DurationMinutes));
        var after = await clinic.Nurse.Call<Appointment>("get_appointment", new { appointment_id = old.Id });
        Assert.Equal(moved.Id, after.RescheduledTo);
        Assert.Equal(AppointmentStatus.Cancelled, after.Status);
        Assert.Equal("The patient asked for it", after.Notes);
        Assert.Contains("10:00:00", await clinic.FreeTimes());
        Assert.DoesNotContain("11:00:00", await clinic.FreeTimes(clinic.Weekday(2)));
    }

    [Fact]
    public async Task An_appointment_may_move_by_less_than_its_duration()
    {
        var clinic = await ClinicFixture.Open();
        var old = await clinic.Book("10:00:00");
        var moved = await clinic.Nurse.Call<Appointment>("reschedule_appointment", To(old, clinic.Weekday(), "10:10:00"));
        await clinic.Nurse.Call("reschedule_appointment", To(moved, clinic.Weekday(), "10:00:00"));
    }

    [Fact]
    public async Task A_taken_time_leaves_everything_as_it_was()
    {
        var clinic = await ClinicFixture.Open();
        var old = await clinic.Book("10:00:00");
        await clinic.Book("11:00:00", patient: await clinic.CreatePatient());
        var refused = await clinic.Nurse.TryCall("reschedule_appointment", To(old, clinic.Weekday(), "11:00:00"));

        Assert.Equal("CONFLICT", refused.Code);
        // The appointment's current time is an alternative for the appointment itself.
        Assert.Contains("10:00:00", CreateAppointmentTests.Alternatives(refused).Select(a => a.Time));
        Assert.Equal(old, await clinic.Nurse.Call<Appointment>("get_appointment", new { appointment_id = old.Id }));
        Assert.DoesNotContain("10:00:00", await clinic.FreeTimes());
    }

    [Fact]
    public async Task Of_many_concurrent_reschedules_one_succeeds()
    {
        var clinic = await ClinicFixture.Open();
        var old = await clinic.Book("10:00:00");
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 30).Select(i => clinic.Nurse.TryCall("reschedule_appointment", To(old, clinic.Weekday(), $"{11 + i % 5}:00:00"))));
        Assert.Single(answers, a => a.Status == HttpStatusCode.OK);
        Assert.Equal(29, answers.Count(a => a.Code == "CONFLICT"));
        var standing = await clinic.Nurse.Call<Page<Appointment>>("list_appointments", new { doctor_id = clinic.Doctor, status = "SCHEDULED" });
        Assert.Equal(1, standing.Total);
    }

    [Fact]
    public async Task Two_that_change_places_with_a_third_never_block_each_other()
    {
        var clinic = await ClinicFixture.Open();
        var times = new[] { "09:00:00", "10:00:00", "11:00:00", "12:00:00" };
        var booked = await Task.WhenAll(times.Select(t => clinic.Book(t)));
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 40).Select(
                i => clinic.Nurse.TryCall("reschedule_appointment", To(booked[i % 4], clinic.Weekday(), times[(i + 1 + i / 4) % 4]))));
        Assert.All(answers, a => Assert.Contains(a.Status, new[] { HttpStatusCode.OK, HttpStatusCode.Conflict, HttpStatusCode.BadRequest }));
        var standing = await clinic.Nurse.Call<Page<Appointment>>("list_appointments", new { doctor_id = clinic.Doctor, status = "SCHEDULED" });
        Assert.Equal(4, standing.Total);
    }

    [Theory]
    [InlineData("IN_PROGRESS")]
    [InlineData("COMPLETED")]
    [InlineData("CANCELLED")]
    [InlineData("NO_SHOW")]
    public async Task Only_a_scheduled_one_can_be_moved(string status)
    {
        var clinic = await ClinicFixture.Open();
        var old = await clinic.BookWithStatus(status, "10:00:00");
        Assert.Equal("CONFLICT", (await clinic.Nurse.TryCall("reschedule_appointment", To(old, clinic.Weekday(2), "10:00:00"))).Code);
    }

    [Fact]
    public async Task The_new_time_must_be_bookable_and_new()
    {
        var clinic = await ClinicFixture.Open();
        var old = await clinic.Book("10:00:00");
        Assert.Equal(["appointment_time"],
            CreateAppointmentTests.Fields(await clinic.Nurse.TryCall("reschedule_appointment", To(old, clinic.Weekday(), "10:00:00"))));
        Assert.Equal(["appointment_time"],
            CreateAppointmentTests.Fields(await clinic.Nurse.TryCall("reschedule_appointment", To(old, clinic.Weekday(), "18:00:00"))));
        Assert.Equal(["appointment_date"],
            CreateAppointmentTests.Fields(await clinic.Nurse.TryCall("reschedule_appointment", To(old, "2020-01-06", "10:00:00"))));
    }

    [Fact]
    public async Task Patients_move_their_own_and_no_others()
    {
        var clinic = await ClinicFixture.Open();
        var patient = await clinic.LogInPatient();
        await patient.Call("reschedule_appointment", To(await clinic.Book("10:00:00"), clinic.Weekday(2), "10:00:00"));
        var others = await clinic.Book("11:00:00", patient: await clinic.CreatePatient());
        Assert.Equal("RESOURCE_NOT_FOUND", (await patient.TryCall("reschedule_appointment", To(others, clinic.Weekday(2), "11:00:00"))).Code);
        var foreign = await ClinicFixture.LogIn("nurse@riverside.example");
        Assert.Equal("RESOURCE_NOT_FOUND", (await foreign.TryCall("reschedule_appointment", To(others, clinic.Weekday(2), "11:00:00"))).Code);
    }

    [Fact]
    public async Task Patients_move_to_a_slots_start_and_keep_the_length_that_staff_chose()
    {
        var clinic = await ClinicFixture.Open();
        var patient = await clinic.LogInPatient();
        var long_ = await clinic.Nurse.Call<Appointment>("create_appointment", clinic.BookingRequest("10:00:00", minutes: 60));

        var odd = await patient.TryCall("reschedule_appointment", To(long_, clinic.Weekday(2), "10:10:00"));
        Assert.Equal("VALIDATION_ERROR", odd.Code);
        Assert.NotNull(odd.Details!["appointment_time"]);
        Assert.Equal("10:00:00", CreateAppointmentTests.Alternatives(odd)[0].Time);
        Assert.Equal(60, (await patient.Call<Appointment>("reschedule_appointment", To(long_, clinic.Weekday(2), "10:30:00"))).DurationMinutes);
    }

    [Theory]
    [InlineData(60)]
    [InlineData(480)]
    public async Task Patients_move_nothing_longer_than_a_slot_of_which_nobody_knows_who_chose_its_length(int minutes)
    {
        var clinic = await ClinicFixture.Open();
        var patient = await clinic.LogInPatient();
        var (long_, usual) = (await clinic.Nurse.Call<Appointment>("create_appointment", clinic.BookingRequest("09:00:00", minutes: minutes)),
            await clinic.Book("10:00:00", clinic.Weekday(2)));
        foreach (var booked in (Appointment[])[long_, usual]) await FromBeforeItWasKept(booked);

        var refused = await patient.TryCall("reschedule_appointment", To(long_, clinic.Weekday(3), "09:00:00"));
        Assert.Equal(("CONFLICT", minutes, 30), (refused.Code, (int?)refused.Details?["duration_minutes"], (int?)refused.Details?["slot_minutes"]));
        Assert.Equal(long_, await patient.Call<Appointment>("get_appointment", new { appointment_id = long_.Id }));
        Assert.Equal(30, (await patient.Call<Appointment>("reschedule_appointment", To(usual, clinic.Weekday(4), "10:00:00"))).DurationMinutes);

        // The hospital can move it, and the patient can cancel it.
        var moved = await clinic.Nurse.Call<Appointment>("reschedule_appointment", To(long_, clinic.Weekday(3), "09:00:00"));
        Assert.Equal(minutes, moved.DurationMinutes);
        Assert.Equal("CONFLICT", (await patient.TryCall("reschedule_appointment", To(moved, clinic.Weekday(5), "09:00:00"))).Code);
        await patient.Call("update_appointment_status", new { appointment_id = moved.Id, status = "CANCELLED", notes = "Well again" });

        static async Task FromBeforeItWasKept(Appointment booked) =>
            await (await MedCorFixture.Get()).QueryNumber("clinical", "UPDATE appointments SET booked_by = NULL WHERE id = $1 RETURNING 1",
                booked.Id);
    }

    [Fact]
    public async Task Moving_a_booking_takes_no_other_and_frees_none()
    {
        var clinic = await ClinicFixture.Open();
        var patient = await clinic.LogInPatient();
        var own = new List<Appointment>();
        for (var i = 1; i <= 3; i++) own.Add(await patient.Call<Appointment>("create_appointment", clinic.BookingRequest("10:00:00", clinic.Weekday(i))));

        var moved = await patient.Call<Appointment>("reschedule_appointment", To(own[0], clinic.Weekday(4), "10:00:00"));
        await clinic.Nurse.Call("reschedule_appointment", To(own[1], clinic.Weekday(5), "10:00:00"));

        Assert.Equal("CONFLICT", (await patient.TryCall("create_appointment", clinic.BookingRequest("11:00:00"))).Code);
        await patient.Call("update_appointment_status", new { appointment_id = moved.Id, status = "CANCELLED", notes = "Well again" });
        await patient.Call("create_appointment", clinic.BookingRequest("11:00:00"));
    }

    private static object To(Appointment appointment, string date, string time, string? reason = null) =>
        new { appointment_id = appointment.Id, appointment_date = date, appointment_time = time, reason };
}
