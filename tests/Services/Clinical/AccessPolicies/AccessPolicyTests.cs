using System.Net;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;

namespace MedCor.Tests.Services.Clinical.AccessPolicies;

/// <summary>Tests how a hospital limits clinical content to those in whose care a patient is. <see cref="AccessTableTests"/> tests who sees what.</summary>
public sealed class AccessPolicyTests
{
    [Fact]
    public async Task A_hospital_that_has_set_nothing_is_open_and_its_administrators_limit_it()
    {
        var (ward, other) = (await ClinicFixture.OpenHospital("Europe/Berlin"), await ClinicFixture.GetSharedReadOnly());
        var policy = await ward.Admin.Call<AccessPolicy>("get_access_policy");
        Assert.Equal((AccessMode.Open, 365, 1, 0, 0L), (policy.Mode, policy.VisitDays, policy.NurseDays, policy.NotifiedUsers.Count, policy.Version));

        var changed = await ward.Admin.Call<AccessPolicy>("update_access_policy",
            new { mode = "CARE_RELATIONSHIP", visit_days = 90, notified_users = new[] { new { user_id = ward.Doctor } }, expected_version = 0 });
        Assert.Equal((AccessMode.CareRelationship, 90, 1, ward.Doctor, 1L),
            (changed.Mode, changed.VisitDays, changed.NurseDays, Assert.Single(changed.NotifiedUsers).UserId, changed.Version));

        Assert.Equal("CONFLICT", (await ward.Admin.TryCall("update_access_policy", new { mode = "OPEN", expected_version = 0 })).Code);
        Assert.Equal("PERMISSION_DENIED", (await (await ward.LogInDoctor()).TryCall("update_access_policy", new { mode = "OPEN" })).Code);
        Assert.Equal("RESOURCE_NOT_FOUND",
            (await ward.Admin.TryCall("update_access_policy", new { mode = "OPEN", hospital_id = other.Admin.HospitalId })).Code);
    }

    [Fact]
    public async Task A_change_of_the_policy_names_who_made_it_and_is_told_to_the_administrators_and_the_named_users()
    {
        var ward = await ClinicFixture.OpenHospital("Europe/Berlin");
        var named = await ward.LogInDoctor();
        await ward.Admin.Call("update_access_policy", new { notified_users = new[] { new { user_id = named.Id } } });
        SseClient[] told = [await SseClient.Connect(ward.Admin, "resources=access_policies"), await SseClient.Connect(named, "resources=access_policies")];

        // Whoever is not named any more is told of that.
        await ward.Admin.Call("update_access_policy", new { nurse_days = 7, notified_users = Array.Empty<object>() });

        foreach (var listener in told)
        {
            var heard = (await listener.Next(e => e.Resource == "access_policies" && (int?)e.Data["data"]!["nurse_days"] == 7)).Data["data"]!;
            Assert.Equal((ward.Admin.Id, 2L), ((Guid?)heard["changed_by"], (long?)heard["version"]));
            await listener.DisposeAsync();
        }
        Assert.Equal(ward.Admin.Id, (await ward.Admin.Call<AccessPolicy>("get_access_policy")).ChangedBy);
    }

    [Fact]
    public async Task Only_active_staff_of_the_hospital_are_named_to_be_told()
    {
        var ward = await ClinicFixture.GetSharedReadOnly();
        Task<ApiResponse> Name(Guid user) => ward.Admin.TryCall("update_access_policy", new { notified_users = new[] { new { user_id = user } } });

        var patient = await Name(ward.Patient);

        Assert.Equal(("VALIDATION_ERROR", true), (patient.Code, patient.Details!.AsObject().ContainsKey("notified_users[0].user_id")));
        Assert.Equal("RESOURCE_NOT_FOUND", (await Name((await ClinicFixture.LogIn("nurse@riverside.example")).Id)).Code);
        Assert.Equal("RESOURCE_NOT_FOUND", (await Name(Guid.NewGuid())).Code);
    }

