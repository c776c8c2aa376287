using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Analytics;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Hospital;
using MedCor.Contracts.Identity;

namespace MedCor.Tests.Services.Analytics.Statistics;

public class GetDoctorPerformanceTests
{
    [Fact]
    public async Task A_week_of_work_in_figures()
    {
        await using var hospital = await SyntheticHospital.Open();
        var (doctor, monday) = (hospital.NewUser(Role.Doctor), new DateOnly(2024, 5, 13));
        var (one, other) = (Guid.NewGuid(), Guid.NewGuid());
        await hospital.Publish(new UserCreated(doctor));
        await hospital.Publish(new[]
        {
            hospital.NewAppointment(doctor.Id, one, monday, AppointmentStatus.Completed, rating: 5),
            hospital.NewAppointment(doctor.Id, one, monday.AddDays(1), AppointmentStatus.Completed, rating: 4),
            hospital.NewAppointment(doctor.Id, other, monday.AddDays(6), AppointmentStatus.Completed),
            hospital.NewAppointment(doctor.Id, other, monday, AppointmentStatus.Cancelled, at: "11:00"),
            hospital.NewAppointment(doctor.Id, other, monday, AppointmentStatus.NoShow, at: "12:00"),
            hospital.NewAppointment(doctor.Id, other, monday.AddDays(7), AppointmentStatus.Completed),
            hospital.NewAppointment(Guid.NewGuid(), other, monday, AppointmentStatus.Completed),
        }.Select(v => new AppointmentCreated(v)));
        await hospital.WaitForStatistics(monday, monday.AddDays(7), appointments: 7);

        var p = await hospital.Platform.Call<DoctorPerformance>("get_doctor_performance",
            new { doctor_id = doctor.Id, period = "WEEKLY", date = "2024-05-15" });

        Assert.Equal((monday, monday.AddDays(6)), (p.DateFrom, p.DateTo));
        Assert.Equal((5, 3, 1, 1), (p.Appointments, p.Completed, p.Cancelled, p.NoShows));
        Assert.Equal((2, 4.5m), (p.PatientsSeen, p.AverageRating));
        // Three half hours out of five days from nine to five.
        Assert.Equal((90, 2400, 0.0375m), (p.BookedMinutes, p.WorkingMinutes, p.Utilization));
        foreach (var (period, to) in new[] { ("DAILY", "2024-05-13"), ("MONTHLY", "2024-05-31"), ("QUARTERLY", "2024-06-30"), ("YEARLY", "2024-12-31") })
            Assert.Equal(to, SyntheticHospital.FormatDate((await hospital.Platform.Call<DoctorPerformance>("get_doctor_performance",
                new { doctor_id = doctor.Id, period, date = "2024-05-13" })).DateTo));
    }

    [Fact]
    public async Task The_hours_that_clocks_skip_are_not_worked_and_those_they_repeat_are_worked_twice()
    {
        await using var hospital = await SyntheticHospital.Open("America/New_York");
        var doctor = hospital.NewUser(Role.Doctor);
        var nights = new DoctorScheduleSet(new(
            DoctorId: doctor.Id,
            HospitalId: hospital.Id,
            TimeZone: "America/New_York",
            SlotMinutes: 30,
            WorkingHours: [new(DayOfWeek.Sunday, new(0, 0), new(6, 0))],
            Breaks: [],
            Exceptions: [],
            Version: 1,
            CreatedAt: DateTimeOffset.UnixEpoch,
            UpdatedAt: DateTimeOffset.UnixEpoch));
        await hospital.Publish(new UserCreated(doctor), nights);
        await hospital.WaitUntilHandled(nights);
        await Wait.Until(async () => (await hospital.Platform.TryCall("get_doctor_performance", new { doctor_id = doctor.Id })).Code is null,
            "Analytics knows the doctor");

        foreach (var (night, minutes) in new[] { ("2024-03-03", 360), ("2024-03-10", 300), ("2024-11-03", 420) })
            Assert.Equal(minutes, (await hospital.Platform.Call<DoctorPerformance>("get_doctor_performance",
                new { doctor_id = doctor.Id, period = "DAILY", date = night })).WorkingMinutes);
    }

