using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;

namespace MedCor.Chat.Prompts;

/// <summary>Represents a time at which a doctor can be booked, in the local time of the hospital.</summary>
internal sealed record FreeSlot(DateOnly AppointmentDate, TimeOnly AppointmentTime)
{
    private const int SearchedDays = 14;

    /// <summary>Returns the free slots of the first day from a given one on that has any; empty when the two weeks after it have none.</summary>
    internal static async Task<IReadOnlyList<FreeSlot>> OnFirstFreeDayAsync(Guid doctor, DateOnly from, StepContext context)
    {
        for (var day = from; day <= from.AddDays(SearchedDays); day = day.AddDays(1))
            if (await OnDayAsync(day, doctor, context) is { Count: > 0 } times) return times;
        return [];
    }

    /// <summary>Returns the doctor who is free first from a given day on; null when none is free within the two weeks after it.</summary>
    internal static async Task<Guid?> FindFirstFreeDoctorAsync(IReadOnlyList<Guid> doctors, DateOnly from, StepContext context)
    {
        for (var day = from; day <= from.AddDays(SearchedDays); day = day.AddDays(1))
        {
            var times = await Task.WhenAll(doctors.Select(async doctor => (Doctor: doctor, Times: await OnDayAsync(day, doctor, context))));
            var free = times.Where(t => t.Times.Count > 0).ToArray();
            if (free.Length > 0) return free.MinBy(t => t.Times[0].AppointmentTime).Doctor;
        }
        return null;
    }

    /// <summary>Returns the free slots of a day; empty for a day that cannot be booked.</summary>
    internal static async Task<IReadOnlyList<FreeSlot>> OnDayAsync(DateOnly day, Guid doctor, StepContext context)
    {
        try
        {
            return [.. (await context.CallAsync(new ListAppointmentSlots(doctor, day))).AvailableTimes.Select(time => new FreeSlot(day, time))];
        }
        catch (Refused refused) when (refused.Code == ErrorCodes.ValidationError)
        {
            return []; // the day is too far ahead
        }
    }

    /// <summary>Returns the free slots that a rejected booking names; empty when it was rejected for another reason than a taken time.</summary>
    internal static IReadOnlyList<FreeSlot> FromConflict(Refused refused) => refused.Details["alternatives"] is { } alternatives
        ? [.. alternatives.Deserialize<Alternative[]>(Json.Options)!.Select(a => new FreeSlot(a.Date, a.Time))]
        : [];

    private sealed record Alternative(DateOnly Date, TimeOnly Time);
}
