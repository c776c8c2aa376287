using MedCor.Clinical.People;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.LocalCopies;

namespace MedCor.Clinical.Scheduling;

/// <summary>Represents a doctor with the hospital, time zone and schedule that determine when the doctor can be booked.</summary>
internal sealed record DoctorAvailability(PersonCopy Doctor, HospitalCopy Hospital, Schedule? Schedule)
{
    internal HospitalClock Clock { get; } = HospitalClock.ForZone(Hospital.TimeZone);
    internal Timetable Timetable => Schedule?.Timetable ?? Timetable.Default;

    /// <summary>Gets whether the doctor can be booked at all.</summary>
    internal bool IsBookable => Doctor is { IsActive: true, IsAvailable: true } && Hospital.IsActive;

    internal DateOnly Today(DateTimeOffset now) => Clock.ToDate(now);

    /// <summary>
    /// Returns the interval of a requested time; null when the request is invalid, with the reasons added to <paramref name="errors"/> by field.
    /// </summary>
    /// <param name="onlySlots">Whether only the start of a slot is accepted.</param>
    internal Interval? ResolveInterval(DateOnly date, TimeOnly time, int minutes, DateTimeOffset now, Dictionary<string, List<string>> errors, bool onlySlots)
    {
        var previousCount = errors.Count;
        void AddError(string field, string message) => errors.Add(field, [message]);

        if (BookableDays.WhatIsWrong(date, Today(now)) is { } error) AddError("appointment_date", error);
        if (!time.IsWholeMinute()) AddError("appointment_time", "must be a whole minute");
        if (errors.Count > previousCount) return null;

        if (Clock.ToInstant(date, time) is not { } instant)
        {
            AddError("appointment_time", $"does not exist on that day: the clocks in {Hospital.TimeZone} skip it");
            return null;
        }

        var interval = Interval.StartingAt(instant, minutes);
        if (instant < now) AddError("appointment_time", "is in the past");
        else if (Timetable.WorkingIntervals(date, Clock).Count == 0) AddError("appointment_date", "is a day on which the doctor does not work");
        else if (!Timetable.Covers(date, interval, Clock))
            AddError("appointment_time", $"is not within the doctor's working hours for {minutes} minutes; see list_appointment_slots");
        else if (onlySlots && !Timetable.IsSlotStart(date, time))
            AddError("appointment_time",
                "is not the start of a slot of the doctor's schedule; patients can book only the times that list_appointment_slots returns");
        return errors.Count > previousCount ? null : interval;
    }

    internal DoctorSchedule ToContract() => new(
        DoctorId: Doctor.Id,
        HospitalId: Doctor.HospitalId,
        TimeZone: Hospital.TimeZone,
        SlotMinutes: Timetable.SlotMinutes,
        WorkingHours: Timetable.WorkingHours,
        Breaks: Timetable.Breaks,
        Exceptions: Timetable.Exceptions,
        Version: Schedule?.Version ?? 0,
        CreatedAt: Schedule?.CreatedAt,
        UpdatedAt: Schedule?.UpdatedAt);

    /// <summary>Converts the schedule for a caller; patients do not receive the reasons of absences.</summary>
    internal DoctorSchedule ToContractFor(Callers kind) => kind == Callers.Patient ? ToContract().WithoutReasons() : ToContract();
}
