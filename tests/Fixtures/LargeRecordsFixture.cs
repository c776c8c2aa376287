using MedCor.Contracts;
using MedCor.Contracts.Identity;

namespace MedCor.Tests.Fixtures;

/// <summary>Creates a hospital with a patient who has many large records.</summary>
internal static class LargeRecordsFixture
{
    private const string Password = "Korrekt-Pferd-7";

    /// <summary>Creates the hospital and returns its administrator.</summary>
    /// <param name="number">The number of records, each nearly of the maximum size.</param>
    public static async Task<ApiClient> Create(int number)
    {
        var (platform, opening) = (await ApiClient.LogInShared(TestUser.PlatformAdminEmail), ToolCatalogue.All["create_hospital"]);
        var opened = await platform.Post(opening, await new ParameterGenerator(opening).Generate([], Task.FromResult));
        var (hospital, email) = (opened.Read<Contracts.Hospital.Hospital>().Id, TestUser.NewEmail());
        await platform.Call("create_user", new { email, password = Password, first_name = "Ada", last_name = "Admin", role = "ADMIN", hospital_id = hospital });
        var patient = await platform.Call<User>("create_user",
            new { email = TestUser.NewEmail(), password = Password, first_name = "Paul", last_name = "Patient", role = "PATIENT", hospital_id = hospital });
        var admin = await ApiClient.LogIn(email, Password);
        var (text, attachments) = (new string('x', 9_900), Enumerable.Range(10, 40).Select(i => $"{i}{new string('x', 1_988)}"));
        for (var i = 0; i < number; i++)
            await admin.Call("create_medical_record",
                new
                {
                    patient_id = patient.Id,
                    title = $"Record {i}", record_type = "OTHER", description = text, diagnosis = text, symptoms = text, treatment_plan = text, attachments
                });
        return admin;
    }
}
