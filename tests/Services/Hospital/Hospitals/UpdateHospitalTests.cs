using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Hospital;
using MedCor.Tests.Services.Clinical.Scheduling;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace MedCor.Tests.Services.Hospital.Hospitals;

public sealed class UpdateHospitalTests
{
    [Theory]
    [InlineData("Europe/Berlin", "America/New_York")]
    [InlineData("Pacific/Kiritimati", "Pacific/Niue")] // 25 hours apart
    public async Task A_new_time_zone_lists_the_bookings_ahead_with_what_was_agreed_and_what_the_clocks_now_show(string from, string to)
    {
        var ward = await ClinicFixture.OpenHospital(from);
        var (later, sooner) = (await ward.Book("14:00:00", ward.Weekday(4)), await ward.Book("10:00:00", ward.Weekday(3)));
        await ward.ChangeStatus(await ward.Book("12:00:00", ward.Weekday(3)), "CANCELLED");

        var changed = await ClinicFixture.RunAfterEnd(await ward.Book("12:00:00", ward.Weekday(5)),
            () => ward.Admin.Call<UpdatedHospital>("update_hospital", new { hospital_id = ward.Admin.HospitalId, time_zone = to }));

        Assert.Equal((to, 2), (changed.TimeZone, changed.AffectedCount));
        var affected = changed.Affected!;
        Assert.Equal([sooner.Id, later.Id], affected.Select(a => a.Id));
        foreach (var (booked, told) in new[] { (sooner, affected[0]), (later, affected[1]) })
        {
            Assert.Equal((booked.PatientId, booked.DoctorId, booked.StartsAt, booked.AppointmentDate, booked.AppointmentTime, booked.TimeZone),
                (told.PatientId, told.DoctorId, told.StartsAt, told.AppointmentDate, told.AppointmentTime, told.TimeZone));
            Assert.Equal(from, told.TimeZone);
            var now = TimeZoneInfo.ConvertTime(booked.StartsAt, TimeZoneInfo.FindSystemTimeZoneById(to));
            Assert.Equal((DateOnly.FromDateTime(now.DateTime), TimeOnly.FromDateTime(now.DateTime), to), (told.NewDate, told.NewTime, told.NewTimeZone));
            Assert.Equal(booked, await ward.Nurse.Call<Appointment>("get_appointment", new { appointment_id = booked.Id }));
        }
    }

    /// <param name="before">A time outside working hours by the new clock.</param>
    /// <param name="during">A time within working hours by the new clock.</param>
    [Theory]
    [InlineData("Europe/Berlin", "America/New_York", "10:00:00", "16:00:00")]
    [InlineData("Pacific/Kiritimati", "Pacific/Niue", "09:00:00", "10:00:00")] // on the day before
    public async Task Schedules_and_slots_go_on_by_the_new_clocks_around_what_is_booked(string from, string to, string before, string during)
    {
        var ward = await ClinicFixture.OpenHospital(from);
        var zone = TimeZoneInfo.FindSystemTimeZoneById(to);
        // A Monday is avoided: in the new zone the appointment is on the day before, a Sunday, on which nobody works.
        var agreed = Enumerable.Range(3, 2).Select(n => ward.Weekday(n))
            .First(d => DateOnly.Parse(d, CultureInfo.InvariantCulture).DayOfWeek != DayOfWeek.Monday);
        var (early, within) = (await ward.Book(before, agreed), await ward.Book(during, agreed));
        var starts = TimeZoneInfo.ConvertTime(within.StartsAt, zone);
        var (day, time) = (starts.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), starts.ToString("HH:mm:ss", CultureInfo.InvariantCulture));
        await ward.Admin.Call("update_hospital", new { hospital_id = ward.Admin.HospitalId, time_zone = to });
        await CreateAppointmentTests.WaitUntilHolds(async () => Assert.Equal(
            to, (await ward.Nurse.Call<AppointmentSlots>("list_appointment_slots", new { doctor_id = ward.Doctor, date = day })).TimeZone));

