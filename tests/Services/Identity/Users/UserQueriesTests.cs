using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.DemoData;

namespace MedCor.Tests.Services.Identity.Users;

public class UserQueriesTests
{
    private static readonly Guid General = DemoTenants.Hospitals[0].Id;
    private static readonly Guid Riverside = DemoTenants.Hospitals[1].Id;

    [Theory]
    [InlineData("admin@general.example")]
    [InlineData("doctor@general.example")]
    [InlineData("nurse@general.example")]
    public async Task Staff_see_the_users_of_their_hospital_alone(string who)
    {
        var client = await ApiClient.LogInShared(who);

        var users = (await client.Call<Page<User>>("list_users", new { limit = 100 })).Results;

        Assert.NotEmpty(users);
        Assert.All(users, u => Assert.Equal(General, u.HospitalId));
        Assert.Equal("RESOURCE_NOT_FOUND", (await client.TryCall("list_users", new { hospital_id = Riverside })).Code);
    }

    [Fact]
    public async Task The_platform_sees_every_hospital_and_can_pick_one()
    {
        var platform = await ApiClient.LogInShared(TestUser.PlatformAdminEmail);

        foreach (var hospital in new[] { General, Riverside })
        {
            var users = (await platform.Call<Page<User>>("list_users", new { hospital_id = hospital, limit = 100 })).Results;
            Assert.NotEmpty(users);
            Assert.All(users, u => Assert.Equal(hospital, u.HospitalId));
        }
    }

    [Theory]
    [InlineData("list_users")]
    [InlineData("list_patients")]
    public async Task A_patient_sees_themselves_alone(string list)
    {
        var patient = await ApiClient.LogInShared("patient@general.example");

        var seen = (await patient.Call(list))["results"]!.AsArray();

        Assert.Equal([patient.Id], seen.Select(u => (Guid)u!["id"]!));
    }

    [Theory]
    [InlineData("patient@general.example", "get_user", "user_id")]
    [InlineData("patient@general.example", "get_patient", "patient_id")]
    [InlineData("doctor@general.example", "get_user", "user_id")]
    [InlineData("nurse@general.example", "get_patient", "patient_id")]
    [InlineData("admin@general.example", "get_user", "user_id")]
    [InlineData("admin@general.example", "delete_user", "user_id")]
    [InlineData("admin@general.example", "update_user", "user_id")]
    [InlineData("doctor@general.example", "update_user", "user_id")]
    [InlineData("doctor@general.example", "get_doctor_details", "doctor_id")]
    [InlineData("patient@general.example", "get_doctor_details", "doctor_id")]
    public async Task A_user_of_another_hospital_is_indistinguishable_from_a_missing_one(string who, string tool, string parameter)
    {
        var client = await ApiClient.LogInShared(who);
        var theirs = tool.Contains("doctor", StringComparison.Ordinal)
            ? DemoTenants.Hospitals[1].Doctors[0].Person.Id
            : DemoTenants.Hospitals[1].Patients[0].Id;

        var foreign = await client.TryCall(tool, new Dictionary<string, object> { [parameter] = theirs });
        var nobody = await client.TryCall(tool, new Dictionary<string, object> { [parameter] = Guid.NewGuid() });

        Assert.Equal("RESOURCE_NOT_FOUND", foreign.Code);
        Assert.Equal((nobody.Status, nobody.Code, nobody.Error.Message), (foreign.Status, foreign.Code, foreign.Error.Message));
    }

    [Fact]
    public async Task A_patient_cannot_find_other_patients()
    {
        var patient = await ApiClient.LogInShared("patient@general.example");

        Assert.Equal("RESOURCE_NOT_FOUND", (await patient.TryCall("get_patient", new { patient_id = DemoTenants.Hospitals[0].Patients[1].Id })).Code);
        Assert.Equal("RESOURCE_NOT_FOUND", (await patient.TryCall("get_user", new { user_id = DemoTenants.Hospitals[0].Nurse.Id })).Code);
    }

    [Fact]
    public async Task A_doctor_is_no_patient_and_a_patient_no_doctor()
    {
        var admin = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);

        Assert.Equal("RESOURCE_NOT_FOUND", (await admin.TryCall("get_patient", new { patient_id = DemoTenants.Hospitals[0].Doctors[0].Person.Id })).Code);
        Assert.Equal("RESOURCE_NOT_FOUND", (await admin.TryCall("get_doctor_details", new { doctor_id = DemoTenants.Hospitals[0].Patients[0].Id })).Code);
    }

    [Fact]
    public async Task Every_caller_can_read_themselves()
    {
        foreach (var who in new[] { "admin@medcor.example", "doctor@riverside.example", "patient@riverside.example" })
            Assert.Equal(who, (await (await ApiClient.LogInShared(who)).Call<User>("get_current_user")).Email);
    }

    [Fact]
    public async Task Lists_filter_search_sort_and_page()
    {
        var admin = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);
        var somebody = await TestUser.Create("NURSE");
        await admin.Call("delete_user", new { user_id = somebody.Id });

        Assert.Equal(somebody.Email, (await admin.Call<Page<User>>("list_users", new { search = somebody.Email })).Results[0].Email);
        Assert.Equal(0, (await admin.Call<Page<User>>("list_users", new { search = somebody.Email, is_active = true })).Total);
        Assert.Equal(0, (await admin.Call<Page<User>>("list_users", new { search = somebody.Email, role = "DOCTOR" })).Total);
        Assert.Equal(0, (await admin.Call<Page<User>>("list_users", new { search = "%exa" })).Total);
        Assert.Equal(0, (await admin.Call<Page<User>>("list_users", new { search = $"% {somebody.Email}" })).Total);

        var page = await admin.Call<Page<User>>("list_users", new { limit = 2, page = 2, sort = "-email" });
        Assert.Equal((2, 2, true), (page.Results.Count, page.Number, page.HasMore));
        Assert.NotNull((await admin.TryCall("list_users", new { sort = "password_hash" })).Details!["sort"]);
    }
}
