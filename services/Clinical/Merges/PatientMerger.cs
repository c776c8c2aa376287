using MedCor.Clinical.Scheduling;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;
using MedCor.Platform.Messaging;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Merges;

/// <summary>
/// Moves the appointments, medical records, treatments, referrals, emergency overrides and representatives of a merged patient to the surviving one, and back
/// when the merge is undone; likewise for whom the merged patient acts. All rows move in the transaction of the event, which also remembers which they are: a
/// process that ends before has moved none, and the broker delivers the event again.
/// </summary>
internal sealed class PatientMerger(ClinicalDb db, BookingPauses pauses) : IEventHandler<PatientsMerged>, IEventHandler<PatientsUnmerged>
{
    public Task HandleAsync(PatientsMerged integrationEvent, CancellationToken ct) => ApplyAsync(integrationEvent.Merge, isMerged: true, ct);

    public Task HandleAsync(PatientsUnmerged integrationEvent, CancellationToken ct) => ApplyAsync(integrationEvent.Merge, isMerged: false, ct);

    private async Task ApplyAsync(PatientMerge merge, bool isMerged, CancellationToken ct)
    {
        // Bookings of the two in progress end first, and later ones wait and then see the merge.
        Guid[] patients = [merge.SurvivingPatientId, merge.MergedPatientId];
        foreach (var patient in patients.Order()) await pauses.LockExclusiveAsync(patient, ct);
        // Likewise for what else is added for the merged patient. The trigger await_merge() shares this lock.
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({$"rows of {merge.MergedPatientId}"}, 0))", ct);