    [Fact]
    public async Task A_list_is_paged_and_counted_after_the_rule()
    {
        var ward = await CareWard.GetLimited();
        var doctor = await (await TestUser.Create(ward.Admin, "DOCTOR")).LogIn();
        var (seen, unseen) = (await ward.AdmitPatient(), await ward.AdmitPatient());
        await ward.Refer(seen.Patient, doctor);

        var pages = new List<Page<MedicalRecord>>();
        for (var page = 1; page <= 3; page++)
            pages.Add(await doctor.Call<Page<MedicalRecord>>("list_medical_records", new { page, limit = 1, sort = "-created_at" }));

        Assert.Equal([seen.Restricted, seen.Record], pages.SelectMany(page => page.Results).Select(record => record.Id));
        Assert.Equal([(2L, true), (2L, false), (2L, false)], pages.Select(page => (page.Total, page.HasMore)));
        var treatments = await doctor.Call<Page<Treatment>>("list_treatments", new { sort = "created_at" });
        Assert.Equal((1L, seen.Treatment), (treatments.Total, Assert.Single(treatments.Results).Id));
        Assert.Equal(0, (await doctor.Call<Page<MedicalRecord>>("list_medical_records", new { patient_id = unseen.Patient })).Total);
    }

    [Fact]
    public async Task Nobody_takes_a_patient_into_their_own_care_by_booking()
    {
        var ward = await CareWard.GetLimited();
        var patient = await ward.AdmitPatient();

        var ofDoctor = await ward.BookVisit(patient.Patient, by: ward.Doctor);
        Assert.False(await CareWard.Sees(ward.Doctor, patient.Record));
        Assert.True(await CareWard.Sees(ward.Nurse, patient.Record));
        await Cancel(ward, ofDoctor);
        await ward.BookVisit(patient.Patient, by: ward.Nurse);

        Assert.True(await CareWard.Sees(ward.Doctor, patient.Record));
        Assert.False(await CareWard.Sees(ward.Nurse, patient.Record));
    }

    [Fact]
    public async Task Nobody_takes_a_patient_into_their_own_care_by_moving_a_visit()
    {
        var ward = await CareWard.GetLimited();
        var patient = await ward.AdmitPatient();
        Task<Appointment> Move(ApiClient by, Guid appointment, int day) => by.Call<Appointment>("reschedule_appointment",
            new { appointment_id = appointment, appointment_date = ward.Clinic.Weekday(day), appointment_time = "16:30" });
        // Months ahead, beyond the days of the nurses.
        var booked = await ward.Admin.Call<Appointment>("create_appointment", ward.Clinic.BookingRequest("16:30", ward.Clinic.Weekday(60), patient.Patient));
        Assert.Equal((true, false), (await CareWard.Sees(ward.Doctor, patient.Record), await CareWard.Sees(ward.Nurse, patient.Record)));

        var moved = await Move(ward.Nurse, booked.Id, 4);
        Assert.Equal((true, false), (await CareWard.Sees(ward.Doctor, patient.Record), await CareWard.Sees(ward.Nurse, patient.Record)));

        // The doctor has the patient in their care already.
        await Move(ward.Doctor, moved.Id, 5);
        Assert.Equal((true, true), (await CareWard.Sees(ward.Doctor, patient.Record), await CareWard.Sees(ward.Nurse, patient.Record)));
    }

    [Fact]
    public async Task A_cancelled_visit_and_one_of_too_long_ago_are_no_relation()
    {
        var ward = await CareWard.GetLimited();
        var (cancelled, old) = (await ward.AdmitPatient(), await ward.AdmitPatient());
        var (first, second) = (await ward.BookVisit(cancelled.Patient), await ward.BookVisit(old.Patient));
        Assert.True(await CareWard.Sees(ward.Doctor, cancelled.Record));

        await Cancel(ward, first);

        Assert.False(await CareWard.Sees(ward.Doctor, cancelled.Record));
        // Ten weeks ago is within the year of the doctor, and not within the days of the nurses.
        Assert.True(await ClinicFixture.RunAfterEnd(second, () => CareWard.Sees(ward.Doctor, old.Record)));
        Assert.False(await ClinicFixture.RunAfterEnd(second, () => CareWard.Sees(ward.Nurse, old.Record)));
        Assert.True(await CareWard.Sees(ward.Nurse, old.Record));
    }

