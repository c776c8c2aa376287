using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Tests.Services.Clinical.AccessPolicies;

namespace MedCor.Tests.Services.Clinical.EmergencyOverrides;

/// <summary>Tests that an emergency opens a patient's content for minutes, in view of others.</summary>
public sealed class EmergencyOverrideTests
{
    [Fact]
    public async Task The_administrators_the_named_users_and_the_patient_are_told_at_once_and_nobody_else()
    {
        var ward = await CareWard.Open();
        var (patient, named) = (await ward.Clinic.LogInPatient(), ward.Author);
        await ward.Admin.Call("update_access_policy", new { notified_users = new[] { new { user_id = named.Id } } });
        SseClient[] told = [await Listen(ward.Admin), await Listen(named), await Listen(patient), await Listen(ward.Doctor)];
        await using var untold = await Listen(ward.Nurse);

        var opened = await ward.Doctor.Call<EmergencyOverride>("break_glass", new { patient_id = patient.Id, reason = "Unconscious", minutes = 5 });

        foreach (var listener in told)
        {
            var heard = (await listener.Next(e => e.Name == "emergency_override_began" && (Guid?)e.Data["id"] == opened.Id)).Data;
            Assert.Equal((ward.Doctor.Id, null), ((Guid?)heard["user_id"], (string?)heard["reason"]));
            await listener.DisposeAsync();
        }
        // Whoever hears of the department has received all that was told before it.
        var department = await ward.Admin.Call("create_department", new { name = "Last", code = $"{Guid.NewGuid():N}" });
        await untold.Next("departments", "created", (Guid)department["id"]!);
        Assert.DoesNotContain(untold.Events, e => (Guid?)(e.Data["data"] ?? e.Data)["id"] == opened.Id);

        static Task<SseClient> Listen(ApiClient user) => SseClient.Connect(user, "resources=emergency_overrides,departments");
    }

    [Fact]
    public async Task It_ends_to_the_second_at_every_replica()
    {
        var (ward, house) = (await CareWard.GetLimited(), await MedCorFixture.Get());
        var patient = await ward.AdmitPatient();
        var opened = await ward.Doctor.Call<EmergencyOverride>("break_glass", new { patient_id = patient.Patient, reason = "Unconscious" });
        Assert.InRange((opened.EndsAt - opened.CreatedAt).TotalMinutes, 29.9, 30.1);
        await house.QueryNumber("clinical", "UPDATE emergency_overrides SET ends_at = clock_timestamp() + interval '2 seconds' WHERE id = $1 RETURNING 1",
            opened.Id);

        var sightings = new List<(bool IsBefore, bool Sees, bool IsAfter)>();
        await Wait.Until(async () =>
        {
            // Each call may be answered by any replica.
            foreach (var record in (Guid[])[patient.Record, patient.Restricted])
                for (var gateway = 0; gateway < 2; gateway++)
                {
                    var isAfter = await IsOver();
                    var reply = await ward.Doctor.Post("get_medical_record", $$"""{"record_id":"{{record}}"}""", gateway: gateway);
                    sightings.Add((!await IsOver(), reply.Code is null, isAfter));
                }
            return sightings.Count(s => s.IsAfter) >= 8;
        }, "the override has ended");

        Assert.Contains(sightings, s => s.IsBefore);
        Assert.All(sightings.Where(s => s.IsBefore), s => Assert.True(s.Sees));
        Assert.All(sightings.Where(s => s.IsAfter), s => Assert.False(s.Sees));

        async Task<bool> IsOver() => await house.QueryNumber("clinical",
            "SELECT count(*) FROM emergency_overrides WHERE id = $1 AND ends_at <= clock_timestamp()", opened.Id) == 1;
    }