    [Fact]
    public async Task A_day_keeps_the_hours_of_the_schedule_that_held_on_it()
    {
        await using var hospital = await SyntheticHospital.Open();
        var (doctor, monday) = (hospital.NewUser(Role.Doctor), new DateOnly(2024, 5, 13));
        // The later schedules arrive first, and one arrives twice. Of the schedules set on the same day, the last version counts.
        DoctorScheduleSet[] told = [Set(3, monday.AddDays(4), "10:00"), Set(1, monday.AddDays(2), "11:00"), Set(2, monday.AddDays(4), "17:00"),
            Set(1, monday.AddDays(2), "11:00")];
        await hospital.Publish([new UserCreated(doctor), .. told]);
        await hospital.WaitUntilHandled(told);
        await Wait.Until(async () => (await hospital.Platform.TryCall("get_doctor_performance", new { doctor_id = doctor.Id })).Code is null,
            "Analytics knows the doctor");

        // Two days of the usual eight hours, two of two hours and one of one hour.
        Assert.Equal(2 * 480 + 2 * 120 + 60, await Minutes("WEEKLY", monday));
        Assert.Equal(480, await Minutes("DAILY", monday.AddDays(1)));
        Assert.Equal(120, await Minutes("DAILY", monday.AddDays(3)));
        Assert.Equal(5 * 60, await Minutes("WEEKLY", monday.AddDays(7)));

        // After a change of its time zone, a hospital's date may be the day before.
        var back = Set(4, monday.AddDays(3), "09:30");
        await hospital.Publish(back);
        await hospital.WaitUntilHandled(back);
        Assert.Equal(2 * 480 + 120 + 2 * 30, await Minutes("WEEKLY", monday));

        DoctorScheduleSet Set(long version, DateOnly from, string until) => new(new(
            DoctorId: doctor.Id,
            HospitalId: hospital.Id,
            TimeZone: "Europe/Berlin",
            SlotMinutes: 30,
            WorkingHours: [.. Enumerable.Range(1, 5).Select(day => new WeeklyPeriod((DayOfWeek)day, new(9, 0), TimeOnly.Parse(until)))],
            Breaks: [],
            Exceptions: [],
            Version: version,
            CreatedAt: DateTimeOffset.UnixEpoch,
            UpdatedAt: DateTimeOffset.UnixEpoch), from);

        async Task<int> Minutes(string period, DateOnly date) =>
            (await hospital.Platform.Call<DoctorPerformance>("get_doctor_performance",
                new { doctor_id = doctor.Id, period, date = SyntheticHospital.FormatDate(date) })).WorkingMinutes;
    }

    /// <summary>
    /// During a rolling upgrade, an older Clinical may omit the day, and an older Analytics may store a schedule where the previous version reads it.
    /// </summary>
    [Fact]
    public async Task What_the_version_before_tells_or_keeps_holds_from_the_day_on_which_it_was_set()
    {
        await using var hospital = await SyntheticHospital.Open();
        var (system, doctors) = (await MedCorFixture.Get(), new[] { hospital.NewUser(Role.Doctor), hospital.NewUser(Role.Doctor) });
        // Half past midnight on Wednesday in Berlin.
        var set = new DateTimeOffset(2024, 5, 14, 22, 30, 0, TimeSpan.Zero);
        DoctorSchedule[] schedules = [.. doctors.Select(d => new DoctorSchedule(
            DoctorId: d.Id,
            HospitalId: hospital.Id,
            TimeZone: "Europe/Berlin",
            SlotMinutes: 30,
            WorkingHours: [],
            Breaks: [],
            Exceptions: [],
            Version: 1,
            CreatedAt: set,
            UpdatedAt: set))];

        var told = new DoctorScheduleSet(schedules[0]);
        await hospital.Publish([.. doctors.Select(d => new UserCreated(d)), told]);
        await hospital.WaitUntilHandled(told);
        await system.QueryNumber("analytics", "INSERT INTO schedules VALUES ($1, $2, $3::jsonb, 1) RETURNING 1", hospital.Id, doctors[1].Id,
            JsonSerializer.Serialize(schedules[1], Json.Options));

        foreach (var doctor in doctors)
        {
            await Wait.Until(async () => (await hospital.Platform.TryCall("get_doctor_performance", new { doctor_id = doctor.Id })).Code is null,
                "Analytics knows the doctor");
            Assert.Equal(2 * 480, (await hospital.Platform.Call<DoctorPerformance>("get_doctor_performance",
                new { doctor_id = doctor.Id, period = "WEEKLY", date = "2024-05-13" })).WorkingMinutes);
        }
    }

