using System.Net;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;
using MedCor.Tests.Services.Clinical.AccessPolicies;
using MedCor.Tests.Services.Identity.Recovery;
using Npgsql;

namespace MedCor.Tests.Services.Identity.Merges;

public class MergePatientsTests
{
    private static readonly Lazy<Task<ClinicFixture>> Hospital = new(() => ClinicFixture.OpenHospital("Europe/Berlin"));

    [Fact]
    public async Task All_rows_move_to_the_surviving_patient_and_the_old_id_answers_with_that_one()
    {
        var (clinic, doctor) = (await Hospital.Value, await (await Hospital.Value).CreateDoctor());
        var (surviving, merged) = (await clinic.CreatePatient(), await clinic.CreatePatient());
        var visit = await Book(clinic, doctor, merged, "09:00:00");
        var record = await Record(clinic, merged);
        var treatment = await Treat(clinic, doctor, merged);

        var merge = await Merge(clinic, surviving, merged);

        Assert.Equal((surviving, merged), (merge.SurvivingPatientId, merge.MergedPatientId));
        var done = await WaitUntil(clinic, merge.Id, PatientMergeStatus.Merged);
        Assert.Empty(done.PendingServices);
        Assert.Empty(done.OverlappingAppointments!);
        foreach (var id in new[] { surviving, merged })
        {
            Assert.Equal(surviving, (await clinic.Admin.Call<Patient>("get_patient", new { patient_id = id })).Id);
            Assert.Equal([visit.Id], (await clinic.Admin.Call<Page<Appointment>>("list_appointments", new { patient_id = id })).Results.Select(a => a.Id));
            Assert.Equal([record.Id],
                (await clinic.Admin.Call<Page<MedicalRecord>>("list_medical_records", new { patient_id = id })).Results.Select(r => r.Id));
            Assert.Equal([treatment.Id], (await clinic.Admin.Call<Page<Treatment>>("list_treatments", new { patient_id = id })).Results.Select(t => t.Id));
        }
        var filter = Uri.EscapeDataString($$"""{"patient_id":"{{merged}}"}""");
        var filtered = await clinic.Admin.Get<Page<Treatment>>($"/api/mcp/resources/treatments?filter={filter}");
        Assert.Equal([treatment.Id], filtered.Results.Select(t => t.Id));
        Assert.Equal(surviving, (await Book(clinic, doctor, merged, "10:00:00")).PatientId);
        Assert.Equal(surviving, (await Record(clinic, merged)).PatientId);
        Assert.Equal(surviving, (await Treat(clinic, doctor, merged)).PatientId);
        var numbers = (await clinic.Admin.Call<User>("get_user", new { user_id = merged })).Mrn;
        Assert.Equal([surviving], (await clinic.Admin.Call<Page<Patient>>("find_patients", new { mrn = numbers })).Results.Select(p => p.Id));
        await Wait.Until(async () => await (await MedCorFixture.Get()).QueryNumber("analytics",
            "SELECT count(*) FROM visits WHERE appointment_id = $1 AND patient_id = $2", visit.Id, surviving) == 1, "Analytics knows of the move");
    }

    [Fact]
    public async Task An_unmerge_returns_exactly_what_the_merge_moved()
    {
        var (clinic, doctor) = (await Hospital.Value, await (await Hospital.Value).CreateDoctor());
        var (surviving, merged) = (await clinic.CreatePatient(), await clinic.CreatePatient());
        var (theirs, others) = (await Book(clinic, doctor, merged, "09:00:00"), await Book(clinic, doctor, surviving, "10:00:00"));
        var record = await Record(clinic, merged);
        var merge = await Merge(clinic, surviving, merged);
        await WaitUntil(clinic, merge.Id, PatientMergeStatus.Merged);
        var since = await Book(clinic, doctor, merged, "11:00:00");

        await Unmerge(clinic, surviving, merged);

        await WaitUntil(clinic, merge.Id, PatientMergeStatus.Unmerged);
        Assert.Equal([theirs.Id], await Visits(clinic, merged));
        Assert.Equal(new[] { others.Id, since.Id }.Order(), (await Visits(clinic, surviving)).Order());
        Assert.Equal(merged, (await clinic.Admin.Call<MedicalRecord>("get_medical_record", new { record_id = record.Id })).PatientId);
        Assert.Equal(merged, (await clinic.Admin.Call<Patient>("get_patient", new { patient_id = merged })).Id);
        Assert.Equal(merged, (await Book(clinic, doctor, merged, "12:00:00")).PatientId);
        // Neither the merge nor its end is repeated.
        Assert.Equal(PatientMergeStatus.Unmerged, (await Unmerge(clinic, surviving, merged)).Status);
    }

