using System.Net;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;
using MedCor.Tests.Services.Clinical.AccessPolicies;

namespace MedCor.Tests.Services.Clinical.Referrals;

/// <summary>Tests who takes a patient into whose care by a referral, and until when.</summary>
public sealed class ReferralTests
{
    [Fact]
    public async Task The_doctor_of_a_visit_refers_a_patient_until_a_day_or_until_it_is_ended()
    {
        var ward = await CareWard.GetLimited();
        var (colleague, patient) = (await (await TestUser.Create(ward.Admin, "DOCTOR")).LogIn(), await ward.AdmitPatient());
        await ward.BookVisit(patient.Patient);
        Assert.False(await CareWard.Sees(colleague, patient.Restricted));

        var referral = await ward.Refer(patient.Patient, colleague, by: ward.Doctor);

        Assert.Equal((ward.Doctor.Id, colleague.Id, true), (referral.ReferredBy, referral.UserId, referral.IsActive));
        Assert.True(await CareWard.Sees(colleague, patient.Restricted));
        Assert.Equal(referral.Id, Assert.Single((await colleague.Call<Page<Referral>>("list_referrals")).Results).Id);
        Assert.Equal("PERMISSION_DENIED", (await colleague.TryCall("end_referral", new { referral_id = referral.Id })).Code);
        Assert.False((await ward.Doctor.Call<Referral>("end_referral", new { referral_id = referral.Id })).IsActive);
        Assert.False(await CareWard.Sees(colleague, patient.Restricted));
    }

    [Fact]
    public async Task A_referral_ends_with_its_last_day()
    {
        var ward = await CareWard.GetLimited();
        var patient = await ward.AdmitPatient();
        var referral = await ward.Refer(patient.Patient, ward.Nurse);
        Assert.True(await CareWard.Sees(ward.Nurse, patient.Restricted));

        await (await MedCorFixture.Get()).QueryNumber("clinical", "UPDATE referrals SET ends_at = now() WHERE id = $1 RETURNING 1", referral.Id);

        Assert.False(await CareWard.Sees(ward.Nurse, patient.Restricted));
    }

    [Fact]
    public async Task It_is_for_reading_and_adding_and_changes_nothing_that_others_wrote()
    {
        var ward = await CareWard.GetLimited();
        var patient = await ward.AdmitPatient();
        var referral = await ward.Refer(patient.Patient, ward.Doctor);

        foreach (var record in (Guid[])[patient.Record, patient.Restricted])
            Assert.Equal("PERMISSION_DENIED", (await ward.Doctor.TryCall("update_medical_record", new { record_id = record, description = "Mine" })).Code);
        Assert.Equal("PERMISSION_DENIED",
            (await ward.Doctor.TryCall("update_treatment", new { treatment_id = patient.Treatment, instructions = "Mine" })).Code);
        await ward.Doctor.Call("create_medical_record", new { patient_id = patient.Patient, title = "Second opinion", record_type = "CONSULTATION" });
        Assert.True(await CareWard.Sees(ward.Doctor, patient.Restricted));

        await ward.Admin.Call("end_referral", new { referral_id = referral.Id });

        foreach (var record in (Guid[])[patient.Record, patient.Restricted]) Assert.False(await CareWard.Sees(ward.Doctor, record));
    }

    [Fact]
    public async Task Nobody_refers_to_themselves_or_passes_on_what_was_given_to_them()
    {
        var ward = await CareWard.GetLimited();
        var (referred, overriding) = (await ward.AdmitPatient(), await ward.AdmitPatient());
        await ward.Refer(referred.Patient, ward.Doctor);
        await ward.Doctor.Call("break_glass", new { patient_id = overriding.Patient, reason = "Unconscious" });

        foreach (var patient in (CareContent[])[referred, overriding])
            Assert.Equal("PERMISSION_DENIED", (await Try(ward, ward.Doctor, ward.Author.Id, patient.Patient)).Code);
        var own = await Try(ward, ward.Doctor, ward.Doctor.Id, referred.Patient);
        Assert.Equal(("VALIDATION_ERROR", true), (own.Code, own.Details!.AsObject().ContainsKey("user_id")));
        Assert.Equal("PERMISSION_DENIED", (await Try(ward, ward.Nurse, ward.Author.Id, referred.Patient)).Code);
    }

