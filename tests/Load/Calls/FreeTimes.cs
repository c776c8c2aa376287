using MedCor.Contracts.Clinical;
using MedCor.DemoData;

namespace MedCor.Load.Calls;

/// <summary>
/// Hands out bookings that none of the existing ones or of each other excludes: from the day after tomorrow on, each half hour with every free doctor of the
/// demo year, and with a patient who is free then.
/// </summary>
internal sealed class FreeTimes
{
    private readonly IEnumerator<object> _bookings;
    private readonly Lock _lock = new();

    private FreeTimes(HashSet<(Guid Person, DateOnly Date, TimeOnly Time)> taken) => _bookings = Enumerate(taken).GetEnumerator();

    public static async Task<FreeTimes> Read(DatabaseWatch databases)
    {
        var taken = await databases.Read("clinicaldb",
            "SELECT person, appointment_date, appointment_time FROM appointments, unnest(ARRAY[doctor_id, patient_id]) AS person WHERE hospital_id = $1 AND "
            + "starts_at > now()",
            row => (row.GetGuid(0), row.GetFieldValue<DateOnly>(1), row.GetFieldValue<TimeOnly>(2)), DemoYear.Hospital.Id);
        return new([.. taken]);
    }

    /// <summary>Returns the parameters of the next booking.</summary>
    public object Next()
    {
        lock (_lock)
            return _bookings.MoveNext()
                ? _bookings.Current
                : throw new MeasurementException($"All times are booked. Delete {MeasuredSystem.DataPath("calls")} and start again.");
    }

    private static IEnumerable<object> Enumerate(HashSet<(Guid Person, DateOnly Date, TimeOnly Time)> taken)
    {
        Guid[] doctors = [.. Enumerable.Range(0, DemoYear.DoctorCount).Select(n => DemoYear.Doctor(n).Id)];
        Guid[] patients = [.. Enumerable.Range(0, DemoYear.PatientCount).Select(n => DemoYear.Patient(n).Id)];
        var (today, patient) = (DateOnly.FromDateTime(DateTime.UtcNow), 0);
        for (var date = today.AddDays(2); date < BookableDays.Last(today); date = date.AddDays(1))
        {
            if (date.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday) continue;
            for (var time = new TimeOnly(9, 0); time < new TimeOnly(17, 0); time = time.AddMinutes(30))
            {
                foreach (var doctor in doctors)
                {
                    if (taken.Contains((doctor, date, time))) continue;
                    do patient = (patient + 1) % patients.Length;
                    while (taken.Contains((patients[patient], date, time)));
                    yield return new
                    {
                        patient_id = patients[patient], doctor_id = doctor, appointment_date = $"{date:yyyy-MM-dd}", appointment_time = $"{time:HH\\:mm}",
                        reason = "Regular checkup"
                    };
                }
            }
        }
    }
}
