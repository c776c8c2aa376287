using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using MedCor.Tests.EndToEnd;

namespace MedCor.Tests.Clinical;

/// <summary>A doctor of a test's own with patients of its own, in one of the demo hospitals.</summary>
internal sealed class Ward
{
    private const string Password = "a ward of our own 2026";
    private static readonly ConcurrentDictionary<(string, int), Task<Client>> LoggedIn = new();

    /// <summary>A password's hash takes a processor's whole attention; Identity refuses when too many want one at once.</summary>
    private static readonly SemaphoreSlim Creating = new(2);

    private static readonly Lazy<Task<Ward>> Untouched = new(() => Open());

    public required string Hospital { get; init; }
    public required TimeZoneInfo Zone { get; init; }
    public required Client Admin { get; init; }
    public required Client Nurse { get; init; }
    public required string DoctorEmail { get; init; }
    public required Guid Doctor { get; init; }
    public required string PatientEmail { get; init; }
    public required Guid Patient { get; init; }

    public static async Task<Ward> Open(string hospital = "general")
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(hospital == "general" ? "Europe/Berlin" : "America/New_York");
        return await Open(hospital, await As($"admin@{hospital}.example"), await As($"nurse@{hospital}.example"), zone);
    }

    private static async Task<Ward> Open(string hospital, Client admin, Client nurse, TimeZoneInfo zone)
    {
        var (doctor, doctorEmail) = await NewUser(admin, hospital, "DOCTOR");
        var (patient, patientEmail) = await NewUser(admin, hospital, "PATIENT");
        return new()
        {
            Hospital = hospital,
            Zone = zone,
            Admin = admin,
            Nurse = nurse,
            Doctor = doctor,
            DoctorEmail = doctorEmail,
            Patient = patient,
            PatientEmail = patientEmail,
        };
    }

    /// <summary>One in a hospital that was opened a moment ago, whose administrator is its nurse too.</summary>
    public static async Task<Ward> OpenHospital(string timeZone)
    {
        var platform = await As("admin@medcor.example");
        var name = $"w{Guid.NewGuid():N}"[..20];
        var hospital = await platform.Do("create_hospital", new
        {
            name, subdomain = name, registration_number = name, email = $"office@{name}.example", phone_number = "+1-555-0100", address_line1 = "1 Way", city = "Here", country = "There",
            postal_code = "1", hospital_type = "General", time_zone = timeZone,
        });
        var email = $"admin@{name}.example";
        await platform.Do("create_user", new { email, password = Password, first_name = "Test", last_name = "ADMIN", role = "ADMIN", hospital_id = (string)hospital["id"]! });
        var admin = await Client.As(email, Password);
        return await Open(name, admin, admin, TimeZoneInfo.FindSystemTimeZoneById(timeZone));
    }

    /// <summary>For tests that leave it as it is: opening one costs two passwords' hashes.</summary>
    public static Task<Ward> ToLookAt() => Untouched.Value;

    /// <summary>Somebody of the demo data, logged in once for all tests.</summary>
    public static Task<Client> As(string email, int gateway = 0) => LoggedIn.GetOrAdd((email, gateway), _ => Client.As(email, gateway: gateway));

    public Task<Client> AsDoctor() => Client.As(DoctorEmail, Password);

    public Task<Client> AsPatient(int gateway = 0) => Client.As(PatientEmail, Password, gateway);

    public async Task<Guid> NewPatient() => (await NewUser(Admin, Hospital, "PATIENT")).Id;

    public async Task<Guid> NewDoctor() => (await NewUser(Admin, Hospital, "DOCTOR")).Id;

    /// <summary>The n-th weekday from tomorrow on; a new doctor works from 09:00 to 17:00 on it.</summary>
    public string Day(int n = 1)
    {
        var date = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(DateTimeOffset.UtcNow, Zone).DateTime);
        for (var left = n; left > 0;)
        {
            date = date.AddDays(1);
            if (date.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday)) left--;
        }
        return Text(date);
    }

    /// <summary>What create_appointment takes.</summary>
    public object Wish(string time, string? date = null, Guid? patient = null, Guid? doctor = null, int? minutes = null) => minutes is null
        ? new { patient_id = patient ?? Patient, doctor_id = doctor ?? Doctor, appointment_date = date ?? Day(), appointment_time = time, reason = "Regular checkup" }
        : new { patient_id = patient ?? Patient, doctor_id = doctor ?? Doctor, appointment_date = date ?? Day(), appointment_time = time, reason = "Regular checkup", duration_minutes = minutes };

    public Task<JsonNode> Book(string time, string? date = null, Guid? patient = null) => Nurse.Do("create_appointment", Wish(time, date, patient));

    /// <summary>Moves a new appointment on to a status.</summary>
    public async Task<JsonNode> BookedAnd(string status, string time)
    {
        var booked = await Book(time);
        if (status == "COMPLETED") await Move(booked, "IN_PROGRESS");
        return status == "SCHEDULED" ? booked : await Move(booked, status);
    }

    /// <summary>Moves an appointment on; who does not come has had their time.</summary>
    public Task<JsonNode> Move(JsonNode appointment, string status)
    {
        Task<JsonNode> Move() => Nurse.Do("update_appointment_status", new { appointment_id = (string)appointment["id"]!, status, notes = "Moved by a test" });
        return status == "NO_SHOW" ? WhenOver(appointment, Move) : Move();
    }

    /// <summary>
    /// What is done while an appointment's time is over, which no call can bring about. Before and afterwards it is when it was booked, and Analytics, which an appointment tells its day but once,
    /// has heard of that: so what is counted anew is what was counted.
    /// </summary>
    public static async Task<T> WhenOver<T>(JsonNode appointment, Func<Task<T>> then)
    {
        var (house, id) = (await RunningHouse.Get(), Guid.Parse((string)appointment["id"]!));
        await Wait.Until(async () => await house.Count("analytics", "SELECT count(*) FROM visits WHERE appointment_id = $1", id) == 1, "Analytics has heard of the appointment");
        await Shift(-10);
        try
        {
            return await then();
        }
        finally
        {
            await Shift(10);
        }

        Task<long> Shift(int weeks) => house.Count("clinical", """
            UPDATE appointments SET appointment_date = appointment_date + 7 * $2, starts_at = starts_at + $2 * interval '1 week', ends_at = ends_at + $2 * interval '1 week' WHERE id = $1 RETURNING 1
            """, id, weeks);
    }

    public async Task<string[]> FreeTimes(string? date = null) =>
        [.. (await Nurse.Do("list_appointment_slots", new { doctor_id = Doctor, date = date ?? Day() }))["available_times"]!.AsArray().Select(t => (string)t!)];

    public static string Text(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static async Task<(Guid Id, string Email)> NewUser(Client admin, string hospital, string role)
    {
        var email = $"{role.ToLowerInvariant()}-{Guid.NewGuid():N}@{hospital}.example";
        await Creating.WaitAsync();
        try
        {
            var user = await admin.Do("create_user", new { email, password = Password, first_name = "Test", last_name = role, role, hospital_id = admin.HospitalId });
            return (Guid.Parse((string)user["id"]!), email);
        }
        finally
        {
            Creating.Release();
        }
    }
}
