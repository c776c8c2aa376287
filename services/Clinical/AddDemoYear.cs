using System.Diagnostics;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.DemoData;
using MedCor.Platform.OperatorCommands;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical;

/// <summary>
/// Adds a year of demo appointments with their medical records and treatments, one transaction per week, so that an interrupted or repeated run continues where
/// it stopped. Then requests a replay of this service's appointments for Analytics, which counts each appointment once however often it is delivered.
/// </summary>
internal sealed class AddDemoYear(ClinicalDb db, TimeProvider clock) : IOperatorCommand
{
    private const int WeekCount = 54;

    public string Name => "demo-year";

    public async Task<int> RunAsync(string[] arguments, CancellationToken ct)
    {
        var watch = Stopwatch.StartNew();
        var hospital = DemoYear.Hospital;
        db.Tenancy.Enter(hospital.Id);
        db.Database.SetCommandTimeout(TimeSpan.FromMinutes(5));
        if (!await db.Hospitals.AnyAsync(ct))
        {
            await Console.Error.WriteLineAsync("The demo hospital is not here: the demo year is added to the demo data of Development.");
            return 1;
        }
        await AddPeopleAsync(ct);

        var monday = await FirstMondayAsync(ct);
        for (var week = 0; week < WeekCount; week++)
        {
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            await AddAppointmentsAsync(monday.AddDays(week * 7), week, ct);
            await AddRecordsAsync(monday.AddDays(week * 7), ct);
            // What was added by SQL is not encrypted yet.
            await db.Database.ExecuteSqlAsync($"UPDATE data_keys SET at_table = '', reencrypted_at = NULL WHERE hospital_id = {hospital.Id}", ct);
            await transaction.CommitAsync(ct);
            if ((week + 1) % 6 == 0) Console.WriteLine($"{week + 1} of {WeekCount} weeks, {watch.Elapsed.TotalSeconds:0} s");
        }

        var all = await db.Appointments.CountAsync(ct);
        // An event that concerns no single hospital is published in the scope of the platform.
        db.Tenancy.Enter(hospital: null);
        db.Raise(() => new HistoryWanted(Guid.CreateVersion7(), "analytics", ["clinical"], [nameof(AppointmentUpdated)]));
        await db.SaveChangesAsync(ct);
        Console.WriteLine(
            $"The hospital has {all} appointments, added in {watch.Elapsed.TotalSeconds:0} s. Analytics is being told of them and counts them within minutes.");
        return 0;
    }

    /// <summary>Adds copies of the doctors and patients at version 0, so that Identity's own events fill in the remaining fields.</summary>
    private async Task AddPeopleAsync(CancellationToken ct)
    {
        var people = Enumerable.Range(0, DemoYear.DoctorCount).Select(DemoYear.Doctor)
            .Concat(Enumerable.Range(0, DemoYear.PatientCount).Select(DemoYear.Patient)).ToArray();
        var (ids, roles, firstNames, lastNames) = (
            people.Select(p => p.Id).ToArray(), people.Select(p => p.Role.ToString().ToUpperInvariant()).ToArray(), people.Select(p => p.FirstName).ToArray(),
            people.Select(p => p.LastName).ToArray());
        await db.Database.ExecuteSqlAsync($"""
            INSERT INTO people (hospital_id, id, role, first_name, last_name, is_active, version)
            SELECT {DemoYear.Hospital.Id}, id, role, first_name, last_name, true, 0
            FROM unnest({ids}, {roles}, {firstNames}, {lastNames}) AS p (id, role, first_name, last_name)
            ON CONFLICT DO NOTHING
            """, ct);
    }

