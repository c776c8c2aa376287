using MassTransit;
using MedCor.Contracts;
using MedCor.Contracts.Analytics;
using MedCor.Contracts.Billing;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Hospital;
using MedCor.Contracts.Identity;
using MedCor.Tests.Services.Billing;

namespace MedCor.Tests.Services.Analytics;

/// <summary>
/// Represents a hospital that exists only as events, published through the broker as the owning services would, so that a test controls which events are
/// published, in which order and how often.
/// </summary>
internal sealed class SyntheticHospital : IAsyncDisposable
{
    private readonly IBusControl _bus;
    private readonly string _zone;

    private SyntheticHospital(IBusControl bus, ApiClient platform, string zone) => (_bus, Platform, _zone) = (bus, platform, zone);

    internal ApiClient Platform { get; }
    internal Guid Id { get; } = Guid.CreateVersion7();
    internal TimeZoneInfo Zone => TimeZoneInfo.FindSystemTimeZoneById(_zone);
    internal DateOnly Today => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(DateTimeOffset.UtcNow, Zone).DateTime);

    internal static async Task<SyntheticHospital> Open(string zone = "Europe/Berlin")
    {
        var house = await MedCorFixture.Get();
        var hospital = new SyntheticHospital(await house.StartBus(), await ApiClient.LogInShared("admin@medcor.example"), zone);
        await hospital.Publish(new HospitalCreated(hospital.NewHospital()));
        await Wait.Until(async () => await house.QueryNumber("analytics", "SELECT count(*) FROM known_hospitals WHERE hospital_id = $1", hospital.Id) == 1,
            "Analytics knows the hospital");
        return hospital;
    }

    internal async Task Publish(params IEnumerable<IntegrationEvent> events)
    {
        foreach (var happened in events) await _bus.Publish(happened, happened.GetType());
    }

    internal Contracts.Hospital.Hospital NewHospital(int version = 1) => new(
        Id: Id,
        Name: "Told",
        Subdomain: "told",
        RegistrationNumber: "told",
        Email: "office@told.example",
        PhoneNumber: "+1-555-0100",
        AddressLine1: "1 Way",
        AddressLine2: null,
        City: "City",
        State: null,
        Country: "Country",
        PostalCode: "10001",
        HospitalType: "General",
        TimeZone: _zone,
        IsActive: true,
        Version: version,
        CreatedAt: DateTimeOffset.UnixEpoch,
        UpdatedAt: DateTimeOffset.UnixEpoch,
        MaxOpenPatientBookings: 3);

    internal User NewUser(Role role, DateTimeOffset? registered = null) =>
        new(
            Id: Guid.CreateVersion7(),
            HospitalId: Id,
            Email: "somebody@told.example",
            FirstName: "A",
            LastName: "B",
            Role: role,
            PhoneNumber: null,
            DateOfBirth: null,
            LicenseNumber: null,
            YearsOfExperience: null,
            IsActive: true,
            Version: 1,
            CreatedAt: registered ?? DateTimeOffset.UnixEpoch,
            UpdatedAt: DateTimeOffset.UnixEpoch);

    internal Appointment NewAppointment(Guid doctor, Guid patient, DateOnly day, AppointmentStatus status, int? rating = null, int version = 1,
        string at = "10:00", int daysWaited = 3)
    {
        var time = TimeOnly.Parse(at);
        var starts = new DateTimeOffset(day.ToDateTime(time), Zone.GetUtcOffset(day.ToDateTime(time))).ToUniversalTime();
        return new(
            Id: Guid.CreateVersion7(),
            HospitalId: Id,
            PatientId: patient,
            PatientName: null,
            DoctorId: doctor,
            DoctorName: null,
            AppointmentDate: day,
            AppointmentTime: time,
            DurationMinutes: 30,
            TimeZone: _zone,
            StartsAt: starts,
            EndsAt: starts.AddMinutes(30),
            Reason: "reason",
            Notes: null,
            Status: status,
            Rating: rating,
            RatingComment: null,
            RescheduledFrom: null,
            RescheduledTo: null,
            Version: version,
            CreatedAt: starts.AddDays(-daysWaited),
            UpdatedAt: starts);
    }

    internal DoctorUpdated NewDoctorUpdate(User doctor, Contracts.Identity.Specialty? specialty) => new(new(
        Id: doctor.Id,
        HospitalId: Id,
        Email: doctor.Email!,
        FirstName: "A",
        LastName: "B",
        PhoneNumber: null,
        LicenseNumber: null,
        YearsOfExperience: null,
        Specialties: specialty is null ? [] : [new(specialty.Id, specialty.Code, specialty.Name, true, null, null)],
        IsAvailable: true,
        IsActive: true,
        Version: 2,
        CreatedAt: doctor.CreatedAt,
        UpdatedAt: doctor.UpdatedAt));

    internal InvoiceIssued NewInvoice(DateOnly day, string total) => new(new(
        Id: Guid.CreateVersion7(),
        HospitalId: Id,
        SubscriptionId: Guid.Empty,
        Number: 1,
        Type: InvoiceType.Invoice,
        Status: InvoiceStatus.Issued,
        IssuedOn: day,
        Total: total,
        Currency: "USD",
        Lines: [],
        CorrectsInvoiceId: null,
        Version: 1,
        CreatedAt: DateTimeOffset.UnixEpoch,
        UpdatedAt: DateTimeOffset.UnixEpoch));

    /// <summary>Returns the response of get_hospital_statistics once the given number of appointments has been counted in the period.</summary>
    internal async Task<HospitalStatistics> WaitForStatistics(DateOnly from, DateOnly to, int appointments)
    {
        HospitalStatistics? answer = null;
        await Wait.Until(async () => (answer = await Platform.Call<HospitalStatistics>("get_hospital_statistics",
            new { hospital_id = Id, date_from = FormatDate(from), date_to = FormatDate(to) })).Appointments == appointments,
            "Analytics has counted what was told", explain: () => $"{answer}");
        return answer!;
    }

    /// <summary>Waits until all given events have been handled.</summary>
    internal async Task WaitUntilHandled(params IReadOnlyCollection<IntegrationEvent> told)
    {
        var house = await MedCorFixture.Get();
        var ids = told.Select(t => t.EventId).Distinct().ToArray();
        await Wait.Until(async () => await house.QueryNumber("analytics", "SELECT count(*) FROM inbox WHERE event_id = ANY($1)", ids) == ids.Length,
            "all that was told is handled");
    }

    /// <summary>Returns the number of kept counters that differ from a count of all appointments that are stored.</summary>
    internal async Task<long> CountWrongCounters() => await (await MedCorFixture.Get()).QueryNumber("analytics", """
        WITH v AS (
            SELECT *, status IN ('SCHEDULED', 'IN_PROGRESS', 'COMPLETED') AS takes_time FROM visits WHERE hospital_id = $1
        ), firsts AS (
            SELECT date_trunc('month', day)::date AS month, patient_id, min(day) AS first_day FROM v WHERE status = 'COMPLETED' GROUP BY 1, 2
        ), days AS (
            SELECT doctor_id, day, count(*) FILTER (WHERE status = 'SCHEDULED') AS scheduled, count(*) FILTER (WHERE status = 'IN_PROGRESS') AS in_progress,
                count(*) FILTER (WHERE status = 'COMPLETED') AS completed, count(*) FILTER (WHERE status = 'CANCELLED') AS cancelled,
                count(*) FILTER (WHERE status = 'NO_SHOW') AS no_shows, count(rating) AS ratings, coalesce(sum(rating), 0) AS rating_sum,
                coalesce(sum(extract(epoch FROM ends_at - starts_at) / 60) FILTER (WHERE takes_time), 0) AS booked_minutes,
                coalesce(sum(extract(epoch FROM starts_at - booked_at)) FILTER (WHERE takes_time), 0) AS wait_seconds
            FROM v GROUP BY GROUPING SETS ((doctor_id, day), (day))
        ), counted AS (
            SELECT to_jsonb(f) AS counter FROM firsts f
            UNION ALL SELECT to_jsonb(d) FROM days d WHERE doctor_id IS NOT NULL
            UNION ALL SELECT to_jsonb(d) - 'doctor_id' - 'booked_minutes' - 'wait_seconds'
                || jsonb_build_object('first_seen', (SELECT count(*) FROM firsts f WHERE f.first_day = d.day)) FROM days d WHERE doctor_id IS NULL
        ), kept AS (
            SELECT to_jsonb(p) - 'hospital_id' AS counter FROM patient_months p WHERE hospital_id = $1
            UNION ALL SELECT to_jsonb(d) - 'hospital_id' FROM doctor_days d WHERE hospital_id = $1
            UNION ALL SELECT to_jsonb(h) - 'hospital_id' FROM hospital_days h WHERE hospital_id = $1
        )
        SELECT count(*) FROM ((SELECT * FROM kept EXCEPT ALL SELECT * FROM counted) UNION ALL (SELECT * FROM counted EXCEPT ALL SELECT * FROM kept)) AS wrong
        """, Id);

    internal static string FormatDate(DateOnly date) => Billing.SubscriptionFixture.FormatDate(date);

    public async ValueTask DisposeAsync() => await _bus.StopAsync();
}
