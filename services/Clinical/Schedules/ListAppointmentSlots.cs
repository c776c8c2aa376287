using MedCor.Clinical.Appointments;
using MedCor.Clinical.People;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Clinical.Schedules;

internal sealed class ListAppointmentSlotsHandler(KnownPeople people, Bookings bookings, TimeProvider clock) : IHandle<ListAppointmentSlots, AppointmentSlots>
{
    public async Task<AppointmentSlots> Handle(ListAppointmentSlots asked, CancellationToken ct)
    {
        var practice = await people.Doctor(asked.DoctorId, ct);
        var now = clock.GetUtcNow();
        if (asked.Date > practice.LastDay(now)) throw new Invalid("date", $"is too far ahead; the last day that can be booked is {practice.LastDay(now):yyyy-MM-dd}");

        var minutes = asked.DurationMinutes ?? practice.Timetable.SlotMinutes;
        var free = practice.TakesAppointments && asked.Date >= practice.Today(now)
            ? practice.Timetable.FreeTimes(asked.Date, minutes, practice.Clock, await bookings.FindBookedIntervals(practice, asked.Date, asked.Date, ct), now)
            : [];
        return new(asked.DoctorId, asked.Date, practice.Hospital.TimeZone, practice.Timetable.SlotMinutes, [.. free]);
    }
}