    [Fact]
    public async Task Days_count_on_which_doctor_and_hospital_were_both_active_on_the_hospitals_clocks()
    {
        await using var hospital = await SyntheticHospital.Open();
        var (doctor, monday) = (hospital.NewUser(Role.Doctor), new DateOnly(2024, 5, 13));
        // Active until half past midnight on Wednesday in Berlin, again from later that day until Thursday, and since the following Tuesday.
        var periods = new ActivePeriods([
            new(At("2024-05-13T08:00:00Z"), At("2024-05-14T22:30:00Z")), new(At("2024-05-15T06:00:00Z"), At("2024-05-16T09:00:00Z")),
            new(At("2024-05-20T22:30:00Z")),
        ]);
        var started = hospital.NewDoctorUpdate(doctor, specialty: null) with { ActivePeriods = periods };
        await hospital.Publish(new UserCreated(doctor), started);
        await hospital.WaitUntilHandled(started);
        await Wait.Until(async () => (await hospital.Platform.TryCall("get_doctor_performance", new { doctor_id = doctor.Id })).Code is null,
            "Analytics knows the doctor");

        Assert.Equal(4 * 480, await Minutes("WEEKLY", monday));
        Assert.Equal(4 * 480, await Minutes("WEEKLY", monday.AddDays(7)));
        Assert.Equal((0, null), await Work("DAILY", monday.AddDays(-3)));
        Assert.Equal((0, null), await Work("DAILY", monday.AddDays(4)));
        Assert.Equal(480, await Minutes("DAILY", monday.AddDays(2)));
        Assert.Equal((0, null), await Work("YEARLY", new(1990, 1, 1)));

        // The hospital closes on Thursday of the second week; what is known of the doctor stays.
        var closed = new HospitalDeactivated(hospital.NewHospital(version: 2) with { IsActive = false })
        {
            ActivePeriods = new([new(At("2024-05-14T05:00:00Z"), At("2024-05-23T05:00:00Z"))])
        };
        await hospital.Publish(closed);
        await hospital.WaitUntilHandled(closed);
        Assert.Equal(3 * 480, await Minutes("WEEKLY", monday));
        Assert.Equal(3 * 480, await Minutes("WEEKLY", monday.AddDays(7)));
        Assert.Equal((0, null), await Work("YEARLY", new(2025, 1, 1)));
        var demand = await hospital.Platform.Call<HospitalDemand>("get_specialty_demand",
            new { hospital_id = hospital.Id, period = "YEARLY", date = "2025-01-01" });
        Assert.Equal((1, null), (demand.Specialties[0].Doctors, demand.Specialties[0].Utilization));

        static DateTimeOffset At(string time) => DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture);

        async Task<int> Minutes(string period, DateOnly date) => (await Work(period, date)).Minutes;

