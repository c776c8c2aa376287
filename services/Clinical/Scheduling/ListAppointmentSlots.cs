using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Tools;

namespace MedCor.Clinical.Scheduling;

internal sealed class ListAppointmentSlotsHandler(DoctorAvailabilities doctors, BookingService bookings, TimeProvider clock)
    : IToolHandler<ListAppointmentSlots, AppointmentSlots>
{
    public async Task<AppointmentSlots> HandleAsync(ListAppointmentSlots request, CancellationToken ct)
    {
        var availability = await doctors.RequireAsync(request.DoctorId, ct);
        var now = clock.GetUtcNow();
        var today = availability.Today(now);
        // A past day is valid but has no free times.
        if (request.Date > today && BookableDays.WhatIsWrong(request.Date, today) is { } wrong) throw new ValidationFailed("date", wrong);

        var minutes = request.DurationMinutes ?? availability.Timetable.SlotMinutes;
        var free = availability.IsBookable && request.Date >= today
            ? availability.Timetable.FreeTimes(request.Date, minutes, availability.Clock,
                await bookings.FindBookedIntervalsAsync(availability, request.Date, request.Date, ct), now)
            : [];
        return new(request.DoctorId, request.Date, availability.Hospital.TimeZone, availability.Timetable.SlotMinutes, [.. free]);
    }
}
