using MedCor.Contracts.Clinical;
using MedCor.Tests.Services.Analytics;

namespace MedCor.Tests.Services.Platform.Messaging;

/// <summary>Tests how a running service applies events that arrive together, of which some cannot be applied.</summary>
public class EventBatcherTests
{
    private static readonly DateOnly Day = new(2024, 5, 14);

    [Fact]
    public async Task An_event_that_cannot_be_applied_keeps_no_other_from_being_applied()
    {
        await using var hospital = await SyntheticHospital.Open();
        var events = Enumerable.Range(0, 40)
            .Select(_ => new AppointmentCreated(hospital.NewAppointment(Guid.NewGuid(), Guid.NewGuid(), Day, AppointmentStatus.Completed))).ToArray();
        // No counter holds as many seconds.
        events[20] = new(events[20].Appointment with { EndsAt = events[20].Appointment.StartsAt.AddYears(100) });

        await hospital.Publish(events);
        await hospital.WaitUntilHandled([.. events.Except([events[20]])]);

        await hospital.WaitForStatistics(Day, Day, appointments: 39);
        Assert.Equal(0, await hospital.CountWrongCounters());
    }

    [Fact]
    public async Task An_event_changes_nothing_of_another_hospital_than_its_own()
    {
        await using var hospital = await SyntheticHospital.Open();
        await using var other = await SyntheticHospital.Open();
        AppointmentCreated New(SyntheticHospital of) => new(of.NewAppointment(Guid.NewGuid(), Guid.NewGuid(), Day, AppointmentStatus.Completed));
        AppointmentCreated[] good = [New(hospital), New(other)];

        await hospital.Publish(good[0], New(other) with { HospitalId = hospital.Id }, good[1]);
        await hospital.WaitUntilHandled(good);

        await hospital.WaitForStatistics(Day, Day, appointments: 1);
        await other.WaitForStatistics(Day, Day, appointments: 1);
    }
}
