using MedCor.Contracts;
using MedCor.Contracts.Clinical;

namespace MedCor.Tests.Services.Clinical.Scheduling;

public sealed class SetDoctorScheduleTests
{
    private static readonly string[] Weekdays = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"];

    [Fact]
    public async Task Without_a_schedule_a_doctor_works_on_weekdays_from_9_to_5()
    {
        var clinic = await ClinicFixture.GetSharedReadOnly();
        var schedule = await clinic.Nurse.Call<DoctorSchedule>("get_doctor_schedule", new { doctor_id = clinic.Doctor });
        Assert.Equal((0, 30, "Europe/Berlin"), (schedule.Version, schedule.SlotMinutes, schedule.TimeZone));
        Assert.Equal(Weekdays, schedule.WorkingHours.Select(p => EnumNames.Of(p.Weekday)));
        Assert.Equal(16, (await clinic.FreeTimes()).Length);
    }

    [Fact]
    public async Task A_schedule_replaces_the_one_before_and_decides_what_is_free()
    {
        var clinic = await ClinicFixture.Open();
        var day = clinic.Weekday(3);
        var set = await clinic.Admin.Call<DoctorSchedule>("set_doctor_schedule", new
        {
            doctor_id = clinic.Doctor,
            slot_minutes = 20,
            working_hours = Hours("08:00:00", "10:00:00"),
            breaks = new[] { new { weekday = Weekday(day), start = "09:00:00", end = "09:20:00" } },
            exceptions = new[] { new { date = clinic.Weekday(4), reason = "Leave" } },
        });
        Assert.Equal(1, set.Version);
        Assert.Empty(set.Affected!);
        Assert.Equal(["08:00:00", "08:20:00", "08:40:00", "09:20:00", "09:40:00"], await clinic.FreeTimes(day));
        Assert.Empty(await clinic.FreeTimes(clinic.Weekday(4)));

        var read = await clinic.Nurse.Call<DoctorSchedule>("get_doctor_schedule", new { doctor_id = clinic.Doctor });
        Assert.Equal(set.WorkingHours, read.WorkingHours);
        Assert.Equal("Leave", read.Exceptions[0].Reason);

        var again = await clinic.Admin.Call<DoctorSchedule>("set_doctor_schedule",
            new { doctor_id = clinic.Doctor, working_hours = Hours("12:00:00", "13:00:00") });
        Assert.Equal(2, again.Version);
        Assert.Empty(again.Breaks);
        Assert.Equal(["12:00:00", "12:30:00"], await clinic.FreeTimes(day));
    }

