using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;

namespace MedCor.Chat.Prompts;

/// <summary>A time at which a doctor can be booked, by the clocks of the hospital.</summary>
internal sealed record FreeSlot(DateOnly AppointmentDate, TimeOnly AppointmentTime)
{
    private const int SearchedDays = 14;

    /// <summary>The free times of the first day from one on that has any.</summary>
    internal static async Task<IReadOnlyList<FreeSlot>> OnFirstFreeDayAsync(Guid doctor, DateOnly from, StepContext turn)
    {
        for (var day = from; day <= from.AddDays(SearchedDays); day = day.AddDays(1))
            if (await OnDayAsync(day, doctor, turn) is { Count: > 0 } times) return times;
        return [];
    }

    /// <summary>The doctor of these who is free first from a day on; none when nobody is in the two weeks after it.</summary>
    internal static async Task<Guid?> FindFirstFreeDoctorAsync(IReadOnlyList<Guid> doctors, DateOnly from, StepContext turn)
    {
        for (var day = from; day <= from.AddDays(SearchedDays); day = day.AddDays(1))
        {
            var times = await Task.WhenAll(doctors.Select(async doctor => (Doctor: doctor, Times: await OnDayAsync(day, doctor, turn))));
            var free = times.Where(t => t.Times.Count > 0).ToArray();
            if (free.Length > 0) return free.MinBy(t => t.Times[0].AppointmentTime).Doctor;
        }
        return null;
    }

    /// <summary>The free times of a day. None on one that nobody can be booked on.</summary>
    internal static async Task<IReadOnlyList<FreeSlot>> OnDayAsync(DateOnly day, Guid doctor, StepContext turn)
    {
        try
        {
            return [.. (await turn.CallAsync(new ListAppointmentSlots(doctor, day))).AvailableTimes.Select(time => new FreeSlot(day, time))];
        }
        catch (Refused refused) when (refused.Code == ErrorCodes.ValidationError)
        {
            return []; // too far ahead
        }
    }

    /// <summary>The free times that a refused booking names; none when it was refused for another reason than that the time was taken.</summary>
    internal static IReadOnlyList<FreeSlot> FromConflict(Refused refused) => refused.Details["alternatives"] is { } alternatives
        ? [.. alternatives.Deserialize<Alternative[]>(Json.Options)!.Select(a => new FreeSlot(a.Date, a.Time))]
        : [];

    private sealed record Alternative(DateOnly Date, TimeOnly Time);
}