        async Task<(int Minutes, decimal? Utilization)> Work(string period, DateOnly date)
        {
            var p = await hospital.Platform.Call<DoctorPerformance>("get_doctor_performance",
                new { doctor_id = doctor.Id, period, date = SyntheticHospital.FormatDate(date) });
            return (p.WorkingMinutes, p.Utilization);
        }
    }

    [Fact]
    public async Task A_doctor_works_from_the_day_of_the_account_or_of_the_role_until_the_account_or_the_hospital_ends()
    {
        var clinic = await ClinicFixture.OpenHospital("Europe/Berlin");
        var (next, platform) = (clinic.Today.AddYears(1), await ApiClient.LogInShared("admin@medcor.example"));
        await WaitForMinutes(next, minutes => minutes > 100_000);
        await WaitForMinutes(clinic.Today.AddYears(-1), minutes => minutes == 0);

        await clinic.Admin.Call("update_user", new { user_id = clinic.Doctor, role = "NURSE" });
        await WaitForMinutes(next, minutes => minutes == 0);
        Assert.Equal(Role.Nurse, (await clinic.Admin.Call<User>("get_user", new { user_id = clinic.Doctor })).Role);
        await clinic.Admin.Call("update_user", new { user_id = clinic.Doctor, role = "DOCTOR" });
        await WaitForMinutes(next, minutes => minutes > 100_000);
        Assert.Equal(2, await Periods());

        await clinic.Admin.Call("delete_user", new { user_id = clinic.Doctor });
        await WaitForMinutes(next, minutes => minutes == 0);
        await clinic.Admin.Call("update_user", new { user_id = clinic.Doctor, is_active = true, first_name = "Back" });
        await clinic.Admin.Call("update_user", new { user_id = clinic.Doctor, first_name = "Again" });
        await WaitForMinutes(next, minutes => minutes > 100_000);
        Assert.Equal(3, await Periods());

        var hospital = new { hospital_id = clinic.Admin.HospitalId };
        await platform.Call("delete_hospital", hospital);
        await WaitForMinutes(next, minutes => minutes == 0);
        await platform.Call("update_hospital", new { hospital.hospital_id, is_active = true });
        await WaitForMinutes(next, minutes => minutes > 100_000);

        Task WaitForMinutes(DateOnly year, Func<int, bool> expected) => Wait.Until(
            async () => await platform.TryCall("get_doctor_performance",
                new { doctor_id = clinic.Doctor, period = "YEARLY", date = ClinicFixture.FormatDate(year) }) is { Code: null } answer
                && expected(answer.Read<DoctorPerformance>().WorkingMinutes),
            $"the working minutes of {year.Year} follow");

        async Task<long> Periods() =>
            await (await MedCorFixture.Get()).QueryNumber("identity",
                "SELECT jsonb_array_length(doctor_periods -> 'periods') FROM users WHERE id = $1", clinic.Doctor);
    }

    [Fact]
    public async Task Doctors_see_themselves_administrators_their_own_and_nobody_else_any()
    {
        var (doctor, admin) = (await ApiClient.LogInShared("doctor@general.example"), await ApiClient.LogInShared("admin@general.example"));
        var foreign = await ApiClient.LogInShared("doctor@riverside.example");

        Assert.Equal(doctor.Id, (await doctor.Call<DoctorPerformance>("get_doctor_performance", new { doctor_id = doctor.Id })).DoctorId);
        Assert.Equal(doctor.Id, (await admin.Call<DoctorPerformance>("get_doctor_performance", new { doctor_id = doctor.Id })).DoctorId);
        Assert.Equal("PERMISSION_DENIED", (await doctor.TryCall("get_doctor_performance", new { doctor_id = Guid.NewGuid() })).Code);
        Assert.Equal("PERMISSION_DENIED", (await doctor.TryCall("get_doctor_performance", new { doctor_id = foreign.Id })).Code);
        Assert.Equal("RESOURCE_NOT_FOUND", (await admin.TryCall("get_doctor_performance", new { doctor_id = foreign.Id })).Code);
        Assert.Equal("RESOURCE_NOT_FOUND", (await admin.TryCall("get_doctor_performance", new { doctor_id = Guid.NewGuid() })).Code);
        foreach (var who in new[] { "nurse@general.example", "patient@general.example" })
            Assert.Equal("PERMISSION_DENIED", (await (await ApiClient.LogInShared(who)).TryCall("get_doctor_performance", new { doctor_id = doctor.Id })).Code);
        var wrong = await admin.TryCall("get_doctor_performance", new { doctor_id = doctor.Id, period = "HOURLY", date = "soon" });
        Assert.Equal(("VALIDATION_ERROR", true, true), (wrong.Code, wrong.Details!["period"] is not null, wrong.Details["date"] is not null));
    }
}
