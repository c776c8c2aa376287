using MedCor.Contracts.Clinical;

namespace MedCor.Tests.Services.Clinical.Scheduling;

public sealed class ListAppointmentSlotsTests
{
    [Fact]
    public async Task The_response_names_the_time_zone_and_the_slot_length()
    {
        var clinic = await ClinicFixture.Open("riverside");
        var answer = await clinic.Nurse.TryCall("list_appointment_slots", new { doctor_id = clinic.Doctor, date = clinic.Weekday() });
        var slots = answer.Read<AppointmentSlots>();
        Assert.Equal(["doctor_id", "date", "time_zone", "slot_minutes", "available_times"], answer.Body.AsObject().Select(f => f.Key));
        Assert.Equal((clinic.Weekday(), "America/New_York", 30), (ClinicFixture.FormatDate(slots.Date), slots.TimeZone, slots.SlotMinutes));
        Assert.Equal(new(9, 0), slots.AvailableTimes[0]);
    }

    [Fact]
    public async Task An_offered_slot_can_be_booked_and_is_not_offered_again()
    {
        var clinic = await ClinicFixture.Open();
        var offered = await clinic.FreeTimes();
        Assert.Equal(16, offered.Length);
        await clinic.Book(offered[5]);
        Assert.Equal(offered.Where(t => t != offered[5]), await clinic.FreeTimes());
    }

    [Fact]
    public async Task A_longer_appointment_is_offered_fewer_times()
    {
        var clinic = await ClinicFixture.Open();
        await clinic.Book("10:00:00");
        var times = (await clinic.Nurse.Call<AppointmentSlots>("list_appointment_slots",
            new { doctor_id = clinic.Doctor, date = clinic.Weekday(), duration_minutes = 60 })).AvailableTimes;
        Assert.Equal([new(9, 0), new(10, 30), new(11, 0)], times.Take(3));
        Assert.Equal(new(16, 0), times[^1]);
    }

    [Fact]
    public async Task Past_days_have_none_and_days_too_far_ahead_are_refused()
    {
        var clinic = await ClinicFixture.GetSharedReadOnly();
        Assert.Empty(await clinic.FreeTimes("2020-01-06"));
        Assert.Empty(await clinic.FreeTimes("0001-01-01"));
        foreach (var date in new[] { "2199-01-07", "9999-12-31" })
            Assert.Equal(["date"],
                CreateAppointmentTests.Fields(await clinic.Nurse.TryCall("list_appointment_slots", new { doctor_id = clinic.Doctor, date })));
    }

    [Fact]
    public async Task Only_members_of_the_hospital_may_list_slots()
    {
        var clinic = await ClinicFixture.Open();
        foreach (var caller in new[] { clinic.Admin, await clinic.LogInDoctor(),
            await clinic.LogInPatient(), await ClinicFixture.LogIn("admin@medcor.example") })
        {
            await caller.Call("list_appointment_slots", new { doctor_id = clinic.Doctor, date = clinic.Weekday() });
            await caller.Call("get_doctor_schedule", new { doctor_id = clinic.Doctor });
        }
        var foreign = await ClinicFixture.LogIn("patient@riverside.example");
        foreach (var doctor in new[] { clinic.Doctor, clinic.Patient, Guid.CreateVersion7() })
        {
            Assert.Equal("RESOURCE_NOT_FOUND", (await foreign.TryCall("list_appointment_slots", new { doctor_id = doctor, date = clinic.Weekday() })).Code);
            Assert.Equal("RESOURCE_NOT_FOUND", (await foreign.TryCall("get_doctor_schedule", new { doctor_id = doctor })).Code);
        }
    }
}