    [Fact]
    public async Task Staff_without_a_relation_write_about_a_patient_and_see_what_they_wrote()
    {
        var ward = await CareWard.GetLimited();
        var patient = await ward.AdmitPatient();

        var written = await ward.Nurse.Call<MedicalRecord>("create_medical_record",
            new { patient_id = patient.Patient, title = "Secret", record_type = "VITALS" });

        Assert.True(await CareWard.Sees(ward.Nurse, written.Id));
        Assert.Equal(written.Id, Assert.Single(
            (await ward.Nurse.Call<Page<MedicalRecord>>("list_medical_records", new { patient_id = patient.Patient })).Results).Id);
        Assert.False(await CareWard.Sees(ward.Doctor, written.Id));
    }

    [Fact]
    public async Task What_staff_without_a_relation_do_with_an_appointment_shows_them_no_text()
    {
        var ward = await CareWard.GetLimited();
        var patient = await ward.AdmitPatient();
        var booked = await ward.Receptionist.Call<Appointment>("create_appointment", new
        {
            patient_id = patient.Patient, doctor_id = ward.Author.Id, appointment_date = ward.Clinic.Weekday(100), appointment_time = "10:00",
            reason = "Secret",
        });

        var moved = await ward.Doctor.Call("reschedule_appointment",
            new { appointment_id = booked.Id, appointment_date = ward.Clinic.Weekday(101), appointment_time = "10:00", reason = "Secret" });
        var cancelled = await ward.Doctor.Call("update_appointment_status", new { appointment_id = moved["id"], status = "CANCELLED", notes = "Secret" });

        Assert.All((JsonNode[])[moved, cancelled], answer => Assert.DoesNotContain("Secret", answer.ToJsonString(), StringComparison.Ordinal));
        Assert.Contains("Secret", (await ward.Author.Call("get_appointment", new { appointment_id = moved["id"] })).ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_result_that_is_requested_again_shows_no_more_than_the_caller_sees_by_then()
    {
        var ward = await CareWard.GetLimited();
        var patient = await ward.AdmitPatient();
        var booked = await ward.Admin.Call<Appointment>("create_appointment", new
        {
            patient_id = patient.Patient, doctor_id = ward.Author.Id, appointment_date = ward.Clinic.Weekday(102), appointment_time = "10:00",
            reason = "Secret",
        });
        var referral = await ward.Refer(patient.Patient, ward.Doctor);
        var (cancellation, key) = (new { appointment_id = booked.Id, status = "CANCELLED", notes = "The patient called" }, Guid.NewGuid().ToString());

        var first = await ward.Doctor.TryCall("update_appointment_status", cancellation, key);
        await ward.Admin.Call("end_referral", new { referral_id = referral.Id });
        var again = await ward.Doctor.TryCall("update_appointment_status", cancellation, key);

        Assert.Equal(("Secret", false), ((string?)first.Body["reason"], first.IsReplay));
        Assert.Equal((HttpStatusCode.OK, null, true), (again.Status, (string?)again.Body["reason"], again.IsReplay));
    }

    [Fact]
    public async Task Live_events_of_records_reach_those_who_may_know_of_them()
    {
        var ward = await CareWard.GetLimited();
        var (referred, patient) = (await (await TestUser.Create(ward.Admin, "DOCTOR")).LogIn(), await ward.AdmitPatient());
        await ward.Refer(patient.Patient, referred);
        await using var told = await SseClient.Connect(referred, "resources=medical_records,treatments,departments");
        await using var untold = await SseClient.Connect(ward.Doctor, "resources=medical_records,treatments,departments", gateway: 1);
        await using var admin = await SseClient.Connect(ward.Admin, "resources=medical_records,treatments");

        var written = await ward.WriteAbout(patient.Patient);

        foreach (var listener in (SseClient[])[told, admin])
        {
            foreach (var record in (Guid[])[written.Record, written.Restricted]) await listener.Next("medical_records", "created", record);
            await listener.Next("treatments", "created", written.Treatment);
        }
        // Whoever hears of the department has received all that was told before it.
        var department = await ward.Admin.Call("create_department", new { name = "Last", code = $"{Guid.NewGuid():N}" });
        await untold.Next("departments", "created", (Guid)department["id"]!);
        Assert.DoesNotContain(untold.Events, e => (string?)e.Data["data"]?["patient_id"] == patient.Patient.ToString());
    }

    [Fact]
    public async Task A_record_is_marked_by_its_author_and_by_administrators_who_cannot_amend_what_they_do_not_see()
    {
        var ward = await ClinicFixture.OpenHospital("Europe/Berlin");
        var (author, other) = (await ward.LogInDoctor(), await (await TestUser.Create(ward.Admin, "DOCTOR")).LogIn());
        var record = await author.Call<MedicalRecord>("create_medical_record",
            new { patient_id = ward.Patient, title = "Secret", record_type = "CONSULTATION" });
        Task<ApiResponse> Update(ApiClient by, object change) => by.TryCall("update_medical_record", change);
        Assert.Equal("PERMISSION_DENIED", (await Update(other, new { record_id = record.Id, restricted = true })).Code);

        var marked = await ward.Admin.Call<MedicalRecord>("update_medical_record", new { record_id = record.Id, restricted = true, reason = "Requested" });

        Assert.Equal((true, record.AuthorId, 2L, null), (marked.Restricted, marked.AuthorId, marked.Version, marked.Title));
        Assert.Null((await ward.Admin.Call<MedicalRecord>("get_medical_record", new { record_id = record.Id })).Title);
        Assert.Equal("PERMISSION_DENIED", (await Update(ward.Admin, new { record_id = record.Id, title = "Mine" })).Code);
        Assert.Equal("RESOURCE_NOT_FOUND", (await Update(other, new { record_id = record.Id, title = "Mine" })).Code);
        var history = (await author.Call<Page<MedicalRecordVersion>>("get_medical_record_history", new { record_id = record.Id })).Results;
        Assert.Equal([(ward.Admin.Id, "Requested", true), (author.Id, null, false)], history.Select(v => (v.AuthorId, v.Reason, v.Record.Restricted)));
        Assert.False((await author.Call<MedicalRecord>("update_medical_record", new { record_id = record.Id, restricted = false })).Restricted);
        Assert.True(await CareWard.Sees(other, record.Id));
    }

    [Fact]
    public async Task Whoever_amends_a_record_does_not_decide_whether_it_is_restricted()
    {
        var ward = await ClinicFixture.OpenHospital("Europe/Berlin");
        var (author, other) = (await ward.LogInDoctor(), await (await TestUser.Create(ward.Admin, "DOCTOR")).LogIn());
        var record = await author.Call<MedicalRecord>("create_medical_record",
            new { patient_id = ward.Patient, title = "Secret", record_type = "CONSULTATION" });

        Assert.Equal("PERMISSION_DENIED",
            (await other.TryCall("update_medical_record", new { record_id = record.Id, title = "Mine", restricted = true })).Code);
        Assert.Equal("Secret", (await author.Call<MedicalRecord>("get_medical_record", new { record_id = record.Id })).Title);
        var amended = await other.Call<MedicalRecord>("update_medical_record", new { record_id = record.Id, title = "Amended" });
        Assert.Equal(("Amended", other.Id), (amended.Title, amended.AuthorId));
        Assert.Equal("PERMISSION_DENIED", (await other.TryCall("update_medical_record", new { record_id = record.Id, restricted = true })).Code);

        var marked = await author.Call<MedicalRecord>("update_medical_record", new { record_id = record.Id, restricted = true });
        Assert.Equal((true, "Amended", other.Id), (marked.Restricted, marked.Title, marked.AuthorId));
        Assert.Equal("PERMISSION_DENIED",
            (await other.TryCall("update_medical_record", new { record_id = record.Id, title = "Mine", restricted = false })).Code);
    }

    [Fact]
    public async Task A_record_that_was_entered_in_error_is_not_marked_any_more()
    {
        var ward = await ClinicFixture.Open();
        var author = await ward.LogInDoctor();
        var record = await author.Call<MedicalRecord>("create_medical_record",
            new { patient_id = ward.Patient, title = "Secret", record_type = "CONSULTATION" });
        await author.Call("update_medical_record", new { record_id = record.Id, status = "ENTERED_IN_ERROR", reason = "Another patient's" });

        Assert.Equal("CONFLICT", (await author.TryCall("update_medical_record", new { record_id = record.Id, restricted = true })).Code);
    }

    private static Task<JsonNode> Cancel(CareWard ward, Appointment appointment) =>
        ward.Admin.Call("update_appointment_status", new { appointment_id = appointment.Id, status = "CANCELLED", notes = "Moved by a test" });
}