    [Fact]
    public async Task Who_acts_for_a_merged_patient_acts_for_the_surviving_one_until_an_unmerge_and_likewise_for_whom_the_merged_patient_acts()
    {
        var clinic = await Hospital.Value;
        var (surviving, merged) = (await clinic.CreatePatient(), await clinic.CreatePatient());
        var (guardian, other) = (await (await TestUser.Create(clinic.Admin)).LogIn(), await clinic.CreatePatient());
        var actsForMerged = await Register(clinic, merged, guardian.Id);
        var mergedActs = await Register(clinic, other, merged);
        var between = await Register(clinic, merged, surviving);

        var merge = await Merge(clinic, surviving, merged);

        await WaitUntil(clinic, merge.Id, PatientMergeStatus.Merged);
        Assert.Equal(surviving, (await guardian.Call<Patient>("get_patient", new { patient_id = surviving })).Id);
        Assert.Equal((surviving, guardian.Id), await Find(clinic, guardian.Id, actsForMerged));
        Assert.Equal((other, surviving), await Find(clinic, surviving, mergedActs));
        Assert.Equal((merged, surviving), await Find(clinic, surviving, between));

        await Unmerge(clinic, surviving, merged);

        await WaitUntil(clinic, merge.Id, PatientMergeStatus.Unmerged);
        Assert.Equal(merged, (await guardian.Call<Patient>("get_patient", new { patient_id = merged })).Id);
        Assert.Equal("RESOURCE_NOT_FOUND", (await guardian.TryCall("get_patient", new { patient_id = surviving })).Code);
        Assert.Equal((merged, guardian.Id), await Find(clinic, guardian.Id, actsForMerged));
        Assert.Equal((other, merged), await Find(clinic, merged, mergedActs));

        static async Task<Guid> Register(ClinicFixture clinic, Guid patient, Guid user) => (await clinic.Admin.Call<Representative>("create_representative",
            new { patient_id = patient, user_id = user, kind = "GUARDIAN", until = ClinicFixture.FormatDate(clinic.Today.AddDays(30)), reason = "Court" })).Id;

        static async Task<(Guid Patient, Guid User)> Find(ClinicFixture clinic, Guid user, Guid relation)
        {
            var found = (await clinic.Admin.Call<Page<Representative>>("list_representatives", new { user_id = user })).Results.Single(r => r.Id == relation);
            return (found.PatientId, found.UserId);
        }
    }

    [Fact]
    public async Task Appointments_that_overlap_are_listed_and_stay_and_nothing_is_booked_over_them()
    {
        var clinic = await Hospital.Value;
        var (first, second, third) = (await clinic.CreateDoctor(), await clinic.CreateDoctor(), await clinic.CreateDoctor());
        var (surviving, merged) = (await clinic.CreatePatient(), await clinic.CreatePatient());
        var (one, other) = (await Book(clinic, first, surviving, "09:00:00"), await Book(clinic, second, merged, "09:00:00"));

        var merge = await Merge(clinic, surviving, merged);

        var done = await WaitUntil(clinic, merge.Id, PatientMergeStatus.Merged);
        Assert.Equal(new[] { one.Id, other.Id }.Order(), done.OverlappingAppointments!.Select(a => a.Id).Order());
        Assert.Equal(new[] { one.Id, other.Id }.Order(), (await Visits(clinic, surviving)).Order());
        // The time of the first is free again once it is cancelled, and that of the other is not.
        await clinic.Admin.Call("update_appointment_status", new { appointment_id = one.Id, status = "CANCELLED", notes = "Twice" });
        var refused = await clinic.Nurse.TryCall("create_appointment", clinic.BookingRequest("09:00:00", patient: surviving, doctor: third));
        Assert.Equal((HttpStatusCode.Conflict, ErrorCodes.Conflict), (refused.Status, refused.Code));
        await clinic.Admin.Call("reschedule_appointment",
            new { appointment_id = other.Id, appointment_date = clinic.Weekday(), appointment_time = "10:00:00" });
        Assert.Equal(surviving, (await Book(clinic, third, surviving, "09:00:00")).PatientId);
    }