    [Fact]
    public async Task The_reason_of_an_absence_is_visible_to_staff_only()
    {
        var clinic = await ClinicFixture.Open();
        var patient = await clinic.LogInPatient();
        await clinic.Admin.Call("set_doctor_schedule", new
        {
            doctor_id = clinic.Doctor,
            working_hours = Hours("09:00:00", "17:00:00"),
            exceptions = new object[]
            {
                new { date = clinic.Weekday(4), reason = "In hospital oneself" },
                new { date = clinic.Weekday(5), start = "10:00:00", end = "11:00:00", reason = "In hospital oneself" }
            },
        });

        foreach (var staff in new[] { clinic.Nurse, await clinic.LogInDoctor(), await ClinicFixture.LogIn("doctor@general.example"), await ClinicFixture.LogIn(
            "admin@medcor.example") })
            Assert.All((await staff.Call<DoctorSchedule>("get_doctor_schedule", new { doctor_id = clinic.Doctor })).Exceptions,
                e => Assert.Equal("In hospital oneself", e.Reason));
        var shown = await patient.TryCall("get_doctor_schedule", new { doctor_id = clinic.Doctor });
        Assert.Equal([clinic.Weekday(4), clinic.Weekday(5)], shown.Read<DoctorSchedule>().Exceptions.Select(e => ClinicFixture.FormatDate(e.Date)));
        ApiResponse[] answers =
        [
            shown, await patient.TryCall("list_appointment_slots", new { doctor_id = clinic.Doctor, date = clinic.Weekday(4) }),
            await patient.TryCall("create_appointment", clinic.BookingRequest("10:00:00", clinic.Weekday(4))),
            await patient.TryCall("create_appointment", clinic.BookingRequest("10:00:00", clinic.Weekday(5))),
        ];
        Assert.All(answers, a => Assert.DoesNotContain("oneself", a.Body.ToJsonString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Existing_bookings_stay_and_are_listed_as_affected()
    {
        var clinic = await ClinicFixture.Open();
        var (inside, outside) = (await clinic.Book("09:00:00"), await clinic.Book("15:00:00"));
        await clinic.ChangeStatus(await clinic.Book("16:00:00"), "CANCELLED");
        var set = await clinic.Admin.Call<DoctorSchedule>("set_doctor_schedule",
            new { doctor_id = clinic.Doctor, working_hours = Hours("09:00:00", "12:00:00") });

        Assert.Equal(outside.Id, Assert.Single(set.Affected!).Id);
        Assert.Equal(1, set.AffectedCount);
        foreach (var booked in new[] { inside, outside })
            Assert.Equal(AppointmentStatus.Scheduled,
                (await clinic.Nurse.Call<Appointment>("get_appointment", new { appointment_id = booked.Id })).Status);
    }

    [Fact]
    public async Task Doctors_set_their_own_and_administrators_their_hospitals()
    {
        var clinic = await ClinicFixture.Open();
        object For(Guid doctor) => new { doctor_id = doctor, working_hours = Hours("09:00:00", "12:00:00") };

        var doctor = await clinic.LogInDoctor();
        await doctor.Call("set_doctor_schedule", For(clinic.Doctor));
        Assert.Equal("PERMISSION_DENIED", (await doctor.TryCall("set_doctor_schedule", For(await clinic.CreateDoctor()))).Code);
        Assert.Equal("PERMISSION_DENIED", (await clinic.Nurse.TryCall("set_doctor_schedule", For(clinic.Doctor))).Code);
        Assert.Equal("PERMISSION_DENIED", (await (await clinic.LogInPatient()).TryCall("set_doctor_schedule", For(clinic.Doctor))).Code);
        Assert.Equal("RESOURCE_NOT_FOUND",
            (await (await ClinicFixture.LogIn("admin@riverside.example")).TryCall("set_doctor_schedule", For(clinic.Doctor))).Code);
        Assert.Equal("RESOURCE_NOT_FOUND", (await clinic.Admin.TryCall("set_doctor_schedule", For(clinic.Patient))).Code);
        await (await ClinicFixture.LogIn("admin@medcor.example")).Call("set_doctor_schedule", For(clinic.Doctor));
    }

    [Fact]
    public async Task Every_entry_that_makes_no_sense_is_named()
    {
        var clinic = await ClinicFixture.GetSharedReadOnly();
        var answer = await clinic.Admin.TryCall("set_doctor_schedule", new
        {
            doctor_id = clinic.Doctor,
            working_hours = new[]
            {
                new { weekday = "MONDAY", start = "09:00:00", end = "12:00:00" },
                new { weekday = "MONDAY", start = "11:00:00", end = "13:00:00" },
                new { weekday = "TUESDAY", start = "12:00:00", end = "11:00:00" },
            },
            breaks = new[] { new { weekday = "FRIDAY", start = "12:00:00", end = "12:30:00" } },
            exceptions = new[] { new { date = clinic.Weekday(), start = "12:00:00" } },
        });
        Assert.Equal("VALIDATION_ERROR", answer.Code);
        Assert.Equal(["breaks[0]", "exceptions[0]", "working_hours[1]", "working_hours[2].end"], CreateAppointmentTests.Fields(answer));
    }

    [Fact]
    public async Task An_unexpected_version_changes_nothing()
    {
        var clinic = await ClinicFixture.Open();
        object Expecting(int version) => new { doctor_id = clinic.Doctor, working_hours = Hours("09:00:00", "12:00:00"), expected_version = version };
        Assert.Equal("CONFLICT", (await clinic.Admin.TryCall("set_doctor_schedule", Expecting(1))).Code);
        await clinic.Admin.Call("set_doctor_schedule", Expecting(0));
        Assert.Equal("CONFLICT", (await clinic.Admin.TryCall("set_doctor_schedule", Expecting(0))).Code);
        await clinic.Admin.Call("set_doctor_schedule", Expecting(1));
    }

    [Fact]
    public async Task A_schedule_that_is_kept_already_makes_no_version_and_no_event()
    {
        var (system, clinic) = (await MedCorFixture.Get(), await ClinicFixture.Open());
        var booked = await clinic.Book("15:00:00");
        object Schedule(string reason) => new
        {
            doctor_id = clinic.Doctor, slot_minutes = 20, working_hours = Hours("09:00:00", "12:00:00"),
            breaks = new[] { new { weekday = "MONDAY", start = "10:00:00", end = "10:20:00" } },
            exceptions = new[] { new { date = clinic.Weekday(4), reason } },
        };
        var set = await clinic.Admin.Call("set_doctor_schedule", Schedule("Leave"));

        var same = await clinic.Admin.TryCall("set_doctor_schedule", Schedule("Leave"));

        Assert.Equal(set.ToJsonString(), same.Body.ToJsonString());
        Assert.Equal(booked.Id, Assert.Single(same.Read<DoctorSchedule>().Affected!).Id);
        var changed = await clinic.Admin.Call<DoctorSchedule>("set_doctor_schedule", Schedule("Training"));
        Assert.Equal(2, changed.Version);
        Assert.Equal(2, await system.QueryNumber("clinical",
            "SELECT count(*) FROM outbox WHERE type LIKE '%DoctorScheduleSet%' AND position($1::text IN body) > 0", clinic.Doctor));
    }

    [Fact]
    public async Task The_same_entries_in_another_order_make_no_version_and_no_event()
    {
        var (system, clinic) = (await MedCorFixture.Get(), await ClinicFixture.Open());
        object[] hours = Hours("09:00:00", "17:00:00");
        object[] breaks = [new { weekday = "MONDAY", start = "10:00:00", end = "10:20:00" }, new { weekday = "MONDAY", start = "12:00:00", end = "12:20:00" }];
        object[] exceptions = [new { date = clinic.Weekday(4), reason = "Leave" }, new { date = clinic.Weekday(5), reason = "Leave" }];
        var set = await clinic.Admin.Call("set_doctor_schedule", new { doctor_id = clinic.Doctor, working_hours = hours, breaks, exceptions });

        var same = await clinic.Admin.Call("set_doctor_schedule",
            new { doctor_id = clinic.Doctor, working_hours = hours.Reverse(), breaks = breaks.Reverse(), exceptions = exceptions.Reverse() });

        Assert.Equal(set.ToJsonString(), same.ToJsonString());
        Assert.Equal(1, await system.QueryNumber("clinical",
            "SELECT count(*) FROM outbox WHERE type LIKE '%DoctorScheduleSet%' AND position($1::text IN body) > 0", clinic.Doctor));
        var fewer = await clinic.Admin.Call<DoctorSchedule>("set_doctor_schedule",
            new { doctor_id = clinic.Doctor, working_hours = hours, breaks = breaks.Take(1), exceptions });
        Assert.Equal(2, fewer.Version);
    }

    [Fact]
    public async Task Concurrent_first_schedules_fail_only_with_a_conflict()
    {
        var clinic = await ClinicFixture.Open();
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ =>
            clinic.Admin.TryCall("set_doctor_schedule",
                new { doctor_id = clinic.Doctor, working_hours = Hours("09:00:00", "12:00:00"), expected_version = 0 })));
        Assert.Single(answers, a => a.Code is null);
        Assert.Equal(9, answers.Count(a => a.Code == "CONFLICT"));
    }

    private static object[] Hours(string start, string end) => [.. Weekdays.Select(weekday => new { weekday, start, end })];

    private static string Weekday(string date) =>
        DateOnly.Parse(date, System.Globalization.CultureInfo.InvariantCulture).DayOfWeek.ToString().ToUpperInvariant();
}