    [Fact]
    public async Task Every_access_under_an_override_is_recorded_as_such_and_the_patient_reads_it()
    {
        var ward = await CareWard.GetLimited();
        var patient = await TestUser.Create(ward.Admin);
        var content = await ward.WriteAbout(patient.Id);
        await ward.Doctor.TryCall("get_medical_record", new { record_id = content.Record });

        var opened = await ward.Doctor.Call<EmergencyOverride>("break_glass", new { patient_id = patient.Id, reason = "Unconscious" });
        await ward.Doctor.Call("get_medical_record", new { record_id = content.Record });
        await ward.Author.Call("get_medical_record", new { record_id = content.Record });

        var client = await patient.LogIn();
        var events = (await client.Call<Page<AuditEvent>>("list_audit_events", new { sort = "created_at", limit = 100 })).Results
            .Where(e => e.Action is "get_medical_record" or "break_glass");
        Assert.Equal(
            [("get_medical_record", AuditOutcome.Missing, null), ("break_glass", AuditOutcome.Done, (Guid?)opened.Id),
                ("get_medical_record", AuditOutcome.Done, (Guid?)opened.Id), ("get_medical_record", AuditOutcome.Done, null)],
            events.Select(e => (e.Action, e.Outcome, e.EmergencyOverrideId)));
        var listed = Assert.Single((await client.Call<Page<EmergencyOverride>>("list_emergency_overrides")).Results);
        Assert.Equal((opened.Id, "Unconscious", ward.Doctor.Id), (listed.Id, listed.Reason, listed.UserId));
    }

    [Fact]
    public async Task It_is_for_reading_and_adding_and_changes_nothing_that_others_wrote()
    {
        var ward = await CareWard.GetLimited();
        var patient = await ward.AdmitPatient();
        await ward.Doctor.Call("break_glass", new { patient_id = patient.Patient, reason = "Unconscious" });

        Assert.Equal("PERMISSION_DENIED", (await ward.Doctor.TryCall("update_medical_record", new { record_id = patient.Record, title = "Mine" })).Code);
        Assert.Equal("PERMISSION_DENIED", (await ward.Doctor.TryCall("update_treatment", new { treatment_id = patient.Treatment, name = "Mine" })).Code);
        await ward.Doctor.Call("create_medical_record", new { patient_id = patient.Patient, title = "Found unconscious", record_type = "CONSULTATION" });
        Assert.Equal(3, (await ward.Doctor.Call<Page<MedicalRecord>>("list_medical_records", new { patient_id = patient.Patient })).Total);
    }

    [Fact]
    public async Task An_administrator_reviews_it_and_ends_one_that_is_not_justified()
    {
        var ward = await CareWard.GetLimited();
        var patient = await ward.AdmitPatient();
        var opened = await ward.Nurse.Call<EmergencyOverride>("break_glass", new { patient_id = patient.Patient, reason = "Curious", minutes = 240 });
        Assert.True(await CareWard.Sees(ward.Nurse, patient.Restricted));
        Assert.Contains((await List(false)).Results, e => e.Id == opened.Id);

        var reviewed = await ward.Admin.Call<EmergencyOverride>("review_emergency_override",
            new { emergency_override_id = opened.Id, is_justified = false, comment = "No emergency is known" });

        Assert.Equal((true, false, ward.Admin.Id, "No emergency is known", false),
            (reviewed.IsReviewed, reviewed.IsJustified, reviewed.ReviewedBy, reviewed.ReviewComment, reviewed.IsActive));
        Assert.False(await CareWard.Sees(ward.Nurse, patient.Restricted));
        Assert.Contains((await List(true)).Results, e => e.Id == opened.Id);
        Assert.DoesNotContain((await List(false)).Results, e => e.Id == opened.Id);
        Assert.Equal("PERMISSION_DENIED",
            (await ward.Doctor.TryCall("review_emergency_override", new { emergency_override_id = opened.Id, is_justified = true })).Code);

        Task<Page<EmergencyOverride>> List(bool isReviewed) =>
            ward.Admin.Call<Page<EmergencyOverride>>("list_emergency_overrides", new { is_reviewed = isReviewed, limit = 100 });
    }