    [Fact]
    public async Task A_referral_is_to_a_doctor_or_nurse_and_for_at_most_a_year()
    {
        var ward = await CareWard.GetLimited();
        var patient = await ward.Clinic.CreatePatient();
        async Task<string> Refused(Guid user, int days) => string.Join(' ', (await ward.Admin.TryCall("create_referral", new
        {
            user_id = user, patient_id = patient, until = ClinicFixture.FormatDate(ward.Clinic.Today.AddDays(days)), reason = "Second opinion",
        })).Details?.AsObject().Select(d => d.Key).Where(field => field != "request_id") ?? []);

        Assert.Equal("user_id", await Refused(ward.Receptionist.Id, 1));
        Assert.Equal("until", await Refused(ward.Nurse.Id, -2));
        Assert.Equal("until", await Refused(ward.Nurse.Id, Referral.MaxDays + 2));
        Assert.Equal("", await Refused(ward.Nurse.Id, Referral.MaxDays - 1));
    }

    [Fact]
    public async Task A_program_has_nobody_in_its_care()
    {
        var ward = await CareWard.GetLimited();
        var patient = await ward.AdmitPatient();
        var program = await ward.Admin.Call<ServiceAccount>("create_service_account", new { name = "Lab gateway", role = "NURSE", scope = "clinical.read" });
        var key = (await ServiceAccountClient.CreateKey(ward.Admin, program.Id)).ApiKey;

        foreach (var refused in (ApiResponse[])[await Try(ward, ward.Admin, program.Id, patient.Patient),
            await ward.Admin.TryCall("update_access_policy", new { notified_users = new[] { new { user_id = program.Id } } })])
            Assert.Equal("VALIDATION_ERROR", refused.Code);
        await ward.BookVisit(patient.Patient);

        Assert.True(await CareWard.Sees(ward.Nurse, patient.Record));
        Assert.Equal("RESOURCE_NOT_FOUND", (await ServiceAccountClient.Call(key, "get_medical_record", new { record_id = patient.Record })).Code);
    }

    [Fact]
    public async Task The_patient_those_concerned_and_the_administrators_are_told_of_a_referral()
    {
        var ward = await CareWard.GetLimited();
        var patient = await (await TestUser.Create(ward.Admin)).LogIn();
        SseClient[] told = [await Listen(ward.Admin), await Listen(patient), await Listen(ward.Nurse)];
        await using var untold = await Listen(ward.Doctor);

        var referral = await ward.Refer(patient.Id, ward.Nurse);

        foreach (var listener in told)
        {
            var heard = (await listener.Next("referrals", "created", referral.Id)).Data["data"]!;
            Assert.Equal((ward.Nurse.Id, null), ((Guid?)heard["user_id"], (string?)heard["reason"]));
            await listener.DisposeAsync();
        }
        // Whoever hears of the department has received all that was told before it.
        var department = await ward.Admin.Call("create_department", new { name = "Last", code = $"{Guid.NewGuid():N}" });
        await untold.Next("departments", "created", (Guid)department["id"]!);
        Assert.DoesNotContain(untold.Events, e => e.EntityId == referral.Id);

        static Task<SseClient> Listen(ApiClient user) => SseClient.Connect(user, "resources=referrals,departments");
    }

    [Fact]
    public async Task No_program_refers_a_patient_for_its_user()
    {
        var ward = await ClinicFixture.Open();
        using var program = await OAuthClient.Register();
        var token = (await program.Obtain(TestUser.HospitalAdminEmail, "clinical.write")).AccessToken();

        foreach (var (tool, parameters) in ((string, object)[])
            [
                ("create_referral", new { user_id = ward.Doctor, patient_id = ward.Patient, until = ward.Weekday(), reason = "Second opinion" }),
                ("break_glass", new { patient_id = ward.Patient, reason = "Unconscious" }),
                ("review_emergency_override", new { emergency_override_id = Guid.NewGuid(), is_justified = true }),
            ])
        {
            var refused = await ServiceAccountClient.Call(token, tool, parameters);
            Assert.True((refused.Status, refused.Code) == (HttpStatusCode.Forbidden, "PERMISSION_DENIED"), $"{tool}: {refused}");
            Assert.Contains("Only users who have logged in themselves", refused.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_patient_reads_who_was_given_their_records_and_why()
    {
        var ward = await CareWard.GetLimited();
        var patient = await TestUser.Create(ward.Admin);
        var referral = await ward.Refer(patient.Id, ward.Nurse);

        var listed = Assert.Single((await (await patient.LogIn()).Call<Page<Referral>>("list_referrals")).Results);

        Assert.Equal((referral.Id, ward.Nurse.Id, "Second opinion"), (listed.Id, listed.UserId, listed.Reason));
        Assert.DoesNotContain((await ward.Doctor.Call<Page<Referral>>("list_referrals", new { limit = 100 })).Results, r => r.Id == referral.Id);
    }

    private static Task<ApiResponse> Try(CareWard ward, ApiClient by, Guid user, Guid patient) => by.TryCall("create_referral",
        new { user_id = user, patient_id = patient, until = ClinicFixture.FormatDate(ward.Clinic.Today.AddDays(1)), reason = "Second opinion" });
}