    /// <summary>Returns the Monday of the first week: about a year ago or, when an earlier run has begun, the Monday with which that run began.</summary>
    private async Task<DateOnly> FirstMondayAsync(CancellationToken ct)
    {
        var doctors = Enumerable.Range(0, DemoYear.DoctorCount).Select(n => DemoYear.Doctor(n).Id).ToArray();
        var firstDate = await db.Appointments.Where(a => doctors.Contains(a.DoctorId)).MinAsync(a => (DateOnly?)a.AppointmentDate, ct);
        var day = firstDate ?? DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime).AddDays(-(WeekCount - 2) * 7);
        return day.AddDays(-(((int)day.DayOfWeek + 6) % 7));
    }

    /// <summary>
    /// Adds a week's share of the appointments. A hash selects them from all half-hour slots of all doctors, with mornings preferred to late afternoons.
    /// Doctors who work at the same time have different patients. Most past appointments took place; the hash also selects the canceled and missed ones.
    /// </summary>
    private Task<int> AddAppointmentsAsync(DateOnly monday, int week, CancellationToken ct)
    {
        var (hospital, now) = (DemoYear.Hospital, clock.GetUtcNow());
        var doctors = Enumerable.Range(0, DemoYear.DoctorCount).Select(n => DemoYear.Doctor(n).Id).ToArray();
        var patients = Enumerable.Range(0, DemoYear.PatientCount).Select(n => DemoYear.Patient(n).Id).ToArray();
        var share = (int)((long)DemoYear.AppointmentCount * (week + 1) / WeekCount - (long)DemoYear.AppointmentCount * week / WeekCount);
        return db.Database.ExecuteSqlAsync($"""
            WITH slots AS (
                SELECT day, slot, doctor, week_slot, abs(hashint8(week_slot::bigint * 7919 + {week} * 104729::bigint)::bigint) AS chance,
                    {monday} + day AS date, time '09:00' + slot * interval '30 minutes' AS time
                FROM (SELECT *, (day * 16 + slot) * {doctors.Length} + doctor AS week_slot
                      FROM generate_series(0, 4) day, generate_series(0, 15) slot, generate_series(0, {doctors.Length} - 1) doctor) AS grid
            ), taken AS (
                SELECT * FROM slots ORDER BY chance % 1000 + slot * 20, week_slot LIMIT {share}
            ), visits AS (
                SELECT *, (date + time) AT TIME ZONE {hospital.TimeZone} AS starts_at,
                    ({patients})[1 + (abs(hashint8((day * 16 + slot + {week} * 80)::bigint)::bigint) + doctor * 251) % {patients.Length}] AS patient_id,
                    chance / 1000 % 100 AS luck, chance / 100000 % 100 AS taste
                FROM taken
            ), fates AS (
                SELECT *,
                    CASE WHEN luck >= 92 THEN 'CANCELLED' WHEN starts_at > {now} THEN 'SCHEDULED' WHEN luck >= 86 THEN 'NO_SHOW' ELSE 'COMPLETED' END AS status
                FROM visits
            )
            INSERT INTO appointments (hospital_id, id, patient_id, doctor_id, appointment_date, appointment_time, duration_minutes, time_zone,
                starts_at, ends_at, reason, notes, status, rating, version, created_at, updated_at)
            SELECT {hospital.Id}, ('01980000-0000-7000-8001-' || lpad(to_hex(268435456 + {week} * 4096 + week_slot), 12, '0'))::uuid,
                patient_id, ({doctors})[1 + doctor], date, time, 30, {hospital.TimeZone}, starts_at, starts_at + interval '30 minutes',
                (ARRAY['Regular checkup', 'Blood pressure', 'Back pain', 'Follow-up', 'Vaccination',
                    'Headaches', 'Skin rash', 'Test results', 'Knee pain', 'Cough'])[1 + taste % 10],
                CASE WHEN status = 'CANCELLED' THEN 'The patient called in.' END, status,
                CASE WHEN status = 'COMPLETED' AND taste < 45 THEN
                    CASE WHEN taste < 22 THEN 5 WHEN taste < 35 THEN 4 WHEN taste < 41 THEN 3 WHEN taste < 44 THEN 2 ELSE 1 END END,
                CASE status WHEN 'SCHEDULED' THEN 1 WHEN 'COMPLETED' THEN 4 ELSE 2 END,
                least(starts_at, {now}) - (1 + taste % 30) * interval '1 day', least(starts_at + interval '30 minutes', {now})
            FROM fates ORDER BY starts_at, doctor
            ON CONFLICT (hospital_id, id) DO NOTHING
            """, ct);
    }

    /// <summary>
    /// Adds medical records for three in five of a week's completed appointments and treatments for one in five, with ids derived from the appointment's id.
    /// </summary>
    private Task<int> AddRecordsAsync(DateOnly monday, CancellationToken ct)
    {
        var (hospital, sunday) = (DemoYear.Hospital.Id, monday.AddDays(6));
        var doctors = Enumerable.Range(0, DemoYear.DoctorCount).Select(n => DemoYear.Doctor(n).Id).ToArray();
        return db.Database.ExecuteSqlAsync($"""
            WITH seen AS (
                SELECT a.*, abs(hashint8(('x' || right(id::text, 8))::bit(32)::bigint)::bigint) % 5 AS turn FROM appointments a
                WHERE hospital_id = {hospital} AND appointment_date BETWEEN {monday} AND {sunday} AND doctor_id = ANY ({doctors}) AND status = 'COMPLETED'
                    AND reason NOT LIKE 'enc1:%'
            ), records AS (
                INSERT INTO medical_records (hospital_id, id, patient_id, doctor_id, author_id,
                    record_type, status, title, description, attachments, version, created_at, updated_at)
                SELECT hospital_id, overlay(id::text PLACING '1' FROM 25)::uuid, patient_id, doctor_id, doctor_id,
                    CASE reason WHEN 'Regular checkup' THEN 'CHECKUP' ELSE 'CONSULTATION' END,
                    'ACTIVE', reason, 'Seen for: ' || lower(reason) || '. Nothing urgent.', ARRAY[]::text[], 1, ends_at, ends_at
                FROM seen WHERE turn < 3
                ON CONFLICT (hospital_id, id) DO NOTHING RETURNING *
            ), versions AS (
                INSERT INTO medical_record_versions (hospital_id, record_id, version, author_id, written_at, status, title, description, attachments)
                SELECT hospital_id, id, 1, author_id, created_at, status, title, description, attachments FROM records
            )
            INSERT INTO treatments (hospital_id, id, patient_id, doctor_id, author_id, status, name, medications, instructions, version, created_at, updated_at)
            SELECT hospital_id, overlay(id::text PLACING '2' FROM 25)::uuid, patient_id, doctor_id, doctor_id,
                CASE WHEN ends_at < now() - interval '30 days' THEN 'COMPLETED' ELSE 'ACTIVE' END,
                'For ' || lower(reason), '[]', 'Rest, drink enough, come back if it does not get better.', 1, ends_at, ends_at
            FROM seen WHERE turn = 0
            ON CONFLICT (hospital_id, id) DO NOTHING
            """, ct);
    }
}
