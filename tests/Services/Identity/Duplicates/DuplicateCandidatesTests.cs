using MedCor.Contracts;
using MedCor.Contracts.Identity;

namespace MedCor.Tests.Services.Identity.Duplicates;

public class DuplicateCandidatesTests
{
    [Fact]
    public async Task A_patient_who_is_registered_again_is_listed_with_the_reasons_until_the_data_differ()
    {
        var clinic = await ClinicFixture.OpenHospital("Europe/Berlin");
        var first = await Register(clinic.Admin, "Miriam", "Schubert", "1984-05-17", "+49 30 5550112");
        var second = await Register(clinic.Admin, "Schubret", "Miriam", "1984-05-17", "030 5550112");

        DuplicateCandidate? found = null;
        await Wait.Until(async () => (found = (await List(clinic.Admin)).SingleOrDefault()) is not null, "the pair is listed");

        Assert.Equal((first, second), (found!.First.PatientId, found.Second.PatientId));
        Assert.Equal(
            [DuplicateReason.SwappedName, DuplicateReason.SimilarName, DuplicateReason.SameDateOfBirth, DuplicateReason.SamePhoneNumber], found.Reasons);
        Assert.InRange(found.Score, 50, 100);

        await clinic.Admin.Call("update_user", new { user_id = second, first_name = "Wagner", last_name = "Petra", date_of_birth = "1999-01-01" });
        await Wait.Until(async () => (await List(clinic.Admin)).Length == 0, "the pair is listed no more");
    }

    [Fact]
    public async Task Another_hospital_sees_none_of_the_pairs()
    {
        var (clinic, other) = (await ClinicFixture.OpenHospital("Europe/Berlin"), await ClinicFixture.OpenHospital("Europe/Berlin"));
        foreach (var admin in new[] { clinic.Admin, clinic.Admin, other.Admin }) await Register(admin, "Miriam", "Schubert", "1984-05-17", "+49 30 5550112");

        await Wait.Until(async () => (await List(clinic.Admin)).Length == 1, "the pair is listed");

        Assert.Empty(await List(other.Admin));
    }

    [Theory]
    [InlineData("doctor@general.example")]
    [InlineData("nurse@general.example")]
    [InlineData("patient@general.example")]
    [InlineData("admin@medcor.example")]
    public async Task Only_administrators_and_receptionists_list_pairs(string who)
    {
        var client = await ApiClient.LogInShared(who);

        Assert.Equal(ErrorCodes.PermissionDenied, (await client.TryCall("list_duplicate_candidates")).Code);
        await (await ApiClient.LogInShared("receptionist@general.example")).Call("list_duplicate_candidates", new { min_score = 90 });
    }

    private static async Task<Guid> Register(ApiClient admin, string first, string last, string born, string phone) =>
        (await admin.Call<User>("create_user", new
        {
            email = TestUser.NewEmail(), first_name = first, last_name = last, role = "PATIENT", date_of_birth = born, phone_number = phone,
        })).Id;

    private static async Task<DuplicateCandidate[]> List(ApiClient admin) =>
        [.. (await admin.Call<Page<DuplicateCandidate>>("list_duplicate_candidates")).Results];
}
