using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;

namespace MedCor.Tests.Services.Clinical.Scheduling;

public sealed class CreateAppointmentTests
{
    [Fact]
    public async Task A_booking_answers_all_that_was_asked_for_and_when_that_is()
    {
        var clinic = await ClinicFixture.Open();
        var wish = new
        {
            patient_id = clinic.Patient, doctor_id = clinic.Doctor, appointment_date = clinic.Weekday(), appointment_time = "14:00:00",
            reason = "Regular checkup",
            notes = "Patient has allergies"
        };
        var booked = await clinic.Nurse.Call<Appointment>("create_appointment", wish);

        Assert.Equal(clinic.Patient, booked.PatientId);
        Assert.Equal(clinic.Doctor, booked.DoctorId);
        Assert.Equal(clinic.Nurse.HospitalId, booked.HospitalId);
        Assert.Equal(clinic.Weekday(), ClinicFixture.FormatDate(booked.AppointmentDate));
        Assert.Equal(new(14, 0), booked.AppointmentTime);
        Assert.Equal("Regular checkup", booked.Reason);
        Assert.Equal("Patient has allergies", booked.Notes);
        Assert.Equal(AppointmentStatus.Scheduled, booked.Status);
        Assert.Equal(30, booked.DurationMinutes);
        Assert.Equal("Europe/Berlin", booked.TimeZone);
        Assert.Equal(1, booked.Version);
        var starts = booked.StartsAt;
        Assert.Equal(14, TimeZoneInfo.ConvertTime(starts, clinic.Zone).Hour);
        Assert.Equal(starts.AddMinutes(30), booked.EndsAt);

        var read = await clinic.Nurse.Call<Appointment>("get_appointment", new { appointment_id = booked.Id });
        Assert.Equal(booked, read);
        Assert.DoesNotContain("14:00:00", await clinic.FreeTimes());
    }

