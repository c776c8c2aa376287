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
        var today = practice.Today(now);
        // On a day that is past, nothing is free.
        if (asked.Date > today && BookableDays.WhatIsWrong(asked.Date, today) is { } wrong) throw new Invalid("date", wrong);

        var minutes = asked.DurationMinutes ?? practice.Timetable.SlotMinutes;
        var free = practice.TakesAppointments && asked.Date >= today
            ? practice.Timetable.FreeTimes(asked.Date, minutes, practice.Clock, await bookings.FindBookedIntervals(practice, asked.Date, asked.Date, ct), now)
            : [];
        return new(asked.DoctorId, asked.Date, practice.Hospital.TimeZone, practice.Timetable.SlotMinutes, [.. free]);
    }
}
