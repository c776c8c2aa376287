using MedCor.Tests.Clinical.Appointments;
using MedCor.Tests.EndToEnd;

namespace MedCor.Tests.Clinical.Schedules;

public sealed class SetDoctorScheduleTests
{
    private static readonly string[] Weekdays = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"];

    [Fact]
    public async Task Until_somebody_sets_one_a_doctor_works_on_weekdays_from_9_to_5()
    {
        var ward = await Ward.ToLookAt();
        var schedule = await ward.Nurse.Do("get_doctor_schedule", new { doctor_id = ward.Doctor });
        Assert.Equal((0, 30, "Europe/Berlin"), ((int)schedule["version"]!, (int)schedule["slot_minutes"]!, (string?)schedule["time_zone"]));
        Assert.Equal(Weekdays, schedule["working_hours"]!.AsArray().Select(p => (string)p!["weekday"]!));
        Assert.Equal(16, (await ward.FreeTimes()).Length);
    }

    [Fact]
    public async Task A_schedule_replaces_the_one_before_and_decides_what_is_free()
    {
        var ward = await Ward.Open();
        var day = ward.Day(3);
        var set = await ward.Admin.Do("set_doctor_schedule", new
        {
            doctor_id = ward.Doctor,
            slot_minutes = 20,
            working_hours = Hours("08:00:00", "10:00:00"),
            breaks = new[] { new { weekday = Weekday(day), start = "09:00:00", end = "09:20:00" } },
            exceptions = new[] { new { date = ward.Day(4), reason = "Leave" } },
        });
        Assert.Equal(1, (int)set["version"]!);
        Assert.Empty(set["affected"]!.AsArray());
        Assert.Equal(["08:00:00", "08:20:00", "08:40:00", "09:20:00", "09:40:00"], await ward.FreeTimes(day));
        Assert.Empty(await ward.FreeTimes(ward.Day(4)));

        var read = await ward.Nurse.Do("get_doctor_schedule", new { doctor_id = ward.Doctor });
        Assert.Equal(set["working_hours"]!.ToJsonString(), read["working_hours"]!.ToJsonString());
        Assert.Equal("Leave", (string?)read["exceptions"]![0]!["reason"]);

        var again = await ward.Admin.Do("set_doctor_schedule", new { doctor_id = ward.Doctor, working_hours = Hours("12:00:00", "13:00:00") });
        Assert.Equal(2, (int)again["version"]!);
        Assert.Empty(again["breaks"]!.AsArray());
        Assert.Equal(["12:00:00", "12:30:00"], await ward.FreeTimes(day));
    }