        var free = await ward.FreeTimes(day);
        Assert.Equal(15, free.Length);
        Assert.DoesNotContain(time, free);
        var onTop = await ward.Nurse.TryCall("create_appointment", ward.BookingRequest(time, day, await ward.CreatePatient()));
        Assert.Equal("CONFLICT", onTop.Code);
        var alternative = CreateAppointmentTests.Alternatives(onTop)[0];
        Assert.Equal((day, true), (alternative.Date, free.Contains(alternative.Time)));

        var next = await ward.Nurse.Call<Appointment>("create_appointment", ward.BookingRequest(free[^1], day));
        Assert.Equal(to, next.TimeZone);
        Assert.Equal(TimeSpan.FromTicks(TimeOnly.Parse(free[^1], CultureInfo.InvariantCulture).Ticks),
            TimeZoneInfo.ConvertTime(next.StartsAt, zone).TimeOfDay);
        var set = await ward.Admin.Call<DoctorSchedule>("set_doctor_schedule",
            new
            {
                doctor_id = ward.Doctor,
                working_hours = Enum.GetNames<DayOfWeek>().Select(d => new { weekday = d.ToUpperInvariant(), start = "09:00:00", end = "17:00:00" })
            });
        Assert.Equal([early.Id], set.Affected!.Select(a => a.Id));