    [Fact]
    public async Task The_login_of_the_merged_patient_ends_and_begins_again_with_an_unmerge()
    {
        var clinic = await Hospital.Value;
        var (surviving, merged) = (await clinic.CreatePatient(), await TestUser.Create(clinic.Admin));
        var patient = await merged.LogIn();

        await Merge(clinic, surviving, merged.Id);

        await Wait.Until(async () => (await patient.TryCall("get_current_user")).Status == HttpStatusCode.Unauthorized, "the token is refused");
        Assert.NotEqual(HttpStatusCode.OK, (await TestUser.PostLogIn(merged.Email, merged.Password)).Status);
        foreach (var change in (object[])[new { user_id = merged.Id, is_active = true }, new { user_id = surviving, role = "NURSE" }])
            Assert.Equal(ErrorCodes.Conflict, (await clinic.Admin.TryCall("update_user", change)).Code);
        var listed = await clinic.Admin.Call<Page<Patient>>("list_patients", new { is_active = false, limit = 100 });
        Assert.Equal(surviving, listed.Results.Single(p => p.Id == merged.Id).MergedIntoId);

        await Unmerge(clinic, surviving, merged.Id);
        Assert.Equal(HttpStatusCode.OK, (await TestUser.PostLogIn(merged.Email, merged.Password)).Status);
    }

    [Fact]
    public async Task A_login_that_opens_several_hospitals_ends_at_the_one_of_the_merge_alone()
    {
        var (clinic, other) = (await Hospital.Value, await ApiClient.LogInShared(TestUser.OtherHospitalAdminEmail));
        var (surviving, login) = (await clinic.CreatePatient(), await LinkedUser.Create(clinic.Admin, other, "PATIENT"));
        var elsewhere = await login.LogIn(login.Second.HospitalId);

        await Merge(clinic, surviving, login.First.Id);

        Assert.NotEqual(HttpStatusCode.OK, (await login.PostLogIn(login.First.HospitalId)).Status);
        var opened = (await login.LogIn()).User;
        Assert.Equal(login.Second.Id, opened.Id);
        Assert.Empty(opened.Hospitals);
        Assert.Equal(login.Second.Id, (await TestUser.PostRefresh(elsewhere.RefreshToken)).Read<SessionTokens>().User.Id);
        await Unmerge(clinic, surviving, login.First.Id);
        Assert.Equal(login.First.Id, (await login.LogIn(login.First.HospitalId)).User.Id);
    }

    [Fact]
    public async Task Referrals_and_emergency_overrides_move_with_what_they_open_and_return()
    {
        var ward = await CareWard.GetLimited();
        var (surviving, merged) = (await ward.AdmitPatient(), await ward.AdmitPatient());
        var (referred, overriding) = (await (await TestUser.Create(ward.Admin, "DOCTOR")).LogIn(), await (await TestUser.Create(ward.Admin, "DOCTOR")).LogIn());
        var referral = await ward.Refer(merged.Patient, referred);
        var opened = await overriding.Call<EmergencyOverride>("break_glass", new { patient_id = merged.Patient, reason = "Unconscious" });
        foreach (var user in (ApiClient[])[referred, overriding]) Assert.False(await CareWard.Sees(user, surviving.Restricted));

        var merge = await Merge(ward.Clinic, surviving.Patient, merged.Patient);

        await WaitUntil(ward.Clinic, merge.Id, PatientMergeStatus.Merged);
        foreach (var user in (ApiClient[])[referred, overriding])
            foreach (var content in (CareContent[])[surviving, merged]) Assert.True(await CareWard.Sees(user, content.Restricted));
        foreach (var id in (Guid[])[surviving.Patient, merged.Patient])
        {
            Assert.Equal([referral.Id], (await Referrals(ward, id)).Select(r => r.Id));
            Assert.Equal([opened.Id], (await Overrides(ward, id)).Select(e => e.Id));
        }
        var since = await ward.Refer(merged.Patient, ward.Doctor);
        Assert.Equal(surviving.Patient, since.PatientId);

        await Unmerge(ward.Clinic, surviving.Patient, merged.Patient);

        await WaitUntil(ward.Clinic, merge.Id, PatientMergeStatus.Unmerged);
        foreach (var user in (ApiClient[])[referred, overriding])
            Assert.Equal((true, false), (await CareWard.Sees(user, merged.Restricted), await CareWard.Sees(user, surviving.Restricted)));
        Assert.Equal([referral.Id], (await Referrals(ward, merged.Patient)).Select(r => r.Id));
        Assert.Equal([since.Id], (await Referrals(ward, surviving.Patient)).Select(r => r.Id));
        Assert.Equal([opened.Id], (await Overrides(ward, merged.Patient)).Select(e => e.Id));
        Assert.Empty(await Overrides(ward, surviving.Patient));
    }

