using MedCor.Tests.Clinical.Appointments;

namespace MedCor.Tests.Clinical.Schedules;

public sealed class ListAppointmentSlotsTests
{
    [Fact]
    public async Task The_answer_says_by_which_clocks_and_in_which_step()
    {
        var ward = await Ward.Open("riverside");
        var slots = await ward.Nurse.Do("list_appointment_slots", new { doctor_id = ward.Doctor, date = ward.Day() });
        Assert.Equal(["doctor_id", "date", "time_zone", "slot_minutes", "available_times"], slots.AsObject().Select(f => f.Key));
        Assert.Equal((ward.Day(), "America/New_York", 30), ((string?)slots["date"], (string?)slots["time_zone"], (int)slots["slot_minutes"]!));
        Assert.Equal("09:00:00", (string?)slots["available_times"]![0]);
    }

    [Fact]
    public async Task What_is_offered_can_be_booked_and_is_not_offered_again()
    {
        var ward = await Ward.Open();
        var offered = await ward.FreeTimes();
        Assert.Equal(16, offered.Length);
        await ward.Book(offered[5]);
        Assert.Equal(offered.Where(t => t != offered[5]), await ward.FreeTimes());
    }

    [Fact]
    public async Task A_longer_appointment_is_offered_fewer_times()
    {
        var ward = await Ward.Open();
        await ward.Book("10:00:00");
        var slots = await ward.Nurse.Do("list_appointment_slots", new { doctor_id = ward.Doctor, date = ward.Day(), duration_minutes = 60 });
        var times = slots["available_times"]!.AsArray().Select(t => (string)t!).ToArray();
        Assert.Equal(["09:00:00", "10:30:00", "11:00:00"], times[..3]);
        Assert.Equal("16:00:00", times[^1]);
    }

    [Fact]
    public async Task Past_days_have_none_and_days_too_far_ahead_are_refused()
    {
        var ward = await Ward.ToLookAt();
        Assert.Empty(await ward.FreeTimes("2020-01-06"));
        Assert.Empty(await ward.FreeTimes("0001-01-01"));
        foreach (var date in new[] { "2199-01-07", "9999-12-31" })
            Assert.Equal(["date"], CreateAppointmentTests.Fields(await ward.Nurse.Call("list_appointment_slots", new { doctor_id = ward.Doctor, date })));
    }

    [Fact]
    public async Task Everybody_of_the_hospital_may_ask_and_nobody_else()
    {
        var ward = await Ward.Open();
        foreach (var caller in new[] { ward.Admin, await ward.AsDoctor(), await ward.AsPatient(), await Ward.As("admin@medcor.example") })
        {
            await caller.Do("list_appointment_slots", new { doctor_id = ward.Doctor, date = ward.Day() });
            await caller.Do("get_doctor_schedule", new { doctor_id = ward.Doctor });
        }
        var foreign = await Ward.As("patient@riverside.example");
        foreach (var doctor in new[] { ward.Doctor, ward.Patient, Guid.CreateVersion7() })
        {
            Assert.Equal("RESOURCE_NOT_FOUND", (await foreign.Call("list_appointment_slots", new { doctor_id = doctor, date = ward.Day() })).Code);
            Assert.Equal("RESOURCE_NOT_FOUND", (await foreign.Call("get_doctor_schedule", new { doctor_id = doctor })).Code);
        }
    }
}