        // The platform sees every hospital's appointments; only those of this hospital are returned.
        var back = await (await ClinicFixture.LogIn("admin@medcor.example")).Call<UpdatedHospital>("update_hospital",
            new { hospital_id = ward.Admin.HospitalId, time_zone = from });
        Assert.Equal([early.Id, within.Id, next.Id], back.Affected!.Select(a => a.Id));
    }

    [Fact]
    public async Task An_unchanged_time_zone_affects_no_appointment()
    {
        var ward = await ClinicFixture.OpenHospital("Europe/Berlin");
        await ward.Book("10:00:00", ward.Weekday(3));
        foreach (var change in new object[]
        {
            new { hospital_id = ward.Admin.HospitalId, time_zone = "Europe/Berlin" }, new { hospital_id = ward.Admin.HospitalId, city = "Elsewhere" }
        })
        {
            var changed = await ward.Admin.Call<UpdatedHospital>("update_hospital", change);
            Assert.Null(changed.Affected);
            Assert.Null(changed.AffectedCount);
        }
    }

    [Fact]
    public async Task An_update_that_changes_nothing_is_not_published()
    {
        var (house, ward) = (await MedCorFixture.Get(), await ClinicFixture.OpenHospital("Europe/Berlin"));
        var before = await ward.Admin.Call<Contracts.Hospital.Hospital>("get_hospital", new { hospital_id = ward.Admin.HospitalId });

        await ward.Admin.Call("update_hospital", new { hospital_id = ward.Admin.HospitalId });
        await ward.Admin.Call("update_hospital", new { hospital_id = ward.Admin.HospitalId, name = before.Name, time_zone = "Europe/Berlin" });

        Assert.Equal(0, await Published());
        await ward.Admin.Call("update_hospital", new { hospital_id = ward.Admin.HospitalId, city = "Another" });
        Assert.Equal(1, await Published());

        Task<long> Published() =>
            house.QueryNumber("hospital", "SELECT count(*) FROM outbox WHERE type LIKE '%HospitalUpdated%' AND position($1::text IN body) > 0",
                ward.Admin.HospitalId!.Value);
    }

    [Fact]
    public async Task A_hospital_says_how_many_open_bookings_its_patients_may_make()
    {
        var ward = await ClinicFixture.OpenHospital("Europe/Berlin");
        var patient = await ward.LogInPatient();
        Assert.Equal(3,
            (await patient.Call<Contracts.Hospital.Hospital>("get_hospital", new { hospital_id = ward.Admin.HospitalId })).MaxOpenPatientBookings);
        Assert.Equal(["max_open_patient_bookings"], CreateAppointmentTests.Fields(await ward.Admin.TryCall("update_hospital",
            new { hospital_id = ward.Admin.HospitalId, max_open_patient_bookings = -1 })));
        Assert.Equal("PERMISSION_DENIED",
            (await patient.TryCall("update_hospital", new { hospital_id = ward.Admin.HospitalId, max_open_patient_bookings = 9 })).Code);

        await Allow(0);
        await CreateAppointmentTests.WaitUntilHolds(async () =>
        {
            var refused = await patient.TryCall("create_appointment", ward.BookingRequest("10:00:00", ward.Weekday(1)));
            if (refused.Status == HttpStatusCode.OK) await ward.ChangeStatus(refused.Read<Appointment>(), "CANCELLED");
            Assert.Equal(("CONFLICT", 0), (refused.Code, (int?)refused.Details?["max_open_patient_bookings"]));
        });
        await ward.Book("10:00:00", ward.Weekday(1));

        await Allow(1);
        await CreateAppointmentTests.WaitUntilHolds(async () =>
            Assert.Equal(HttpStatusCode.OK, (await patient.TryCall("create_appointment", ward.BookingRequest("10:00:00", ward.Weekday(2)))).Status));
        Assert.Equal("CONFLICT", (await patient.TryCall("create_appointment", ward.BookingRequest("10:00:00", ward.Weekday(3)))).Code);

        async Task Allow(int most) =>
            Assert.Equal(most, (await ward.Admin.Call<UpdatedHospital>("update_hospital",
                new { hospital_id = ward.Admin.HospitalId, max_open_patient_bookings = most })).MaxOpenPatientBookings);
    }

    [Fact]
    public async Task The_platform_takes_a_hospital_back_into_use_as_it_was()
    {
        var (platform, ward) = (await ClinicFixture.LogIn("admin@medcor.example"), await ClinicFixture.OpenHospital("Europe/Berlin"));
        var hospital = new { hospital_id = ward.Admin.HospitalId };
        var (booked, former) = (await ward.Book("10:00:00", ward.Weekday(3)), await ward.LogInPatient());
        await platform.Call("delete_hospital", hospital);
        await Wait.Until(async () => (await former.TryCall("get_current_user")).Code == "AUTH_INVALID", "its sessions end", TimeSpan.FromSeconds(10));
        await using var listener = await SseClient.Connect(platform, "resources=hospitals");

        var back = await platform.Call<UpdatedHospital>("update_hospital", new { hospital.hospital_id, is_active = true });

        Assert.Equal((true, 3), (back.IsActive, back.Version));
        await listener.Next(e => e.Resource == "hospitals" && e.Action == "updated" && e.EntityId == hospital.hospital_id
            && (bool)e.Data["data"]!["is_active"]!);
        await CreateAppointmentTests.WaitUntilHolds(async () =>
        {
            using var login = await ward.Admin.Http.PostAsJsonAsync("/api/auth/login/", new { email = ward.PatientEmail, password = ClinicFixture.Password });
            Assert.Equal(HttpStatusCode.OK, login.StatusCode);
        });
        var patient = await ward.LogInPatient();
        // Each process learns of a revocation by itself, so the answer above may have come from the first that did.
        await Wait.Until(async () => (await former.TryCall("get_current_user")).Code == "AUTH_INVALID", "its old sessions stay ended",
            TimeSpan.FromSeconds(10));
        Assert.Equal(AppointmentStatus.Scheduled, (await patient.Call<Appointment>("get_appointment", new { appointment_id = booked.Id })).Status);
        await CreateAppointmentTests.WaitUntilHolds(async () =>
            Assert.Equal(HttpStatusCode.OK, (await patient.TryCall("create_appointment", ward.BookingRequest("11:00:00", ward.Weekday(4)))).Status));
        // Sending the current value is no change.
        Assert.Equal(3, (await platform.Call<UpdatedHospital>("update_hospital", new { hospital.hospital_id, is_active = true })).Version);
    }

    [Fact]
    public async Task A_hospital_goes_out_of_use_by_its_own_tool_and_back_by_nobody_of_its_own()
    {
        var (platform, ward) = (await ClinicFixture.LogIn("admin@medcor.example"), await ClinicFixture.OpenHospital("Europe/Berlin"));
        var refused = await platform.TryCall("update_hospital", new { hospital_id = ward.Admin.HospitalId, is_active = false });
        Assert.Equal("VALIDATION_ERROR", refused.Code);
        Assert.Equal("can only be true: use delete_hospital to deactivate a hospital", Assert.Single(refused.Details.Strings("is_active")));
        Assert.True((await ward.Admin.Call<UpdatedHospital>("update_hospital", new { hospital_id = ward.Admin.HospitalId, is_active = true })).IsActive);

        // Without revoking the hospital's tokens, which normally happens within seconds.
        var house = await MedCorFixture.Get();
        await house.QueryNumber("hospital", "UPDATE hospitals SET is_active = false, version = version + 1 WHERE id = $1 RETURNING 1",
            ward.Admin.HospitalId!.Value);

        Assert.Equal("PERMISSION_DENIED", (await ward.Admin.TryCall("update_hospital", new { hospital_id = ward.Admin.HospitalId, is_active = true })).Code);
        // Sending a value back as it was read changes nothing.
        Assert.False((await platform.Call<UpdatedHospital>("update_hospital", new { hospital_id = ward.Admin.HospitalId, is_active = false })).IsActive);
    }

    [Fact]
    public void Events_of_an_older_version_do_not_set_the_booking_limit()
    {
        var hospital = new Contracts.Hospital.Hospital(
            Id: Guid.NewGuid(),
            Name: "n",
            Subdomain: "s",
            RegistrationNumber: "r",
            Email: "e",
            PhoneNumber: "p",
            AddressLine1: "a",
            AddressLine2: null,
            City: "c",
            State: null,
            Country: "c",
            PostalCode: "p",
            HospitalType: "h",
            TimeZone: "UTC",
            IsActive: true,
            Version: 1,
            CreatedAt: default,
            UpdatedAt: default,
            MaxOpenPatientBookings: 7);
        var told = JsonSerializer.SerializeToNode(hospital, Json.Options)!.AsObject();
        Assert.True(told.Remove("max_open_patient_bookings"));

        Assert.Null(told.Deserialize<Contracts.Hospital.Hospital>(Json.Options)!.MaxOpenPatientBookings);
    }

    [Theory]
    [InlineData(400, "VALIDATION_ERROR")] // a filter that the service does not know
    [InlineData(404, "RESOURCE_NOT_FOUND")] // a path that the service does not know
    public async Task While_Clinical_cannot_list_upcoming_bookings_a_time_zone_change_is_to_be_retried(int status, string code)
    {
        var ward = await ClinicFixture.OpenHospital("Europe/Berlin");
        await using var older = await Older(status, code);
        await using var hospital = await ServiceProcess.StartService("hospital", ("services__clinical__http__0", older.Urls.Single()),
            ("services__clinical__http__1", null));

        using var answer = await hospital.Post(ward.Admin, "/tools/update_hospital",
            new { hospital_id = ward.Admin.HospitalId, time_zone = "America/New_York" });

        var error = await answer.ReadError();
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "SERVER_ERROR"), (answer.StatusCode, error.Code));
        Assert.True(error.RetryAfter > 0);
        Assert.Equal("Europe/Berlin",
            (await ward.Admin.Call<Contracts.Hospital.Hospital>("get_hospital", new { hospital_id = ward.Admin.HospitalId })).TimeZone);
    }

    /// <summary>Starts a server that rejects a request as an older version of the service does.</summary>
    private static async Task<WebApplication> Older(int status, string code)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.Run(http =>
        {
            http.Response.StatusCode = status;
            return http.Response.WriteAsJsonAsync(
                new
                {
                    error = new
                    {
                        code, message = "Not valid: filter.starts_at is not a field to filter by.", details = new { request_id = "x" },
                        timestamp = DateTimeOffset.UnixEpoch
                    }
                });
        });
        await app.StartAsync();
        return app;
    }
}