    [Fact]
    public async Task A_merge_waits_for_what_is_being_added_for_its_patient_and_takes_what_comes_later_and_nobody_else_waits()
    {
        var (clinic, house) = (await Hospital.Value, await MedCorFixture.Get());
        var (surviving, merged, doctor) = (await clinic.CreatePatient(), await clinic.CreatePatient(), await clinic.CreateDoctor());
        var sample = await Treat(clinic, doctor, await clinic.CreatePatient());
        // The lock that VACUUM and CREATE INDEX CONCURRENTLY hold for as long as they take.
        await using var maintenance = await house.OpenDatabase("clinical");
        await using var maintaining = await maintenance.BeginTransactionAsync();
        await Execute(maintenance, "LOCK TABLE medical_records, treatments, referrals IN SHARE UPDATE EXCLUSIVE MODE");
        await using var writer = await house.OpenDatabase("clinical");
        await using var writing = await writer.BeginTransactionAsync();
        await AddTreatment();

        var merge = await Merge(clinic, surviving, merged);

        await Wait.Until(async () => await house.QueryNumber("clinical", """
            SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                AND ((classid::bigint << 32) | objid::bigint) = hashtextextended('rows of ' || $1::text, 0)
            """, merged) > 0, "the merge waits for the treatment");
        await Treat(clinic, doctor, await clinic.CreatePatient());
        await writing.CommitAsync();
        await WaitUntil(clinic, merge.Id, PatientMergeStatus.Merged);
        await AddTreatment();
        Assert.Equal((2L, 0L), (await CountTreatments(surviving), await CountTreatments(merged)));
        // Their texts are encrypted as those of the sample.
        await Execute(writer, "DELETE FROM treatments WHERE patient_id = $1", surviving);

        Task AddTreatment() => Execute(writer, """
            INSERT INTO treatments SELECT (jsonb_populate_record(t, jsonb_build_object('id', gen_random_uuid(), 'patient_id', $2))).*
            FROM treatments t WHERE t.id = $1
            """, sample.Id, merged);
        Task<long> CountTreatments(Guid patient) => house.QueryNumber("clinical", "SELECT count(*) FROM treatments WHERE patient_id = $1", patient);
    }

    [Fact]
    public async Task The_patient_goes_on_seeing_who_read_either_record_and_the_merge_is_recorded_for_both()
    {
        var clinic = await Hospital.Value;
        var (surviving, first, second) = (await TestUser.Create(clinic.Admin), await clinic.CreatePatient(), await clinic.CreatePatient());
        var record = await Record(clinic, first);
        await clinic.Admin.Call<MedicalRecord>("get_medical_record", new { record_id = record.Id });
        await WaitUntil(clinic, (await Merge(clinic, second, first)).Id, PatientMergeStatus.Merged);
        await WaitUntil(clinic, (await Merge(clinic, surviving.Id, second)).Id, PatientMergeStatus.Merged);

        var patient = await surviving.LogIn();

        foreach (var parameters in (object[])[new { limit = 100 }, new { limit = 100, patient_id = surviving.Id }])
        {
            var read = Assert.Single((await patient.Call<Page<AuditEvent>>("list_audit_events", parameters)).Results, e => e.Action == "get_medical_record");
            Assert.Equal<(Guid?, Guid?)>((first, record.Id), (read.PatientId, read.ResourceId));
        }
        Assert.Equal(0, (await patient.Call<Page<AuditEvent>>("list_audit_events", new { patient_id = clinic.Patient })).Total);
        foreach (var id in (Guid[])[first, second, surviving.Id])
            await Wait.Until(async () => (await clinic.Admin.Call<Page<AuditEvent>>("list_audit_events", new { patient_id = id, action = "merge_patients" }))
                .Total == (id == second ? 2 : 1), "the merges are recorded for the patient");
    }

