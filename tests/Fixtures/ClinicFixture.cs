using System.Collections.Concurrent;
using System.Globalization;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;

namespace MedCor.Tests.Fixtures;

/// <summary>Represents a doctor and patients of a single test, in one of the demo hospitals.</summary>
internal sealed class ClinicFixture
{
    public const string Password = "a clinic of our own 2026";
    private static readonly ConcurrentDictionary<(string, int), Task<ApiClient>> LoggedIn = new();

    /// <summary>Hashing a password occupies a processor, and Identity refuses requests when too many are hashed at once.</summary>
    private static readonly SemaphoreSlim CreationGate = new(2);

    private static readonly Lazy<Task<ClinicFixture>> SharedReadOnly = new(() => Open());

    public required string Hospital { get; init; }
    public required TimeZoneInfo Zone { get; init; }
    public required ApiClient Admin { get; init; }
    public required ApiClient Nurse { get; init; }
    public required string DoctorEmail { get; init; }
    public required Guid Doctor { get; init; }
    public required string PatientEmail { get; init; }
    public required Guid Patient { get; init; }

    public static async Task<ClinicFixture> Open(string hospital = "general")
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(hospital == "general" ? "Europe/Berlin" : "America/New_York");
        return await Open(hospital, await LogIn($"admin@{hospital}.example"), await LogIn($"nurse@{hospital}.example"), zone);
    }

    private static async Task<ClinicFixture> Open(string hospital, ApiClient admin, ApiClient nurse, TimeZoneInfo zone)
    {
        var (doctor, doctorEmail) = await CreateUser(admin, hospital, "DOCTOR");
        var (patient, patientEmail) = await CreateUser(admin, hospital, "PATIENT");
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

    /// <summary>Creates a new hospital with a doctor and patients. Its administrator also acts as its nurse.</summary>
    public static async Task<ClinicFixture> OpenHospital(string timeZone)
    {
        var platform = await LogIn("admin@medcor.example");
        var name = $"w{Guid.NewGuid():N}"[..20];
        var created = await platform.Call<MedCor.Contracts.Hospital.Hospital>("create_hospital", new
        {
            name, subdomain = name, registration_number = name, email = $"office@{name}.example", phone_number = "+1-555-0100", address_line1 = "1 Way",
            city = "Here", country = "There", postal_code = "1", hospital_type = "General", time_zone = timeZone,
        });
        var email = $"admin@{name}.example";
        await platform.Call("create_user",
            new { email, password = Password, first_name = "Test", last_name = "ADMIN", role = "ADMIN", hospital_id = created.Id });
        var admin = await ApiClient.LogIn(email, Password);
        return await Open(name, admin, admin, TimeZoneInfo.FindSystemTimeZoneById(timeZone));
    }

    /// <summary>Returns an instance for tests that do not change it, because creating one costs two password hashes.</summary>
    public static Task<ClinicFixture> GetSharedReadOnly() => SharedReadOnly.Value;

    /// <summary>Logs in a user of the demo data, once for all tests.</summary>
    public static Task<ApiClient> LogIn(string email, int gateway = 0) => LoggedIn.GetOrAdd((email, gateway), _ => ApiClient.LogIn(email, gateway: gateway));

    public Task<ApiClient> LogInDoctor() => ApiClient.LogIn(DoctorEmail, Password);

    public Task<ApiClient> LogInPatient(int gateway = 0) => ApiClient.LogIn(PatientEmail, Password, gateway);

    public async Task<Guid> CreatePatient() => (await CreateUser(Admin, Hospital, "PATIENT")).Id;

    public async Task<Guid> CreateDoctor() => (await CreateUser(Admin, Hospital, "DOCTOR")).Id;

    public DateOnly Today => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(DateTimeOffset.UtcNow, Zone).DateTime);

    /// <summary>Returns the n-th weekday from tomorrow on. A new doctor works from 09:00 to 17:00 on weekdays.</summary>
    public string Weekday(int n = 1)
    {
        var date = Today;
        for (var left = n; left > 0;)
        {
            date = date.AddDays(1);
            if (date.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday)) left--;
        }
        return FormatDate(date);
    }

    /// <summary>Returns the parameters of create_appointment.</summary>
    public object BookingRequest(string time, string? date = null, Guid? patient = null, Guid? doctor = null, int? minutes = null) => minutes is null
        ? new
        {
            patient_id = patient ?? Patient, doctor_id = doctor ?? Doctor, appointment_date = date ?? Weekday(), appointment_time = time,
            reason = "Regular checkup"
        }
        : new
        {
            patient_id = patient ?? Patient, doctor_id = doctor ?? Doctor, appointment_date = date ?? Weekday(), appointment_time = time,
            reason = "Regular checkup", duration_minutes = minutes
        };

    public Task<Appointment> Book(string time, string? date = null, Guid? patient = null) =>
        Nurse.Call<Appointment>("create_appointment", BookingRequest(time, date, patient));

    /// <summary>Books an appointment and moves it to a status.</summary>
    public async Task<Appointment> BookWithStatus(string status, string time)
    {
        var booked = await Book(time);
        if (status == "COMPLETED") await ChangeStatus(booked, "IN_PROGRESS");
        return status == "SCHEDULED" ? booked : await ChangeStatus(booked, status);
    }

    /// <summary>Moves an appointment to a status; to NO_SHOW only after its end.</summary>
    public Task<Appointment> ChangeStatus(Appointment appointment, string status)
    {
        Task<Appointment> Move() =>
            Nurse.Call<Appointment>("update_appointment_status", new { appointment_id = appointment.Id, status, notes = "Moved by a test" });
        return status == "NO_SHOW" ? RunAfterEnd(appointment, Move) : Move();
    }

    /// <summary>
    /// Runs an action while an appointment's time is over, which no call can bring about, and then restores its time. Analytics, which receives an
    /// appointment's day only once, has handled that event before, so a later rebuild counts the same.
    /// </summary>
    public static async Task<T> RunAfterEnd<T>(Appointment appointment, Func<Task<T>> then)
    {
        var (system, id) = (await MedCorFixture.Get(), appointment.Id);
        await Wait.Until(async () => await system.QueryNumber("analytics", "SELECT count(*) FROM visits WHERE appointment_id = $1", id) == 1,
            "Analytics has heard of the appointment");
        await Shift(-10);
        try
        {
            return await then();
        }
        finally
        {
            await Shift(10);
        }

        Task<long> Shift(int weeks) => system.QueryNumber("clinical", """
            UPDATE appointments SET appointment_date = appointment_date + 7 * $2, starts_at = starts_at + $2 * interval '1 week',
                ends_at = ends_at + $2 * interval '1 week'
            WHERE id = $1 RETURNING 1
            """, id, weeks);
    }

    public async Task<string[]> FreeTimes(string? date = null) =>
        [.. (await Nurse.Call<AppointmentSlots>("list_appointment_slots", new { doctor_id = Doctor, date = date ?? Weekday() })).AvailableTimes
            .Select(FormatTime)];

    public static string FormatDate(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    public static string FormatTime(TimeOnly time) => time.ToString("HH:mm:ss", CultureInfo.InvariantCulture);

    private static async Task<(Guid Id, string Email)> CreateUser(ApiClient admin, string hospital, string role)
    {
        var email = $"{role.ToLowerInvariant()}-{Guid.NewGuid():N}@{hospital}.example";
        await CreationGate.WaitAsync();
        try
        {
            var user = await admin.Call<User>("create_user",
                new { email, password = Password, first_name = "Test", last_name = role, role, hospital_id = admin.HospitalId });
            return (user.Id, email);
        }
        finally
        {
            CreationGate.Release();
        }
    }
}
