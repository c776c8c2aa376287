using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Validation;

namespace MedCor.Clinical.Scheduling;

/// <summary>Validates timetables.</summary>
internal static class TimetableValidator
{
    /// <summary>Adds an error for every invalid entry, regardless of the doctor's previous schedule.</summary>
    internal static void AddErrors(SetDoctorSchedule request, ParameterErrors errors)
    {
        var (hours, breaks, exceptions) = (request.WorkingHours ?? [], request.Breaks ?? [], request.Exceptions ?? []);
        ValidatePeriods("working_hours", hours, errors.Add);
        ValidatePeriods("breaks", breaks, errors.Add);
        for (var i = 0; i < hours.Count && errors.AreRight("slot_minutes"); i++)
            if (hours[i].DurationMinutes() is > 0 and var minutes && minutes < request.SlotMinutes)
                errors.Add($"working_hours[{i}]", $"is shorter than one slot of {request.SlotMinutes} minutes");
        for (var i = 0; i < breaks.Count && errors.AreRight("working_hours"); i++)
            if (breaks[i].DurationMinutes() > 0 && !hours.Any(p => Overlap(p, breaks[i]))) errors.Add($"breaks[{i}]", "lies outside the working hours");
        for (var i = 0; i < exceptions.Count; i++)
        {
            var (at, absence) = ($"exceptions[{i}]", exceptions[i]);
            if (absence.Start is null != absence.End is null) errors.Add(at, "needs both start and end, or neither for the whole day");
            else if (absence is { Start: { } start, End: { } end }) ValidateTimes(at, start, end, errors.Add);
        }
    }

    /// <summary>
    /// Returns the requested timetable. Throws <see cref="ValidationFailed"/> naming every absence that overlaps another or is too far ahead.
    /// </summary>
    /// <param name="existing">The absences of the current schedule, which were accepted before and are accepted again.</param>
    internal static Timetable Validate(SetDoctorSchedule request, IReadOnlyList<Absence> existing, DateOnly today)
    {
        var (errors, exceptions) = (new Dictionary<string, List<string>>(), request.Exceptions ?? []);
        for (var i = 0; i < exceptions.Count; i++)
        {
            if (PlannedDateAttribute.FindTooFarError(exceptions[i].Date, today) is { } tooFar && !existing.Contains(exceptions[i]))
                errors.AddError($"exceptions[{i}].date", tooFar);
            for (var j = 0; j < i; j++)
                if (Overlap(exceptions[i], exceptions[j]) && !AreBothExisting(existing, exceptions[i], exceptions[j]))
                    errors.AddError($"exceptions[{i}]", $"overlaps exceptions[{j}]: {exceptions[i].Date:yyyy-MM-dd} occurs twice");
        }
        return errors.Count == 0 ? new(request.SlotMinutes, request.WorkingHours, request.Breaks ?? [], exceptions) : throw new ValidationFailed(errors);
    }

    private static void ValidatePeriods(string list, IReadOnlyList<WeeklyPeriod> periods, Action<string, string> addError)
    {
        for (var i = 0; i < periods.Count; i++)
        {
            ValidateTimes($"{list}[{i}]", periods[i].Start, periods[i].End, addError);
            for (var j = 0; j < i; j++)
                if (Overlap(periods[i], periods[j])) addError($"{list}[{i}]", $"overlaps {list}[{j}]");
        }
    }

    private static void ValidateTimes(string at, TimeOnly start, TimeOnly end, Action<string, string> addError)
    {
        if (!start.IsWholeMinute()) addError($"{at}.start", "must be a whole minute");
        if (!end.IsWholeMinute()) addError($"{at}.end", "must be a whole minute");
        if (end.EndMinutesFromMidnight() <= start.MinutesFromMidnight())
            addError($"{at}.end", "must be after start; midnight at the end of the day is 00:00:00");
    }

    private static bool Overlap(Absence a, Absence b) =>
        a.Date == b.Date && (a.Start ?? default).MinutesFromMidnight() < (b.End ?? default).EndMinutesFromMidnight()
        && (b.Start ?? default).MinutesFromMidnight() < (a.End ?? default).EndMinutesFromMidnight();

    private static bool AreBothExisting(IReadOnlyList<Absence> existing, Absence a, Absence b) =>
        a == b ? existing.Count(e => e == a) > 1 : existing.Contains(a) && existing.Contains(b);

    private static bool Overlap(WeeklyPeriod a, WeeklyPeriod b) =>
        a.Weekday == b.Weekday && a.Start.MinutesFromMidnight() < b.End.EndMinutesFromMidnight()
        && b.Start.MinutesFromMidnight() < a.End.EndMinutesFromMidnight();
}
