using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Tools;

namespace MedCor.Clinical.Scheduling;

internal sealed class ListAppointmentSlotsHandler(DoctorAvailabilities doctors, BookingService bookings, TimeProvider clock) : IToolHandler<ListAppointmentSlots, AppointmentSlots>
{
    public async Task<AppointmentSlots> HandleAsync(ListAppointmentSlots request, CancellationToken ct)
    {
        var practice = await doctors.RequireAsync(request.DoctorId, ct);
        var now = clock.GetUtcNow();
        var today = practice.Today(now);
        // A past day is valid but has no free times.
        if (request.Date > today && BookableDays.WhatIsWrong(request.Date, today) is { } wrong) throw new ValidationFailed("date", wrong);

        var minutes = request.DurationMinutes ?? practice.Timetable.SlotMinutes;
        var free = practice.IsBookable && request.Date >= today
            ? practice.Timetable.FreeTimes(request.Date, minutes, practice.Clock, await bookings.FindBookedIntervalsAsync(practice, request.Date, request.Date, ct), now)
            : [];
        return new(request.DoctorId, request.Date, practice.Hospital.TimeZone, practice.Timetable.SlotMinutes, [.. free]);
    }
}