    [Fact]
    public async Task Why_a_doctor_is_away_is_told_to_staff_alone()
    {
        var ward = await Ward.Open();
        var patient = await ward.AsPatient();
        await ward.Admin.Do("set_doctor_schedule", new
        {
            doctor_id = ward.Doctor,
            working_hours = Hours("09:00:00", "17:00:00"),
            exceptions = new object[] { new { date = ward.Day(4), reason = "In hospital oneself" }, new { date = ward.Day(5), start = "10:00:00", end = "11:00:00", reason = "In hospital oneself" } },
        });

        foreach (var staff in new[] { ward.Nurse, await ward.AsDoctor(), await Ward.As("doctor@general.example"), await Ward.As("admin@medcor.example") })
            Assert.All((await staff.Do("get_doctor_schedule", new { doctor_id = ward.Doctor }))["exceptions"]!.AsArray(), e => Assert.Equal("In hospital oneself", (string?)e!["reason"]));
        var shown = await patient.Do("get_doctor_schedule", new { doctor_id = ward.Doctor });
        Assert.Equal([ward.Day(4), ward.Day(5)], shown["exceptions"]!.AsArray().Select(e => (string)e!["date"]!));
        Answer[] answers =
        [
            new(default, shown), await patient.Call("list_appointment_slots", new { doctor_id = ward.Doctor, date = ward.Day(4) }),
            await patient.Call("create_appointment", ward.Wish("10:00:00", ward.Day(4))), await patient.Call("create_appointment", ward.Wish("10:00:00", ward.Day(5))),
        ];
        Assert.All(answers, a => Assert.DoesNotContain("oneself", a.Body.ToJsonString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_booked_stays_booked_and_is_listed_as_affected()
    {
        var ward = await Ward.Open();
        var (inside, outside) = (await ward.Book("09:00:00"), await ward.Book("15:00:00"));
        await ward.Move(await ward.Book("16:00:00"), "CANCELLED");
        var set = await ward.Admin.Do("set_doctor_schedule", new { doctor_id = ward.Doctor, working_hours = Hours("09:00:00", "12:00:00") });

        Assert.Equal((string)outside["id"]!, (string)Assert.Single(set["affected"]!.AsArray())!["id"]!);
        Assert.Equal(1, (int)set["affected_count"]!);
        foreach (var booked in new[] { inside, outside })
            Assert.Equal("SCHEDULED", (string?)(await ward.Nurse.Do("get_appointment", new { appointment_id = (string)booked["id"]! }))["status"]);
    }

    [Fact]
    public async Task Doctors_set_their_own_and_administrators_their_hospitals()
    {
        var ward = await Ward.Open();
        object For(Guid doctor) => new { doctor_id = doctor, working_hours = Hours("09:00:00", "12:00:00") };

        var doctor = await ward.AsDoctor();
        await doctor.Do("set_doctor_schedule", For(ward.Doctor));
        Assert.Equal("PERMISSION_DENIED", (await doctor.Call("set_doctor_schedule", For(await ward.NewDoctor()))).Code);
        Assert.Equal("PERMISSION_DENIED", (await ward.Nurse.Call("set_doctor_schedule", For(ward.Doctor))).Code);
        Assert.Equal("PERMISSION_DENIED", (await (await ward.AsPatient()).Call("set_doctor_schedule", For(ward.Doctor))).Code);
        Assert.Equal("RESOURCE_NOT_FOUND", (await (await Ward.As("admin@riverside.example")).Call("set_doctor_schedule", For(ward.Doctor))).Code);
        Assert.Equal("RESOURCE_NOT_FOUND", (await ward.Admin.Call("set_doctor_schedule", For(ward.Patient))).Code);
        await (await Ward.As("admin@medcor.example")).Do("set_doctor_schedule", For(ward.Doctor));
    }

    [Fact]
    public async Task Every_entry_that_makes_no_sense_is_named()
    {
        var ward = await Ward.ToLookAt();
        var answer = await ward.Admin.Call("set_doctor_schedule", new
        {
            doctor_id = ward.Doctor,
            working_hours = new[]
            {
                new { weekday = "MONDAY", start = "09:00:00", end = "12:00:00" },
                new { weekday = "MONDAY", start = "11:00:00", end = "13:00:00" },
                new { weekday = "TUESDAY", start = "12:00:00", end = "11:00:00" },
            },
            breaks = new[] { new { weekday = "FRIDAY", start = "12:00:00", end = "12:30:00" } },
            exceptions = new[] { new { date = ward.Day(), start = "12:00:00" } },
        });
        Assert.Equal("VALIDATION_ERROR", answer.Code);
        Assert.Equal(["breaks[0]", "exceptions[0]", "working_hours[1]", "working_hours[2].end"], CreateAppointmentTests.Fields(answer));
    }

    [Fact]
    public async Task Who_expects_another_version_changes_nothing()
    {
        var ward = await Ward.Open();
        object Expecting(int version) => new { doctor_id = ward.Doctor, working_hours = Hours("09:00:00", "12:00:00"), expected_version = version };
        Assert.Equal("CONFLICT", (await ward.Admin.Call("set_doctor_schedule", Expecting(1))).Code);
        await ward.Admin.Do("set_doctor_schedule", Expecting(0));
        Assert.Equal("CONFLICT", (await ward.Admin.Call("set_doctor_schedule", Expecting(0))).Code);
        await ward.Admin.Do("set_doctor_schedule", Expecting(1));
    }

    [Fact]
    public async Task Of_many_who_set_the_first_at_once_none_fails_otherwise_than_by_conflict()
    {
        var ward = await Ward.Open();
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ =>
            ward.Admin.Call("set_doctor_schedule", new { doctor_id = ward.Doctor, working_hours = Hours("09:00:00", "12:00:00"), expected_version = 0 })));
        Assert.Single(answers, a => a.Code is null);
        Assert.Equal(9, answers.Count(a => a.Code == "CONFLICT"));
    }

    private static object[] Hours(string start, string end) => [.. Weekdays.Select(weekday => new { weekday, start, end })];

    private static string Weekday(string date) => DateOnly.Parse(date, System.Globalization.CultureInfo.InvariantCulture).DayOfWeek.ToString().ToUpperInvariant();
}
