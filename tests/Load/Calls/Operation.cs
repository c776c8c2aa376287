using MedCor.DemoData;

namespace MedCor.Load.Calls;

/// <summary>Represents an operation that is measured.</summary>
/// <param name="Path">The path of the gateway to which its requests are sent.</param>
/// <param name="NextBody">Returns the body of the next request. It is called from several threads.</param>
/// <param name="Database">The database of the owning service.</param>
/// <param name="Script">A pgbench script with the statements that the operation cannot do without.</param>
internal sealed record Operation(string Name, string Path, Func<object> NextBody, string Database, string Script)
{
    /// <summary>The version of the protocol in which the operations of MCP are called.</summary>
    public const string McpVersion = "2025-11-25";

    private const string McpPath = "/mcp";

    private const int BatchSize = 10;

    /// <summary>The number of appointments that are read by ID. More would not fit into a pgbench script.</summary>
    private const int ReadAppointments = 500;

    private const int SlotDays = 28;

    private static readonly string Hospital = $"'{DemoYear.Hospital.Id}'::uuid";

    /// <summary>Gets whether the operation needs an API key, since MCP accepts no token of a login.</summary>
    public bool NeedsApiKey => Path == McpPath;

    /// <summary>Creates the operations, for the data that the databases have now.</summary>
    public static async Task<IReadOnlyList<Operation>> Create(DatabaseWatch databases)
    {
        Guid[] appointments = [.. await databases.Read("clinicaldb",
            $"SELECT id FROM appointments WHERE hospital_id = $1 ORDER BY hashtextextended(id::text, 0), id LIMIT {ReadAppointments}",
            row => row.GetGuid(0), DemoYear.Hospital.Id)];
        Guid[] doctors = [.. Enumerable.Range(0, DemoYear.DoctorCount).Select(n => DemoYear.Doctor(n).Id)];
        var (times, tomorrow) = (await FreeTimes.Read(databases), DateOnly.FromDateTime(DateTime.UtcNow).AddDays(1));
        return
        [
            Tool("get_hospital", () => new { hospital_id = DemoYear.Hospital.Id }, "hospitaldb", $"SELECT * FROM hospitals WHERE id = {Hospital};"),
            new("get_hospital by MCP", McpPath,
                () => new
                {
                    jsonrpc = "2.0", id = 1, method = "tools/call",
                    @params = new { name = "get_hospital", arguments = new { hospital_id = DemoYear.Hospital.Id } },
                },
                "hospitaldb", $"SELECT * FROM hospitals WHERE id = {Hospital};"),
            Tool("get_appointment", () => new { appointment_id = appointments[Random.Shared.Next(appointments.Length)] }, "clinicaldb", $"""
                \set n random(1, {appointments.Length})
                BEGIN;
                SELECT a.*, p.first_name, p.last_name, d.first_name, d.last_name FROM appointments a
                    LEFT JOIN people p ON p.hospital_id = a.hospital_id AND p.id = a.patient_id
                    LEFT JOIN people d ON d.hospital_id = a.hospital_id AND d.id = a.doctor_id
                    WHERE a.hospital_id = {Hospital} AND a.id = {Element(appointments)};
                {Audit("READ")}
                COMMIT;
                """),
            Tool("list_appointments", () => new { patient_id = DemoYear.Patient(Random.Shared.Next(DemoYear.PatientCount)).Id, limit = 20 }, "clinicaldb", $"""
                \set n random(0, {DemoYear.PatientCount - 1})
                BEGIN;
                SELECT a.*, p.first_name, p.last_name, d.first_name, d.last_name, count(*) OVER () FROM appointments a
                    LEFT JOIN people p ON p.hospital_id = a.hospital_id AND p.id = a.patient_id
                    LEFT JOIN people d ON d.hospital_id = a.hospital_id AND d.id = a.doctor_id
                    WHERE a.hospital_id = {Hospital} AND a.patient_id = overlay('{DemoYear.Patient(0).Id}' PLACING to_hex({0x20000} + :n) FROM 32)::uuid
                    ORDER BY a.appointment_date DESC, a.appointment_time DESC, a.id DESC LIMIT 20;
                {Audit("READ")}
                COMMIT;
                """),
            Tool("list_appointment_slots",
                () => new { doctor_id = doctors[Random.Shared.Next(doctors.Length)], date = $"{tomorrow.AddDays(Random.Shared.Next(SlotDays)):yyyy-MM-dd}" },
                "clinicaldb", $"""
                    \set n random(1, {doctors.Length})
                    \set day random(0, {SlotDays - 1})
                    SELECT * FROM people p LEFT JOIN known_hospitals h USING (hospital_id)
                        LEFT JOIN schedules s ON s.hospital_id = p.hospital_id AND s.doctor_id = p.id
                        WHERE p.hospital_id = {Hospital} AND p.id = {Element(doctors)};
                    SELECT starts_at, ends_at FROM appointments WHERE hospital_id = {Hospital} AND doctor_id = {Element(doctors)}
                        AND appointment_date BETWEEN date '{tomorrow:yyyy-MM-dd}' + :day::integer - 1 AND date '{tomorrow:yyyy-MM-dd}' + :day::integer + 1
                        AND status IN ('SCHEDULED', 'IN_PROGRESS', 'COMPLETED');
                    """),
            Tool("get_hospital_statistics", () => new { }, "analyticsdb", $"""
                SELECT sum(patients), sum(doctors), sum(nurses) FROM head_counts WHERE hospital_id = {Hospital};
                SELECT sum(scheduled), sum(in_progress), sum(completed), sum(cancelled), sum(no_shows), sum(ratings), sum(rating_sum), sum(first_seen),
                    sum(scheduled) FILTER (WHERE day = current_date)
                    FROM hospital_days WHERE hospital_id = {Hospital} AND day BETWEEN date_trunc('month', current_date) AND current_date;
                SELECT count(*) FROM people WHERE hospital_id = {Hospital} AND role = 'PATIENT' AND registered_at >= date_trunc('month', current_date);
                SELECT sum(total) FROM invoices WHERE hospital_id = {Hospital} AND issued_on BETWEEN date_trunc('month', current_date) AND current_date;
                """),
            // The smallest create: one row and one event, which no service consumes.
            Tool("create_department", () => new { name = "Load", code = $"{Guid.NewGuid():N}" }, "hospitaldb", $"""
                BEGIN;
                INSERT INTO departments (hospital_id, id, name, code, triage_levels, is_active, version, created_at, updated_at)
                    VALUES ({Hospital}, gen_random_uuid(), 'Load', gen_random_uuid()::text, ARRAY[]::integer[], true, 1, now(), now());
                {Event("DepartmentCreated", 1)}
                COMMIT;
                """),
            Tool("create_appointment", times.Next, "clinicaldb", Booking(1)),
            new($"batch of {BatchSize} create_appointment", "/api/mcp/batch",
                () => new { requests = Enumerable.Range(0, BatchSize).Select(_ => new { tool = "create_appointment", @params = times.Next() }).ToArray() },
                "clinicaldb", Booking(BatchSize)),
        ];

        string Booking(int count) => $"""
            \set n random(1, {doctors.Length})
            BEGIN;
            SELECT * FROM people p LEFT JOIN known_hospitals h USING (hospital_id) LEFT JOIN schedules s ON s.hospital_id = p.hospital_id AND s.doctor_id = p.id
                WHERE p.hospital_id = {Hospital} AND p.id = {Element(doctors)};
            INSERT INTO appointments (hospital_id, id, patient_id, doctor_id, appointment_date, appointment_time, duration_minutes, time_zone,
                    starts_at, ends_at, reason, status, version, created_at, updated_at)
                SELECT {Hospital}, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), date '{tomorrow:yyyy-MM-dd}' + 1, '09:00', 30, 'UTC',
                    date '{tomorrow:yyyy-MM-dd}' + time '09:00', date '{tomorrow:yyyy-MM-dd}' + time '09:30',
                    'Regular checkup', 'SCHEDULED', 1, now(), now() FROM generate_series(1, {count});
            {Audit("CREATE", count)}
            {Event("AppointmentCreated", count)}
            COMMIT;
            """;
    }

    private static Operation Tool(string name, Func<object> parameters, string database, string script) =>
        new(name, "/api/mcp/tools/invoke", () => new { tool = name, @params = parameters() }, database, script);

    /// <summary>Returns an expression for the ID at the position <c>n</c>, counted from 1.</summary>
    private static string Element(IEnumerable<Guid> ids) => $"('{{{string.Join(',', ids)}}}'::uuid[])[:n]";

    private static string Audit(string action, int count = 1) => $"""
        INSERT INTO audit_events (hospital_id, id, created_at, user_id, role, session_id, action, resource, resource_id, rows, outcome, request_id)
            SELECT {Hospital}, gen_random_uuid(), now(), gen_random_uuid(), 'ADMIN', gen_random_uuid(), '{action}',
                'appointments', gen_random_uuid(), 1, 'DONE', gen_random_uuid()::text
            FROM generate_series(1, {count});
        """;

    private static string Event(string name, int count) => $"""
        INSERT INTO outbox (event_id, hospital_id, type, body, occurred_at)
            SELECT gen_random_uuid(), {Hospital}, '{name}', repeat('x', 700), now() FROM generate_series(1, {count});
        """;
}