    [Fact]
    public async Task One_that_is_not_justified_ends_all_of_the_user_for_the_patient()
    {
        var ward = await CareWard.GetLimited();
        var (patient, other) = (await ward.AdmitPatient(), await ward.AdmitPatient());
        Task<EmergencyOverride> Open(CareContent of) => ward.Nurse.Call<EmergencyOverride>("break_glass", new { patient_id = of.Patient, reason = "Curious" });
        var (first, second) = (await Open(patient), await Open(patient));
        await Open(other);

        await ward.Admin.Call("review_emergency_override", new { emergency_override_id = first.Id, is_justified = false });

        Assert.Equal((false, true), (await CareWard.Sees(ward.Nurse, patient.Record), await CareWard.Sees(ward.Nurse, other.Record)));
        var listed = (await ward.Admin.Call<Page<EmergencyOverride>>("list_emergency_overrides", new { patient_id = patient.Patient })).Results;
        Assert.Equal([(second.Id, false, false), (first.Id, false, true)], listed.Select(e => (e.Id, e.IsActive, e.IsReviewed)));
    }

    [Fact]
    public async Task Nobody_reviews_their_own_override()
    {
        var ward = await CareWard.GetLimited();
        var patient = await ward.AdmitPatient();
        Assert.Null((await ward.Admin.Call<MedicalRecord>("get_medical_record", new { record_id = patient.Record })).Title);

        var opened = await ward.Admin.Call<EmergencyOverride>("break_glass", new { patient_id = patient.Patient, reason = "Complaint of a relative" });

        Assert.True(await CareWard.Sees(ward.Admin, patient.Record));
        Assert.Equal("PERMISSION_DENIED",
            (await ward.Admin.TryCall("review_emergency_override", new { emergency_override_id = opened.Id, is_justified = true })).Code);
    }

    [Fact]
    public async Task A_program_without_a_user_opens_nothing()
    {
        var (program, ward) = (await ServiceAccountClient.Create("clinical.write people.read", "NURSE"), await ClinicFixture.GetSharedReadOnly());

        var refused = await ServiceAccountClient.Call(program.Key.ApiKey, "break_glass", new { patient_id = ward.Patient, reason = "Unconscious" });

        Assert.Equal("PERMISSION_DENIED", refused.Code);
        Assert.Contains("logged in", refused.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_opens_a_whole_hospital()
    {
        var (ward, house) = (await CareWard.GetLimited(), await MedCorFixture.Get());
        var (doctor, patient) = (await (await TestUser.Create(ward.Admin, "DOCTOR")).LogIn(), await ward.Clinic.CreatePatient());
        await house.QueryNumber("clinical", """
            WITH opened AS (
                INSERT INTO emergency_overrides (hospital_id, id, patient_id, user_id, reason, minutes, ends_at, is_reviewed, version, created_at, updated_at)
                SELECT $1, gen_random_uuid(), gen_random_uuid(), $2, 'Disaster', 60, now() + interval '1 hour', false, 1, now(), now()
                FROM generate_series(1, 20)
                RETURNING 1)
            SELECT count(*) FROM opened
            """, ward.Admin.HospitalId!.Value, doctor.Id);

        var refused = await doctor.TryCall("break_glass", new { patient_id = patient, reason = "Unconscious" });

        Assert.Equal(("CONFLICT", EmergencyOverride.MaxOpenPatients), (refused.Code, (int?)refused.Details!["max_open_patients"]));
    }

    [Fact]
    public async Task The_service_itself_cannot_delete_an_override_or_change_who_opened_what()
    {
        var house = await MedCorFixture.Get();
        await using var connection = await house.OpenDatabase("clinical");
        await using (var role = new Npgsql.NpgsqlCommand("SET ROLE medcor_clinical", connection)) await role.ExecuteNonQueryAsync();

        foreach (var statement in (string[])["DELETE FROM emergency_overrides", "UPDATE emergency_overrides SET reason = ''",
            "UPDATE emergency_overrides SET user_id = id"])
        {
            await using var command = new Npgsql.NpgsqlCommand(statement, connection);
            Assert.Equal("42501", (await Assert.ThrowsAsync<Npgsql.PostgresException>(() => command.ExecuteNonQueryAsync())).SqlState);
        }
    }
}