    [Fact]
    public async Task A_patient_with_a_duplicate_who_acts_for_another_patient_reads_the_trail_of_that_one_only_by_naming_them()
    {
        var clinic = await Hospital.Value;
        var (guardian, duplicate, child) = (await TestUser.Create(clinic.Admin), await clinic.CreatePatient(), await clinic.CreatePatient());
        await clinic.Admin.Call("create_representative", new
        {
            patient_id = child, user_id = guardian.Id, kind = "GUARDIAN", until = ClinicFixture.FormatDate(clinic.Today.AddDays(30)), reason = "Court",
        });
        foreach (var patient in (Guid[])[duplicate, child])
            await clinic.Admin.Call<MedicalRecord>("get_medical_record", new { record_id = (await Record(clinic, patient)).Id });
        await WaitUntil(clinic, (await Merge(clinic, guardian.Id, duplicate)).Id, PatientMergeStatus.Merged);
        var reader = await guardian.LogIn();

        foreach (var parameters in (object[])[new { limit = 100 }, new { limit = 100, user_id = clinic.Admin.Id }])
        {
            var own = (await reader.Call<Page<AuditEvent>>("list_audit_events", parameters)).Results;
            Assert.Contains(own, e => e.PatientId == duplicate);
            Assert.DoesNotContain(own, e => e.PatientId == child);
        }
        Assert.Contains((await reader.Call<Page<AuditEvent>>("list_audit_events", new { patient_id = child, limit = 100 })).Results,
            e => e.Action == "get_medical_record" && e.PatientId == child);
    }

    [Fact]
    public async Task The_numbers_of_the_duplicate_become_those_of_the_surviving_patient_and_of_nobody_else()
    {
        var clinic = await Hospital.Value;
        var (surviving, merged, other) = (await clinic.CreatePatient(), await clinic.CreatePatient(), await clinic.CreatePatient());
        var (number, insured) = ($"N{Guid.NewGuid():N}"[..20], new[] { new { system = "urn:insurance:test", value = $"{Guid.NewGuid():N}" } });
        var former = (await clinic.Admin.Call<User>("get_user", new { user_id = surviving })).Mrn;
        await clinic.Admin.Call("update_user", new { user_id = merged, mrn = number, identifiers = insured });
        var merge = await Merge(clinic, surviving, merged);
        await WaitUntil(clinic, merge.Id, PatientMergeStatus.Merged);

        foreach (var taken in (object[])[new { user_id = other, mrn = number }, new { user_id = other, identifiers = insured }])
            Assert.Equal(ErrorCodes.Conflict, (await clinic.Admin.TryCall("update_user", taken)).Code);
        await clinic.Admin.Call("update_user", new { user_id = surviving, mrn = number, identifiers = insured });

        Assert.Equal([surviving], (await clinic.Admin.Call<Page<Patient>>("find_patients", new { mrn = number })).Results.Select(p => p.Id));
        var refused = await clinic.Admin.TryCall("unmerge_patients", Pair(surviving, merged));
        Assert.Equal((HttpStatusCode.Conflict, ErrorCodes.Conflict), (refused.Status, refused.Code));
        Assert.Contains("Another patient has a number of the merged patient", refused.Error.Message, StringComparison.Ordinal);
        await clinic.Admin.Call("update_user", new { user_id = surviving, mrn = former, identifiers = Array.Empty<object>() });
        await Unmerge(clinic, surviving, merged);
        Assert.Equal([merged], (await clinic.Admin.Call<Page<Patient>>("find_patients", new { mrn = number })).Results.Select(p => p.Id));
    }

    [Fact]
    public async Task Merges_follow_each_other_and_the_last_is_undone_first()
    {
        var clinic = await Hospital.Value;
        var doctor = await clinic.CreateDoctor();
        var (a, b, c) = (await clinic.CreatePatient(), await clinic.CreatePatient(), await clinic.CreatePatient());
        var visit = await Book(clinic, doctor, a, "09:00:00");
        var first = await Merge(clinic, b, a);
        await WaitUntil(clinic, first.Id, PatientMergeStatus.Merged);
        var second = await Merge(clinic, c, b);
        await WaitUntil(clinic, second.Id, PatientMergeStatus.Merged);

        Assert.Equal(c, (await clinic.Admin.Call<Patient>("get_patient", new { patient_id = a })).Id);
        Assert.Equal([visit.Id], await Visits(clinic, a));
        var refused = await clinic.Admin.TryCall("unmerge_patients", Pair(b, a));
        Assert.Equal((HttpStatusCode.Conflict, c.ToString()), (refused.Status, (string?)refused.Details!["surviving_patient_id"]));

        await Unmerge(clinic, c, b);
        await WaitUntil(clinic, second.Id, PatientMergeStatus.Unmerged);
        await Unmerge(clinic, b, a);
        await WaitUntil(clinic, first.Id, PatientMergeStatus.Unmerged);
        Assert.Equal([visit.Id], await Visits(clinic, a));
        Assert.Empty(await Visits(clinic, b));
    }

