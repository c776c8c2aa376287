using MedCor.Contracts;
using MedCor.Contracts.Analytics;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;

namespace MedCor.Tests.Services.Analytics.Statistics;

public class GetSpecialtyDemandTests
{
    [Fact]
    public async Task Appointments_count_for_the_main_specialty_of_their_doctor()
    {
        await using var hospital = await SyntheticHospital.Open();
        var code = $"T{Guid.NewGuid():N}"[..20].ToUpperInvariant();
        var specialty = new Contracts.Identity.Specialty(Guid.CreateVersion7(), code, code, null, true, 1, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch);
        User[] doctors = [hospital.NewUser(Role.Doctor), hospital.NewUser(Role.Doctor), hospital.NewUser(Role.Doctor)];
        var day = new DateOnly(2024, 5, 14);
        IntegrationEvent[] told =
        [
            new SpecialtyCreated(specialty), .. doctors.Select(d => new UserCreated(d)), hospital.NewDoctorUpdate(doctors[0], specialty),
            hospital.NewDoctorUpdate(doctors[1], specialty), .. new[]
            {
                hospital.NewAppointment(doctors[0].Id, Guid.NewGuid(), day, AppointmentStatus.Completed, daysWaited: 2),
                hospital.NewAppointment(doctors[1].Id, Guid.NewGuid(), day, AppointmentStatus.Scheduled, daysWaited: 5),
                hospital.NewAppointment(doctors[1].Id, Guid.NewGuid(), day, AppointmentStatus.Cancelled, daysWaited: 50),
                hospital.NewAppointment(doctors[1].Id, Guid.NewGuid(), day, AppointmentStatus.NoShow, daysWaited: 50),
                hospital.NewAppointment(doctors[2].Id, Guid.NewGuid(), day, AppointmentStatus.Completed, daysWaited: 1),
            }.Select(v => new AppointmentCreated(v)),
        ];
        await hospital.Publish(told);
        await hospital.WaitUntilHandled(told);

        var demand = await hospital.Platform.TryCall("get_specialty_demand", new { hospital_id = hospital.Id, period = "DAILY", date = "2024-05-14" });

        var rows = demand.Read<HospitalDemand>().Specialties;
        Assert.Equal(2, rows.Count);
        var first = rows[0];
        Assert.Equal((specialty.Id, code, 2), (first.SpecialtyId, first.Code, first.Doctors));
        Assert.Equal((4, 1, 1, 1), (first.Appointments, first.Completed, first.Cancelled, first.NoShows));
        Assert.Equal((3.5m, 0.0625m), (first.AverageWaitDays, first.Utilization));
        Assert.Equal((null, 1, 1m), (rows[1].SpecialtyId, rows[1].Appointments, rows[1].AverageWaitDays));

        // A doctor whose working hours end with the next day still worked on this one.
        var free = new DoctorScheduleSet(new(
            DoctorId: doctors[0].Id,
            HospitalId: hospital.Id,
            TimeZone: "Europe/Berlin",
            SlotMinutes: 30,
            WorkingHours: [],
            Breaks: [],
            Exceptions: [],
            Version: 1,
            CreatedAt: DateTimeOffset.UnixEpoch,
            UpdatedAt: DateTimeOffset.UnixEpoch), day.AddDays(1));
        await hospital.Publish(free);
        await hospital.WaitUntilHandled(free);
        Assert.Equal(demand.Body.ToJsonString(),
            (await hospital.Platform.Call("get_specialty_demand", new { hospital_id = hospital.Id, period = "DAILY", date = "2024-05-14" })).ToJsonString());
    }

    [Fact]
    public async Task Doctors_and_administrators_see_their_own_hospitals()
    {
        var foreign = (await ApiClient.LogInShared("admin@riverside.example")).HospitalId;
        foreach (var who in new[] { "admin@general.example", "doctor@general.example" })
        {
            var client = await ApiClient.LogInShared(who);
            var own = await client.Call<HospitalDemand>("get_specialty_demand", new { period = "QUARTERLY" });
            Assert.Contains("CARD", own.Specialties.Select(s => s.Code));
            Assert.Equal("RESOURCE_NOT_FOUND", (await client.TryCall("get_specialty_demand", new { hospital_id = foreign })).Code);
        }
        foreach (var who in new[] { "nurse@general.example", "patient@general.example" })
            Assert.Equal("PERMISSION_DENIED", (await (await ApiClient.LogInShared(who)).TryCall("get_specialty_demand")).Code);
        Assert.NotNull((await (await ApiClient.LogInShared("admin@medcor.example")).TryCall("get_specialty_demand")).Details!["hospital_id"]);
    }
}
