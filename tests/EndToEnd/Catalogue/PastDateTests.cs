using System.Net;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;
using MedCor.DemoData;

namespace MedCor.Tests.EndToEnd.Catalogue;

/// <summary>
/// Tests that the date of a past event is today or earlier by the clock of the hospital concerned, not by that of the machine, wherever it is a parameter.
/// </summary>
public class PastDateTests
{
    private static readonly string[] Symptoms = ["cough"];

    /// <summary>Gets time zones far behind and far ahead of UTC: in at least one of them the date differs.</summary>
    public static TheoryData<string> Zones => ["Pacific/Pago_Pago", "Pacific/Kiritimati"];

    [Theory, MemberData(nameof(Zones))]
    public async Task Nobody_is_born_or_certified_tomorrow(string zone)
    {
        var (ward, platform) = (await ClinicFixture.OpenHospital(zone), await ApiClient.LogInShared(TestUser.PlatformAdminEmail));
        var date = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(DateTimeOffset.UtcNow, ward.Zone).DateTime);
        var (today, tomorrow) = (ClinicFixture.FormatDate(date), ClinicFixture.FormatDate(date.AddDays(1)));
        var cardiology = DemoTenants.Specialties[0].Id;

        foreach (var admin in (ApiClient[])[ward.Admin, platform])
        {
            await OnlyToday("create_user", "date_of_birth", born => new
            {
                email = TestUser.NewEmail(), password = "Korrekt-Pferd-7", first_name = "Robin", last_name = "Testperson", role = "PATIENT",
                hospital_id = ward.Admin.HospitalId, date_of_birth = born,
            });
            await OnlyToday("update_user", "date_of_birth", born => new { user_id = ward.Patient, date_of_birth = born });
            await OnlyToday("update_doctor_specialties", "specialties[0].certification_date",
                certified => new { doctor_id = ward.Doctor, specialties = new[] { new { specialty_id = cardiology, certification_date = certified } } });

            async Task OnlyToday(string tool, string field, Func<string, object> parameters)
            {
                var refused = await admin.TryCall(tool, parameters(tomorrow));
                Assert.Equal((tool, HttpStatusCode.BadRequest), (tool, refused.Status));
                Assert.Equal([$"must not be after today, {today} by the hospital's clocks"],
                    refused.Details.Strings(field));
                await admin.Call(tool, parameters(today));
            }
        }

        var patient = await ward.LogInPatient();
        var early = await patient.TryCall("create_correction_request", new { date_of_birth = tomorrow });
        Assert.Equal([$"must not be after today, {today} by the hospital's clocks"], early.Details.Strings("date_of_birth"));
        await patient.Call("create_correction_request", new { date_of_birth = today });

        var onboarding = await PromptClient.Start(ward.Admin, "patient_onboarding");
        object Person(string born) => new { first_name = "Juno", last_name = "Newcomer", email = TestUser.NewEmail(), date_of_birth = born };
        Assert.Equal(["date_of_birth"], PromptClient.InvalidFields(await onboarding.TryAnswer(Person(tomorrow))));
        await onboarding.Answer(Person(today));

        var triage = await PromptClient.Start(ward.Admin, "emergency_triage", new { symptoms = Symptoms });
        object Seen(string born) => new { date_of_birth = born, high_risk = true };
        Assert.Equal(["date_of_birth"], PromptClient.InvalidFields(await triage.TryAnswer(Seen(tomorrow))));
        await triage.Answer(Seen(today));
    }

    [Fact]
    public void Every_such_day_is_tried_here() =>
        Assert.Equal(
            [
                nameof(AssessSeverity), nameof(BasicInformation), nameof(CreateCorrectionRequest), nameof(CreateUser), nameof(PractisedSpecialty),
                nameof(UpdateUser),
            ],
            typeof(PastDateAttribute).Assembly.GetTypes()
                .Where(type => type.GetProperties().Any(property => property.IsDefined(typeof(PastDateAttribute), inherit: false))).Select(type => type.Name)
                .Order(StringComparer.Ordinal));

    /// <summary>Planned dates are tried where treatments and insurances are, and absences where schedules are.</summary>
    [Fact]
    public void Every_planned_day_is_bounded() =>
        Assert.Equal(
            [nameof(CreateTreatment), nameof(Insurance), nameof(UpdateTreatment)],
            typeof(PlannedDateAttribute).Assembly.GetTypes()
                .Where(type => type.GetProperties().Any(property => property.IsDefined(typeof(PlannedDateAttribute), inherit: false))).Select(type => type.Name)
                .Order(StringComparer.Ordinal));
}
