using System.Net;
using MedCor.Contracts;
using MedCor.Contracts.Identity;

namespace MedCor.Tests.Services.Identity.Patients;

public class FindPatientsTests
{
    private static readonly Lazy<Task<ClinicFixture>> Hospital = new(Open);

    /// <summary>Opens a hospital whose patients no other test adds to.</summary>
    private static async Task<ClinicFixture> Open()
    {
        var clinic = await ClinicFixture.OpenHospital("Europe/Berlin");
        (string First, string Last, string? Born, string? Phone)[] people =
        [
            ("Anna-Maria", "Schubert", "1984-05-17", "+49 30 5550112"), ("Jörg", "Schäfer", "1970-01-02", "030 5550113 ext 4"),
            ("Siobhán", "O'Brien", "1970-01-02", null), ("Mehmet", "Yılmaz", null, "+49 (0)89 777 4321"), ("Anna", "Wagner", "1990-12-31", null),
        ];
        foreach (var (first, last, born, phone) in people)
            await clinic.Admin.Call("create_user", new
            {
                email = TestUser.NewEmail(), first_name = first, last_name = last, role = "PATIENT", mrn = $"MRN-{last}", date_of_birth = born,
                phone_number = phone,
            });
        return clinic;
    }

    [Theory]
    [InlineData("schubert", "Schubert")]
    [InlineData("SCHU", "Schubert")]
    [InlineData("sch", "Schäfer Schubert")]
    [InlineData("maria schub", "Schubert")]
    [InlineData("Schubert, Anna", "Schubert")]
    [InlineData("schub an", "Schubert")]
    [InlineData("anna maria schubert", "Schubert")]
    [InlineData("schafer", "Schäfer")]
    [InlineData("jorg", "Schäfer")]
    [InlineData("obrien", "O'Brien")]
    [InlineData("o'br", "O'Brien")]
    [InlineData("anna", "Schubert Wagner")]
    [InlineData("anna w", "Wagner")]
    [InlineData("nobody", "")]
    [InlineData("%", "")]
    [InlineData("anna nobody", "")]
    public async Task Names_are_found_by_beginnings_in_any_order_and_without_accents(string search, string expected) =>
        Assert.Equal(expected, await Find(new { search }));

    [Theory]
    [InlineData("shubert", "Schubert")]
    [InlineData("schubbert", "Schubert")]
    [InlineData("schubret", "Schubert")]
    [InlineData("Zchubert", "Schubert")]
    [InlineData("wagmer anna", "Wagner")]
    [InlineData("Ana Wagner", "Wagner")]
    [InlineData("wagmer a", "Wagner")]
    public async Task Names_with_a_typing_error_are_found_when_nobody_is_called_so(string search, string expected)
    {
        // The words that patients are called are collected a moment after they are registered.
        await Wait.Until(async () => await Find(new { search }) == expected, $"{search} finds {expected}");
    }

    [Theory]
    [InlineData("+49 30 5550112", "Schubert")]
    [InlineData("0305550112", "Schubert")]
    [InlineData("555-0112", "Schubert")]
    [InlineData("004930/5550113", "Schäfer")]
    [InlineData("+49 89 7774321", "Yılmaz")]
    [InlineData("+49 40 5550112", "")]
    [InlineData("4321", "Yılmaz")]
    public async Task A_phone_number_is_found_in_any_form(string phone_number, string expected) => Assert.Equal(expected, await Find(new { phone_number }));

    [Fact]
    public async Task All_criteria_apply()
    {
        Assert.Equal("Schubert", await Find(new { mrn = "mrn-schubert" }));
        Assert.Equal("", await Find(new { mrn = "MRN-" }));
        Assert.Equal("O'Brien Schäfer", await Find(new { date_of_birth = "1970-01-02" }));
        Assert.Equal("Schäfer", await Find(new { date_of_birth = "1970-01-02", search = "scha" }));
        Assert.Equal("Schäfer", await Find(new { date_of_birth = "1970-01-02", phone_number = "5550113" }));
        Assert.Equal("", await Find(new { date_of_birth = "1970-01-02", mrn = "mrn-schubert" }));
        await Wait.Until(async () => await Find(new { date_of_birth = "1970-01-02", search = "schaffer jorg" }) == "Schäfer", "a typing error is found");
    }

    [Fact]
    public async Task Patients_are_listed_page_by_page_as_in_other_lists()
    {
        var admin = (await Hospital.Value).Admin;

        var first = await admin.Call<Page<Patient>>("find_patients", new { search = "sch", limit = 1, sort = "-last_name" });
        var second = await admin.Call<Page<Patient>>("find_patients", new { search = "sch", limit = 1, page = 2, sort = "-last_name" });

        Assert.Equal(("Schubert", 2L, true), (first.Results.Single().LastName, first.Total, first.HasMore));
        Assert.Equal(("Schäfer", false), (second.Results.Single().LastName, second.HasMore));
    }

    [Fact]
    public async Task Patients_of_another_hospital_are_not_found()
    {
        await Hospital.Value;
        var other = await ApiClient.LogInShared(TestUser.OtherHospitalAdminEmail);

        Assert.Empty((await other.Call<Page<Patient>>("find_patients", new { mrn = "MRN-Schubert" })).Results);
        Assert.Empty((await other.Call<Page<Patient>>("find_patients", new { phone_number = "+49 89 7774321" })).Results);
    }

    [Theory]
    [InlineData("patient@general.example")]
    [InlineData("admin@medcor.example")]
    public async Task Only_the_staff_of_a_hospital_find_patients(string who)
    {
        var answer = await (await ApiClient.LogInShared(who)).TryCall("find_patients", new { search = "a" });

        Assert.Equal((HttpStatusCode.Forbidden, ErrorCodes.PermissionDenied), (answer.Status, answer.Code));
    }

    private static async Task<string> Find(object parameters) =>
        string.Join(' ', (await (await Hospital.Value).Admin.Call<Page<Patient>>("find_patients", parameters)).Results.Select(p => p.LastName));
}