    [Fact]
    public async Task Of_a_hundred_concurrent_bookings_of_one_slot_one_succeeds_and_99_get_alternatives()
    {
        var clinic = await ClinicFixture.Open();
        var patients = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => clinic.CreatePatient()));

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 100).Select(i => Insist(clinic.Nurse, clinic.BookingRequest("10:00:00", patient: patients[i % 4]))));

        Assert.Single(answers, a => a.Status == HttpStatusCode.OK);
        Assert.Equal(99, answers.Count(a => a is { Status: HttpStatusCode.Conflict, Code: "CONFLICT" }));
        Assert.All(answers.Where(a => a.Status == HttpStatusCode.Conflict), a => Assert.Equal(5, a.Details!["alternatives"]!.AsArray().Count));
        var listed = await clinic.Nurse.Call<Page<Appointment>>("list_appointments", new { doctor_id = clinic.Doctor });
        Assert.Equal(1, listed.Total);
    }

    [Fact]
    public async Task A_hundred_overlapping_requests_of_one_patient_with_many_doctors_result_in_one_booking()
    {
        var clinic = await ClinicFixture.Open();
        var doctors = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => clinic.CreateDoctor()));

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(i =>
            Insist(clinic.Nurse, clinic.BookingRequest($"10:{i % 25:00}:00", doctor: doctors[i % 4]))));

        Assert.Single(answers, a => a.Status == HttpStatusCode.OK);
        Assert.Equal(99, answers.Count(a => a.Status == HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task Many_bookings_that_do_not_overlap_all_succeed_at_once()
    {
        var clinic = await ClinicFixture.Open();
        var free = await clinic.FreeTimes();
        var answers = await Task.WhenAll(free.Select(time => clinic.Nurse.TryCall("create_appointment", clinic.BookingRequest(time))));
        Assert.All(answers, a => Assert.Equal(HttpStatusCode.OK, a.Status));
        Assert.Empty(await clinic.FreeTimes());
    }

    [Fact]
    public async Task Alternatives_are_the_nearest_free_times_and_can_be_booked()
    {
        var clinic = await ClinicFixture.Open();
        foreach (var time in new[] { "10:00:00", "10:30:00" }) await clinic.Book(time);
        var other = await clinic.CreatePatient();

        var refused = await clinic.Nurse.TryCall("create_appointment", clinic.BookingRequest("10:00:00", patient: other));
        var offered = Alternatives(refused);
        Assert.Equal(["09:30:00", "09:00:00", "11:00:00", "11:30:00", "12:00:00"], offered.Select(a => a.Time));
        Assert.All(offered, a => Assert.Equal(clinic.Weekday(), a.Date));
        await clinic.Book(offered[0].Time, offered[0].Date, other);
    }

    [Fact]
    public async Task Alternatives_go_on_with_the_next_days_and_spare_the_patients_own_times()
    {
        var clinic = await ClinicFixture.Open();
        var other = await clinic.CreatePatient();
        await Task.WhenAll((await clinic.FreeTimes()).Select(time => clinic.Book(time, patient: other)));
        var elsewhere = await clinic.CreateDoctor();
        await clinic.Nurse.Call("create_appointment", clinic.BookingRequest("09:30:00", clinic.Weekday(2), doctor: elsewhere));

        var refused = await clinic.Nurse.TryCall("create_appointment", clinic.BookingRequest("16:00:00"));
        var offered = Alternatives(refused);
        Assert.Equal(["09:00:00", "10:00:00", "10:30:00", "11:00:00", "11:30:00"], offered.Select(a => a.Time));
        Assert.All(offered, a => Assert.Equal(clinic.Weekday(2), a.Date));
    }

    [Fact]
    public async Task A_conflict_says_whose_time_was_taken_and_nothing_else()
    {
        var clinic = await ClinicFixture.Open();
        var first = await clinic.Book("10:00:00");
        var refused = await clinic.Nurse.TryCall("create_appointment", clinic.BookingRequest("10:15:00", patient: await clinic.CreatePatient()));
        Assert.Contains("The doctor is already booked then", refused.Error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(clinic.Patient.ToString(), refused.Body.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain(first.Id.ToString(), refused.Body.ToJsonString(), StringComparison.Ordinal);

        var elsewhere = await clinic.Nurse.TryCall("create_appointment", clinic.BookingRequest("10:15:00", doctor: await clinic.CreateDoctor()));
        Assert.Equal("CONFLICT", elsewhere.Code);
        Assert.Contains("The patient is already booked then", elsewhere.Error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(clinic.Doctor.ToString(), elsewhere.Body.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_appointment_may_begin_when_another_ends()
    {
        var clinic = await ClinicFixture.Open();
        await clinic.Nurse.Call("create_appointment", clinic.BookingRequest("10:00:00", minutes: 45));
        Assert.Equal("CONFLICT", (await clinic.Nurse.TryCall("create_appointment", clinic.BookingRequest("10:44:00"))).Code);
        await clinic.Nurse.Call("create_appointment", clinic.BookingRequest("10:45:00", minutes: 15));
    }

    [Theory]
    [InlineData("2020-01-06", "10:00:00", "appointment_date")]
    [InlineData("2199-01-07", "10:00:00", "appointment_date")]
    [InlineData("9999-12-31", "10:00:00", "appointment_date")]
    [InlineData("0001-01-01", "10:00:00", "appointment_date")]
    [InlineData(null, "08:30:00", "appointment_time")]
    [InlineData(null, "16:45:00", "appointment_time")]
    [InlineData(null, "17:00:00", "appointment_time")]
    [InlineData(null, "10:00:30", "appointment_time")]
    [InlineData("2026-13-01", "10:00:00", "appointment_date")]
    [InlineData(null, "25:00:00", "appointment_time")]
    public async Task A_time_that_cannot_be_booked_is_refused_by_its_field(string? date, string time, string field)
    {
        var clinic = await ClinicFixture.GetSharedReadOnly();
        var answer = await clinic.Nurse.TryCall("create_appointment", clinic.BookingRequest(time, date));
        Assert.Equal((HttpStatusCode.BadRequest, "VALIDATION_ERROR"), (answer.Status, answer.Code));
        Assert.Equal([field], Fields(answer));
    }

    [Fact]
    public async Task A_day_on_which_the_doctor_does_not_work_is_refused()
    {
        var clinic = await ClinicFixture.GetSharedReadOnly();
        var saturday = DateOnly.FromDateTime(DateTime.UtcNow).AddDays(7);
        while (saturday.DayOfWeek != DayOfWeek.Saturday) saturday = saturday.AddDays(1);
        Assert.Equal(["appointment_date"],
            Fields(await clinic.Nurse.TryCall("create_appointment", clinic.BookingRequest("10:00:00", ClinicFixture.FormatDate(saturday)))));
    }

    [Fact]
    public async Task Every_bad_field_is_named_at_once()
    {
        var clinic = await ClinicFixture.Open();
        var wrong = await clinic.Nurse.TryCall("create_appointment",
            new { patient_id = "x", doctor_id = clinic.Doctor, appointment_date = "soon", notes = 1, color = "red" });
        Assert.Equal(["appointment_date", "appointment_time", "color", "notes", "patient_id", "reason"], Fields(wrong));

        await clinic.Admin.Call("delete_user", new { user_id = clinic.Doctor });
        await clinic.Admin.Call("delete_user", new { user_id = clinic.Patient });
        await WaitUntilHolds(async () => Assert.Equal(
            ["appointment_date", "doctor_id", "patient_id"],
            Fields(await clinic.Nurse.TryCall("create_appointment", clinic.BookingRequest("10:00:00", "2020-01-06")))));
    }

    [Fact]
    public async Task A_doctor_who_takes_no_appointments_at_present_is_not_booked()
    {
        var clinic = await ClinicFixture.Open();
        await clinic.Book("09:00:00");
        await clinic.Admin.Call("update_user", new { user_id = clinic.Doctor, is_available = false });
        await WaitUntilHolds(async () => Assert.Empty(await clinic.FreeTimes()));
        Assert.Equal(["doctor_id"], Fields(await clinic.Nurse.TryCall("create_appointment", clinic.BookingRequest("10:00:00"))));

        await clinic.Admin.Call("update_user", new { user_id = clinic.Doctor, is_available = true });
        await WaitUntilHolds(async () => Assert.NotEmpty(await clinic.FreeTimes()));
        await clinic.Book("10:00:00");
    }

    [Fact]
    public async Task Patients_book_for_themselves_only()
    {
        var clinic = await ClinicFixture.Open();
        var patient = await clinic.LogInPatient();
        var other = await clinic.CreatePatient();
        Assert.Equal("PERMISSION_DENIED", (await patient.TryCall("create_appointment", clinic.BookingRequest("10:00:00", patient: other))).Code);
        Assert.Equal("PERMISSION_DENIED",
            (await patient.TryCall("create_appointment", clinic.BookingRequest("10:00:00", patient: Guid.CreateVersion7()))).Code);
        await patient.Call("create_appointment", clinic.BookingRequest("10:00:00"));
    }

    [Theory]
    [InlineData("10:07:00", null, "appointment_time", "10:00:00")]
    [InlineData("10:20:00", 30, "appointment_time", "10:30:00")]
    [InlineData("09:00:00", 480, "duration_minutes", "09:00:00")]
    [InlineData("10:00:00", 60, "duration_minutes", "10:00:00")]
    [InlineData("10:15:00", 15, "appointment_time duration_minutes", "10:00:00")]
    [InlineData("18:00:00", null, "appointment_time", "16:30:00")]
    public async Task Patients_book_one_slot_at_its_start_and_are_told_the_nearest(string time, int? minutes, string fields, string nearest)
    {
        var (clinic, patient) = await WithPatient.Value;

        var refused = await patient.TryCall("create_appointment", clinic.BookingRequest(time, minutes: minutes));

        Assert.Equal((HttpStatusCode.BadRequest, "VALIDATION_ERROR"), (refused.Status, refused.Code));
        Assert.Equal(fields, string.Join(' ', Fields(refused).Where(f => f != "alternatives")));
        Assert.Equal(new(clinic.Weekday(), nearest), Alternatives(refused)[0]);
    }

    [Fact]
    public async Task Staff_book_any_length_at_any_time()
    {
        var clinic = await ClinicFixture.Open();
        Assert.Equal(45, (await clinic.Nurse.Call<Appointment>("create_appointment", clinic.BookingRequest("10:07:00", minutes: 45))).DurationMinutes);
    }

    [Fact]
    public async Task A_patient_holds_no_more_open_bookings_of_their_own_making_than_three()
    {
        var clinic = await ClinicFixture.Open();
        var patient = await clinic.LogInPatient();
        // Neither appointments that staff booked nor past ones count toward the limit of three.
        await clinic.Book("09:00:00", clinic.Weekday(9));
        var past = await patient.Call<Appointment>("create_appointment", clinic.BookingRequest("09:00:00", clinic.Weekday(8)));
        var fourth = await ClinicFixture.RunAfterEnd(past, async () =>
        {
            for (var i = 1; i <= 3; i++) await patient.Call("create_appointment", clinic.BookingRequest("10:00:00", clinic.Weekday(i), minutes: 30));
            return await patient.TryCall("create_appointment", clinic.BookingRequest("10:00:00", clinic.Weekday(4)));
        });

        Assert.Equal((HttpStatusCode.Conflict, "CONFLICT"), (fourth.Status, fourth.Code));
        Assert.Equal((3, 3), ((int)fourth.Details!["open"]!, (int)fourth.Details["max_open_patient_bookings"]!));
        await clinic.Book("10:00:00", clinic.Weekday(4));
    }

    [Fact]
    public async Task Of_many_concurrent_bookings_by_one_patient_at_two_gateways_three_succeed()
    {
        var clinic = await ClinicFixture.Open();
        ApiClient[] ways = [await clinic.LogInPatient(), await clinic.LogInPatient(gateway: 1)];

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 16).Select(i => Insist(ways[i % 2], clinic.BookingRequest($"{9 + i / 2:00}:{i % 2 * 30:00}:00", clinic.Weekday(1 + i % 3)))));

        Assert.Equal(3, answers.Count(a => a.Status == HttpStatusCode.OK));
        Assert.Equal(13, answers.Count(a => a is { Status: HttpStatusCode.Conflict, Code: "CONFLICT" } && a.Details!["max_open_patient_bookings"] is not null));
    }

    [Fact]
    public async Task People_of_another_hospital_are_not_found()
    {
        var (clinic, foreign) = (await ClinicFixture.Open(), await ClinicFixture.Open("riverside"));
        var nobody = Guid.CreateVersion7();
        await SameAnswer(clinic, clinic.BookingRequest("10:00:00", doctor: foreign.Doctor), clinic.BookingRequest("10:00:00", doctor: nobody));
        await SameAnswer(clinic, clinic.BookingRequest("10:00:00", patient: foreign.Patient), clinic.BookingRequest("10:00:00", patient: nobody));
        // A doctor is not found as a patient, nor a patient as a doctor.
        await SameAnswer(clinic, clinic.BookingRequest("10:00:00", patient: clinic.Doctor), clinic.BookingRequest("10:00:00", patient: nobody));
        await SameAnswer(clinic, clinic.BookingRequest("10:00:00", doctor: clinic.Patient), clinic.BookingRequest("10:00:00", doctor: nobody));
    }

    [Fact]
    public async Task The_platform_books_in_any_hospital_and_never_across_two()
    {
        var (clinic, foreign) = (await ClinicFixture.Open(), await ClinicFixture.Open("riverside"));
        var platform = await ClinicFixture.LogIn("admin@medcor.example");
        var booked = await platform.Call<Appointment>("create_appointment", foreign.BookingRequest("10:00:00"));
        Assert.Equal(foreign.Admin.HospitalId, booked.HospitalId);
        Assert.Equal("America/New_York", booked.TimeZone);
        Assert.Equal("RESOURCE_NOT_FOUND", (await platform.TryCall("create_appointment", clinic.BookingRequest("10:00:00", patient: foreign.Patient))).Code);
    }

    [Theory]
    [InlineData("general")]
    [InlineData("riverside")]
    public async Task Across_DST_changes_the_hospitals_time_zone_decides(string hospital)
    {
        var clinic = await ClinicFixture.Open(hospital);
        await clinic.Admin.Call("set_doctor_schedule",
            new { doctor_id = clinic.Doctor, working_hours = new[] { new { weekday = "SUNDAY", start = "00:00:00", end = "06:00:00" } } });
        var (skipped, repeated) = NextChanges(clinic.Zone);

        var night = ClinicFixture.FormatDate(DateOnly.FromDateTime(skipped));
        Assert.Equal(10, (await clinic.FreeTimes(night)).Length);
        Assert.Equal(["appointment_time"], Fields(await clinic.Nurse.TryCall("create_appointment", clinic.BookingRequest($"{skipped:HH:mm}:00", night))));
        var before = await clinic.Book($"{skipped.AddMinutes(-30):HH:mm}:00", night);
        var after = await clinic.Book($"{skipped.AddMinutes(60):HH:mm}:00", night);
        Assert.Equal(before.EndsAt, after.StartsAt);

        night = ClinicFixture.FormatDate(DateOnly.FromDateTime(repeated));
        Assert.Equal(12, (await clinic.FreeTimes(night)).Length);
        var earlier = await clinic.Book($"{repeated:HH:mm}:00", night);
        Assert.Equal(clinic.Zone.GetAmbiguousTimeOffsets(repeated).Max(), repeated - earlier.StartsAt.UtcDateTime);
        Assert.Equal(11, (await clinic.FreeTimes(night)).Length);
    }

    /// <summary>Shared by tests of refused requests, which change nothing.</summary>
    private static readonly Lazy<Task<(ClinicFixture Ward, ApiClient Patient)>> WithPatient = new(
        async () => await ClinicFixture.Open() is var clinic ? (clinic, await clinic.LogInPatient()) : default);

    private static async Task SameAnswer(ClinicFixture clinic, object one, object other)
    {
        var (a, b) = (await clinic.Nurse.TryCall("create_appointment", one), await clinic.Nurse.TryCall("create_appointment", other));
        Assert.Equal((HttpStatusCode.NotFound, "RESOURCE_NOT_FOUND"), (a.Status, a.Code));
        Assert.Equal(b.Error.Message, a.Error.Message);
    }

    /// <summary>Returns the first half hours that the clocks of a zone will skip and repeat.</summary>
    private static (DateTime Skipped, DateTime Repeated) NextChanges(TimeZoneInfo zone)
    {
        var today = DateOnly.FromDateTime(DateTime.UtcNow).ToDateTime(TimeOnly.MinValue);
        var halfHours = Enumerable.Range(48, 366 * 48).Select(i => today.AddMinutes(30 * i)).ToArray();
        return (halfHours.First(zone.IsInvalidTime), halfHours.First(zone.IsAmbiguousTime));
    }

    /// <summary>Represents a free time that a refusal offers, as it is sent.</summary>
    internal sealed record Alternative(string Date, string Time);

    internal static IReadOnlyList<Alternative> Alternatives(ApiResponse refused) =>
        refused.Details!["alternatives"].Deserialize<IReadOnlyList<Alternative>>(Json.Options)!;

    internal static IEnumerable<string> Fields(ApiResponse answer) =>
        (answer.Details ?? new JsonObject()).AsObject().Select(d => d.Key).Where(k => k != "request_id").Order(StringComparer.Ordinal);

    /// <summary>Waits until a condition holds after an event; the contract allows two seconds.</summary>
    internal static async Task WaitUntilHolds(Func<Task> holds)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        for (var tries = 0; ; tries++)
        {
            try
            {
                await holds();
                return;
            }
            catch (Xunit.Sdk.XunitException) when (tries < 200)
            {
                await timer.WaitForNextTickAsync();
            }
        }
    }

    /// <summary>
    /// Books an appointment and retries while the service is unavailable, because a hundred concurrent requests exceed a busy machine's database connections.
    /// </summary>
    private static async Task<ApiResponse> Insist(ApiClient caller, object wish)
    {
        ApiResponse answer = null!;
        await Wait.Until(async () => (answer = await caller.TryCall("create_appointment", wish)).Status != HttpStatusCode.ServiceUnavailable, "an answer",
            TimeSpan.FromSeconds(60));
        return answer;
    }
}
