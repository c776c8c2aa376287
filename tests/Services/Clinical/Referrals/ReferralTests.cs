using MedCor.Contracts;
using MedCor.Contracts.Clinical;
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