        var applied = await db.Database.ExecuteSqlAsync($"""
            INSERT INTO patient_merges (hospital_id, merge_id, surviving_id, merged_id, is_merged, version)
            VALUES ({merge.HospitalId}, {merge.Id}, {merge.SurvivingPatientId}, {merge.MergedPatientId}, {isMerged}, {merge.Version})
            ON CONFLICT (hospital_id, merge_id) DO UPDATE SET is_merged = excluded.is_merged, version = excluded.version
            WHERE patient_merges.version < excluded.version
            """, ct);
        if (applied > 0) await MoveRowsAsync(merge, isMerged, ct);
        // Also when nothing was to be done: the first report may be lost. Identity ignores a report of a merge that was undone meanwhile.
        var overlapping = isMerged ? await FindOverlappingAsync(merge, ct) : null;
        db.Raise(() => new PatientMergeApplied(merge.Id, merge.HospitalId, "clinical", isMerged, overlapping, merge.Version));
    }

    /// <summary>Moves the rows and publishes the appointments among them anew, from which statistics are built.</summary>
    private async Task MoveRowsAsync(PatientMerge merge, bool isMerged, CancellationToken ct)
    {
        if (isMerged) await MoveAsync(merge, ct);
        var moved = await db.Database.SqlQuery<Guid>($"""
            SELECT row_id AS "Value" FROM moved_rows WHERE hospital_id = {merge.HospitalId} AND merge_id = {merge.Id} AND kind = 'APPOINTMENT'
            """).ToListAsync(ct);
        if (!isMerged) await MoveBackAsync(merge, ct);
        var patient = isMerged ? merge.SurvivingPatientId : merge.MergedPatientId;
        var representatives = await db.FindRepresentativesAsync(merge.HospitalId, patient, ct);
        foreach (var appointment in await db.WithNames(db.Appointments.Where(a => moved.Contains(a.Id))).AsNoTracking().ToListAsync(ct))
            db.Raise(() => new AppointmentUpdated(appointment.ToContract(), appointment.Appointment.PatientId == patient ? representatives : null));
    }

    private async Task MoveAsync(PatientMerge merge, CancellationToken ct)
    {
        var (hospital, surviving, merged, now) = (merge.HospitalId, merge.SurvivingPatientId, merge.MergedPatientId, db.UtcNow);
        await db.Database.ExecuteSqlAsync($"""
            INSERT INTO moved_rows (hospital_id, merge_id, kind, row_id, overlapped)
            SELECT hospital_id, {merge.Id}, 'APPOINTMENT', id, overlaps_merged FROM appointments WHERE hospital_id = {hospital} AND patient_id = {merged}
            UNION ALL
            SELECT hospital_id, {merge.Id}, 'MEDICAL_RECORD', id, false FROM medical_records WHERE hospital_id = {hospital} AND patient_id = {merged}
            UNION ALL
            SELECT hospital_id, {merge.Id}, 'TREATMENT', id, false FROM treatments WHERE hospital_id = {hospital} AND patient_id = {merged}
            UNION ALL
            SELECT hospital_id, {merge.Id}, 'REFERRAL', id, false FROM referrals WHERE hospital_id = {hospital} AND patient_id = {merged}
            UNION ALL
            SELECT hospital_id, {merge.Id}, 'EMERGENCY_OVERRIDE', id, false FROM emergency_overrides
            WHERE hospital_id = {hospital} AND patient_id = {merged}
            UNION ALL
            SELECT hospital_id, {merge.Id}, 'REPRESENTED', id, false FROM representatives
            WHERE hospital_id = {hospital} AND patient_id = {merged} AND user_id <> {surviving}
            UNION ALL
            SELECT hospital_id, {merge.Id}, 'REPRESENTATIVE', id, false FROM representatives
            WHERE hospital_id = {hospital} AND user_id = {merged} AND patient_id <> {surviving}
            """, ct);
        await db.Database.ExecuteSqlAsync($"""
            UPDATE appointments a SET patient_id = {surviving}, version = a.version + 1, updated_at = {now},
                overlaps_merged = a.overlaps_merged OR (a.status IN ('SCHEDULED', 'IN_PROGRESS', 'COMPLETED') AND EXISTS (
                    SELECT FROM appointments o
                    WHERE o.hospital_id = a.hospital_id AND o.patient_id = {surviving} AND o.status IN ('SCHEDULED', 'IN_PROGRESS', 'COMPLETED')
                        AND tstzrange(o.starts_at, o.ends_at, '[)') && tstzrange(a.starts_at, a.ends_at, '[)')))
            WHERE a.hospital_id = {hospital} AND a.patient_id = {merged}
            """, ct);
        await db.Database.ExecuteSqlAsync(
            $"UPDATE medical_records SET patient_id = {surviving} WHERE hospital_id = {hospital} AND patient_id = {merged}", ct);
        await db.Database.ExecuteSqlAsync($"UPDATE treatments SET patient_id = {surviving} WHERE hospital_id = {hospital} AND patient_id = {merged}", ct);
        await db.Database.ExecuteSqlAsync($"UPDATE referrals SET patient_id = {surviving} WHERE hospital_id = {hospital} AND patient_id = {merged}", ct);
        await db.Database.ExecuteSqlAsync(
            $"UPDATE emergency_overrides SET patient_id = {surviving} WHERE hospital_id = {hospital} AND patient_id = {merged}", ct);
        // Nobody acts for themselves: a relation between the two stays, and has no effect while the merged patient is inactive.
        await db.Database.ExecuteSqlAsync($"""
            UPDATE representatives SET patient_id = {surviving} WHERE hospital_id = {hospital} AND patient_id = {merged} AND user_id <> {surviving}
            """, ct);
        await db.Database.ExecuteSqlAsync($"""
            UPDATE representatives SET user_id = {surviving} WHERE hospital_id = {hospital} AND user_id = {merged} AND patient_id <> {surviving}
            """, ct);
        // Before the event of the account arrives: nothing more is booked for the merged patient.
        await db.Database.ExecuteSqlAsync($"UPDATE people SET is_active = false WHERE hospital_id = {hospital} AND id = {merged}", ct);
    }

    private async Task MoveBackAsync(PatientMerge merge, CancellationToken ct)
    {
        var (hospital, surviving, merged, now) = (merge.HospitalId, merge.SurvivingPatientId, merge.MergedPatientId, db.UtcNow);
        await db.Database.ExecuteSqlAsync($"""
            UPDATE appointments a SET patient_id = {merged}, version = a.version + 1, updated_at = {now}, overlaps_merged = r.overlapped
            FROM moved_rows r
            WHERE r.hospital_id = {hospital} AND r.merge_id = {merge.Id} AND r.kind = 'APPOINTMENT'
                AND a.hospital_id = r.hospital_id AND a.id = r.row_id AND a.patient_id = {surviving}
            """, ct);
        await db.Database.ExecuteSqlAsync($"""
            UPDATE medical_records m SET patient_id = {merged} FROM moved_rows r
            WHERE r.hospital_id = {hospital} AND r.merge_id = {merge.Id} AND r.kind = 'MEDICAL_RECORD'
                AND m.hospital_id = r.hospital_id AND m.id = r.row_id AND m.patient_id = {surviving}
            """, ct);
        await db.Database.ExecuteSqlAsync($"""
            UPDATE treatments t SET patient_id = {merged} FROM moved_rows r
            WHERE r.hospital_id = {hospital} AND r.merge_id = {merge.Id} AND r.kind = 'TREATMENT'
                AND t.hospital_id = r.hospital_id AND t.id = r.row_id AND t.patient_id = {surviving}
            """, ct);
        await db.Database.ExecuteSqlAsync($"""
            UPDATE referrals f SET patient_id = {merged} FROM moved_rows r
            WHERE r.hospital_id = {hospital} AND r.merge_id = {merge.Id} AND r.kind = 'REFERRAL'
                AND f.hospital_id = r.hospital_id AND f.id = r.row_id AND f.patient_id = {surviving}
            """, ct);
        await db.Database.ExecuteSqlAsync($"""
            UPDATE emergency_overrides e SET patient_id = {merged} FROM moved_rows r
            WHERE r.hospital_id = {hospital} AND r.merge_id = {merge.Id} AND r.kind = 'EMERGENCY_OVERRIDE'
                AND e.hospital_id = r.hospital_id AND e.id = r.row_id AND e.patient_id = {surviving}
            """, ct);
        await db.Database.ExecuteSqlAsync($"""
            UPDATE representatives p SET patient_id = {merged} FROM moved_rows r
            WHERE r.hospital_id = {hospital} AND r.merge_id = {merge.Id} AND r.kind = 'REPRESENTED'
                AND p.hospital_id = r.hospital_id AND p.id = r.row_id AND p.patient_id = {surviving} AND p.user_id <> {merged}
            """, ct);
        await db.Database.ExecuteSqlAsync($"""
            UPDATE representatives p SET user_id = {merged} FROM moved_rows r
            WHERE r.hospital_id = {hospital} AND r.merge_id = {merge.Id} AND r.kind = 'REPRESENTATIVE'
                AND p.hospital_id = r.hospital_id AND p.id = r.row_id AND p.user_id = {surviving} AND p.patient_id <> {merged}
            """, ct);
        await db.Database.ExecuteSqlAsync($"DELETE FROM moved_rows WHERE hospital_id = {hospital} AND merge_id = {merge.Id}", ct);
    }

    /// <summary>Returns the future appointments of the surviving patient that overlap another one because of a merge, the earliest first.</summary>
    private Task<List<AffectedAppointment>> FindOverlappingAsync(PatientMerge merge, CancellationToken ct) => db.Database.SqlQuery<AffectedAppointment>($"""
        SELECT a.id AS "Id", a.patient_id AS "PatientId", a.doctor_id AS "DoctorId", a.appointment_date AS "AppointmentDate",
            a.appointment_time AS "AppointmentTime"
        FROM appointments a
        WHERE a.hospital_id = {merge.HospitalId} AND a.patient_id = {merge.SurvivingPatientId} AND a.status = 'SCHEDULED' AND a.ends_at > {db.UtcNow}
            AND EXISTS (
                SELECT FROM appointments o
                WHERE o.hospital_id = a.hospital_id AND o.patient_id = a.patient_id AND o.id <> a.id AND o.status IN ('SCHEDULED', 'IN_PROGRESS')
                    AND tstzrange(o.starts_at, o.ends_at, '[)') && tstzrange(a.starts_at, a.ends_at, '[)'))
        ORDER BY a.starts_at, a.id LIMIT {PatientMerge.MaxOverlapping}
        """).ToListAsync(ct);
}
