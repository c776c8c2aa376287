using System.Net;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;

namespace MedCor.Tests.Services.Clinical.Scheduling;

/// <summary>Tests changes in other services that affect appointments booked at the same moment.</summary>
public sealed class BookingPausesTests
{
    private static readonly string[] Mornings = ["09:00:00", "09:30:00", "10:00:00", "10:30:00", "11:00:00", "11:30:00"];
    private static readonly string[] Afternoons = ["12:00:00", "12:30:00", "13:00:00", "13:30:00", "14:00:00", "14:30:00", "15:00:00",
        "15:30:00", "16:00:00", "16:30:00"];

    [Theory]
    [InlineData("delete_user", "doctor")]
    [InlineData("delete_user", "patient")]
    [InlineData("update_user is_active", "doctor")]
    [InlineData("update_user is_active", "patient")]
    [InlineData("update_user role", "doctor")]
    [InlineData("update_user role", "patient")]
    [InlineData("set_doctor_schedule", "doctor")]
    public async Task Bookings_made_during_a_change_are_listed_as_affected(string change, string whose)
    {
        var clinic = await ClinicFixture.Open();
        var whom = whose == "doctor" ? clinic.Doctor : clinic.Patient;
        var changed = await WhileBooking(clinic, [.. Mornings, .. Afternoons], () => change switch
        {
            "delete_user" => clinic.Admin.Call("delete_user", new { user_id = whom }),
            "update_user is_active" => clinic.Admin.Call("update_user", new { user_id = whom, is_active = false }),
            "update_user role" => clinic.Admin.Call("update_user", new { user_id = whom, role = "NURSE" }),
            // The new schedule has no shift in the mornings and at noon, and one on a weekday that no test books.
            _ => clinic.Admin.Call("set_doctor_schedule",
                new { doctor_id = whom, working_hours = new[] { new { weekday = "SUNDAY", start = "20:00:00", end = "21:00:00" } } }),
        });

        Assert.Equal(await Scheduled(clinic, _ => true), Affected(changed));
        Assert.Equal(Affected(changed).Count, (int)changed["affected_count"]!);
    }

    [Fact]
    public async Task Bookings_made_during_a_time_zone_change_use_the_old_zone_and_are_listed_or_use_the_new_one()
    {
        var clinic = await ClinicFixture.OpenHospital("Europe/Berlin");
        var changed = await WhileBooking(clinic, Afternoons,
            () => clinic.Admin.Call("update_hospital", new { hospital_id = clinic.Admin.HospitalId, time_zone = "Europe/London" }));

        Assert.Equal(await Scheduled(clinic, a => a.TimeZone == "Europe/Berlin"), Affected(changed));
    }

    [Fact]
    public async Task Bookings_resume_as_soon_as_the_event_of_the_change_is_handled()
    {
        var clinic = await ClinicFixture.OpenHospital("Europe/Berlin");
        foreach (var zone in new[] { "Europe/London", "Europe/Athens" })
        {
            await clinic.Admin.Call("update_hospital", new { hospital_id = clinic.Admin.HospitalId, time_zone = zone });
            var booked = await clinic.Book("12:00:00", clinic.Weekday(zone == "Europe/London" ? 2 : 3));
            Assert.Equal(zone, booked.TimeZone);
        }
    }

    [Fact]
    public async Task An_abandoned_change_pauses_bookings_for_at_most_a_minute()
    {
        var clinic = await ClinicFixture.Open();
        await using var clinical = await ServiceProcess.StartService("clinical");
        using var paused = await clinical.Post(clinic.Admin, PauseBookings.Path,
            new { hospital_id = clinic.Admin.HospitalId, user_id = clinic.Doctor, version = 1 });
        Assert.Equal(HttpStatusCode.OK, paused.StatusCode);

        var refused = await clinic.Nurse.TryCall("create_appointment", clinic.BookingRequest("10:00:00"));
        Assert.Equal((HttpStatusCode.Conflict, "CONFLICT", 1), (refused.Status, refused.Code, refused.Error.RetryAfter));
        var system = await MedCorFixture.Get();
        Assert.Equal(1, await system.QueryNumber("clinical",
            "SELECT count(*) FROM booking_pauses WHERE subject_id = $1 AND until <= now() + interval '1 minute'", clinic.Doctor));

        await system.QueryNumber("clinical",
            "WITH over AS (UPDATE booking_pauses SET until = now() WHERE subject_id = $1 RETURNING 1) SELECT count(*) FROM over", clinic.Doctor);
        await clinic.Book("10:00:00");
    }