    [Fact]
    public async Task A_merge_happens_once_and_two_patients_are_never_merged_into_each_other()
    {
        var clinic = await Hospital.Value;
        var (a, b) = (await clinic.CreatePatient(), await clinic.CreatePatient());

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => clinic.Admin.TryCall("merge_patients", i % 2 == 0 ? Pair(a, b) : Pair(b, a))));

        var accepted = answers.Where(answer => answer.Status == HttpStatusCode.OK).Select(answer => answer.Read<PatientMerge>()).ToArray();
        Assert.Single(accepted.Select(merge => merge.Id).Distinct());
        Assert.All(answers.Where(answer => answer.Status != HttpStatusCode.OK), answer => Assert.Equal(ErrorCodes.Conflict, answer.Code));
    }

    [Fact]
    public async Task What_is_no_patient_of_the_hospital_is_not_merged()
    {
        var clinic = await Hospital.Value;
        var (patient, doctor, stranger) = (await clinic.CreatePatient(), await clinic.CreateDoctor(), await TestUser.Create());

        foreach (var other in new[] { doctor, stranger.Id, Guid.NewGuid() })
            foreach (var pair in new[] { Pair(patient, other), Pair(other, patient) })
                Assert.Equal(ErrorCodes.ResourceNotFound, (await clinic.Admin.TryCall("merge_patients", pair)).Code);
        Assert.Equal(ErrorCodes.Conflict, (await clinic.Admin.TryCall("unmerge_patients", Pair(patient, await clinic.CreatePatient()))).Code);
        foreach (var who in (string[])["receptionist@general.example", "nurse@general.example", "admin@medcor.example"])
            Assert.Equal(ErrorCodes.PermissionDenied, (await (await ApiClient.LogInShared(who)).TryCall("merge_patients", Pair(patient, patient))).Code);
    }

    private static async Task Execute(NpgsqlConnection connection, string sql, params Guid[] ids)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var id in ids) command.Parameters.AddWithValue(id);
        await command.ExecuteNonQueryAsync();
    }

    private static JsonObject Pair(Guid surviving, Guid merged) => new() { ["surviving_patient_id"] = surviving, ["merged_patient_id"] = merged };

    private static Task<PatientMerge> Merge(ClinicFixture clinic, Guid surviving, Guid merged) =>
        clinic.Admin.Call<PatientMerge>("merge_patients", Pair(surviving, merged));

    private static Task<PatientMerge> Unmerge(ClinicFixture clinic, Guid surviving, Guid merged) =>
        clinic.Admin.Call<PatientMerge>("unmerge_patients", Pair(surviving, merged));

    private static async Task<PatientMerge> WaitUntil(ClinicFixture clinic, Guid id, PatientMergeStatus status)
    {
        PatientMerge? merge = null;
        await Wait.Until(async () => (merge = (await clinic.Admin.Call<Page<PatientMerge>>("list_patient_merges", new { limit = 100 })).Results
            .Single(m => m.Id == id)).Status == status, $"the merge is {status}", explain: () => $"It is {merge?.Status}.");
        return merge!;
    }

    private static Task<Appointment> Book(ClinicFixture clinic, Guid doctor, Guid patient, string time) =>
        clinic.Nurse.Call<Appointment>("create_appointment", clinic.BookingRequest(time, patient: patient, doctor: doctor));

    private static Task<MedicalRecord> Record(ClinicFixture clinic, Guid patient) =>
        clinic.Admin.Call<MedicalRecord>("create_medical_record", new { patient_id = patient, title = "Checkup", record_type = "CHECKUP" });

    private static Task<Treatment> Treat(ClinicFixture clinic, Guid doctor, Guid patient) =>
        clinic.Admin.Call<Treatment>("create_treatment", new { patient_id = patient, doctor_id = doctor, name = "Rest" });

    private static async Task<IEnumerable<Referral>> Referrals(CareWard ward, Guid patient) =>
        (await ward.Admin.Call<Page<Referral>>("list_referrals", new { patient_id = patient })).Results;

    private static async Task<IEnumerable<EmergencyOverride>> Overrides(CareWard ward, Guid patient) =>
        (await ward.Admin.Call<Page<EmergencyOverride>>("list_emergency_overrides", new { patient_id = patient })).Results;

    private static async Task<IEnumerable<Guid>> Visits(ClinicFixture clinic, Guid patient) =>
        (await clinic.Admin.Call<Page<Appointment>>("list_appointments", new { patient_id = patient })).Results.Select(a => a.Id);
}