    [Fact]
    public async Task Only_administrators_pause_bookings_and_only_in_their_hospital()
    {
        var clinic = await ClinicFixture.GetSharedReadOnly();
        await using var clinical = await ServiceProcess.StartService("clinical");
        async Task<HttpStatusCode> Ask(ApiClient who, object body)
        {
            using var answer = await clinical.Post(who, PauseBookings.Path, body);
            return answer.StatusCode;
        }

        var asked = new { hospital_id = clinic.Admin.HospitalId, user_id = clinic.Doctor, version = 1 };
        foreach (var who in new[] { "doctor@general.example", "nurse@general.example", "patient@general.example" })
            Assert.Equal(HttpStatusCode.Forbidden, await Ask(await ClinicFixture.LogIn(who), asked));
        Assert.Equal(HttpStatusCode.NotFound, await Ask(await ClinicFixture.LogIn("admin@riverside.example"), asked));
        Assert.Equal(HttpStatusCode.BadRequest, await Ask(clinic.Admin, new { hospital_id = "x" }));
        Assert.Equal(0, await (await MedCorFixture.Get()).QueryNumber("clinical", "SELECT count(*) FROM booking_pauses WHERE subject_id = $1", clinic.Doctor));
    }

    /// <summary>Makes a change after some bookings have succeeded and while eight clients book one time after the other.</summary>
    private static async Task<JsonNode> WhileBooking(ClinicFixture clinic, string[] times, Func<Task<JsonNode>> change)
    {
        var wishes = new Queue<object>(from day in Enumerable.Range(2, 5) from time in times select clinic.BookingRequest(time, clinic.Weekday(day)));
        var under = new TaskCompletionSource();
        var (booked, isChanged) = (0, false);
        var booking = Enumerable.Range(0, 8).Select(async _ =>
        {
            // Each client books once more after the change. That booking must be refused, or follow the new state.
            for (var more = true; more && Next() is { } wish;)
            {
                more = !Volatile.Read(ref isChanged);
                var answer = await clinic.Nurse.TryCall("create_appointment", wish);
                Assert.Contains(answer.Code, new[] { null, "CONFLICT", "VALIDATION_ERROR", "RESOURCE_NOT_FOUND" });
                if (answer.Code is null && Interlocked.Increment(ref booked) == 5) under.SetResult();
            }
        }).ToArray();

        await Task.WhenAny(under.Task, Task.WhenAll(booking));
        var changed = await change();
        Volatile.Write(ref isChanged, true);
        await Task.WhenAll(booking);
        return changed;

        object? Next()
        {
            lock (wishes) return wishes.TryDequeue(out var wish) ? wish : null;
        }
    }

    private static async Task<SortedSet<Guid>> Scheduled(ClinicFixture clinic, Predicate<Appointment> which) =>
        [.. (await clinic.Admin.Call<Page<Appointment>>("list_appointments", new { doctor_id = clinic.Doctor, status = "SCHEDULED", limit = 100 })).Results
            .Where(a => which(a)).Select(a => a.Id)];

    /// <summary>Returns the IDs of the appointments that an answer lists as affected, in whatever entity it is.</summary>
    private static SortedSet<Guid> Affected(JsonNode changed) => [.. changed["affected"]!.AsArray().Select(a => (Guid)a!["id"]!)];
}
