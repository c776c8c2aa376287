using MedCor.ServiceDefaults.Demo;
using MedCor.Tests.EndToEnd;

namespace MedCor.Tests.Identity.Accounts;

public class ReadUsersTests
{
    private static readonly Guid General = DemoHouse.Hospitals[0].Id;
    private static readonly Guid Riverside = DemoHouse.Hospitals[1].Id;

    [Theory]
    [InlineData("admin@general.example")]
    [InlineData("doctor@general.example")]
    [InlineData("nurse@general.example")]
    public async Task Staff_see_the_users_of_their_hospital_alone(string who)
    {
        var client = await Client.Shared(who);

        var users = (await client.Do("list_users", new { limit = 100 }))["results"]!.AsArray();

        Assert.NotEmpty(users);
        Assert.All(users, u => Assert.Equal(General.ToString(), (string?)u!["hospital_id"]));
        Assert.Equal(0, (int)(await client.Do("list_users", new { hospital_id = Riverside }))["total"]!);
    }

    [Fact]
    public async Task The_platform_sees_every_hospital_and_can_pick_one()
    {
        var platform = await Client.Shared(Somebody.Platform);

        foreach (var hospital in new[] { General, Riverside })
        {
            var users = (await platform.Do("list_users", new { hospital_id = hospital, limit = 100 }))["results"]!.AsArray();
            Assert.NotEmpty(users);
            Assert.All(users, u => Assert.Equal(hospital.ToString(), (string?)u!["hospital_id"]));
        }
    }

    [Theory]
    [InlineData("list_users")]
    [InlineData("list_patients")]
    public async Task A_patient_sees_themselves_alone(string list)
    {
        var patient = await Client.Shared("patient@general.example");

        var seen = (await patient.Do(list))["results"]!.AsArray();

        Assert.Equal([patient.Id.ToString()], seen.Select(u => (string?)u!["id"]));
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
    public async Task Somebody_of_another_hospital_is_told_from_nobody_by_nothing(string who, string tool, string parameter)
    {
        var client = await Client.Shared(who);
        var theirs = tool.Contains("doctor", StringComparison.Ordinal) ? DemoHouse.Hospitals[1].Doctors[0].Person.Id : DemoHouse.Hospitals[1].Patients[0].Id;

        var foreign = await client.Call(tool, new Dictionary<string, object> { [parameter] = theirs });
        var nobody = await client.Call(tool, new Dictionary<string, object> { [parameter] = Guid.NewGuid() });

        Assert.Equal("RESOURCE_NOT_FOUND", foreign.Code);
        Assert.Equal((nobody.Status, nobody.Code, (string?)nobody.Body["error"]!["message"]), (foreign.Status, foreign.Code, (string?)foreign.Body["error"]!["message"]));
    }

    [Fact]
    public async Task Another_patient_is_nobody_to_a_patient()
    {
        var patient = await Client.Shared("patient@general.example");

        Assert.Equal("RESOURCE_NOT_FOUND", (await patient.Call("get_patient", new { patient_id = DemoHouse.Hospitals[0].Patients[1].Id })).Code);
        Assert.Equal("RESOURCE_NOT_FOUND", (await patient.Call("get_user", new { user_id = DemoHouse.Hospitals[0].Nurse.Id })).Code);
    }

    [Fact]
    public async Task A_doctor_is_no_patient_and_a_patient_no_doctor()
    {
        var admin = await Client.Shared(Somebody.Admin);

        Assert.Equal("RESOURCE_NOT_FOUND", (await admin.Call("get_patient", new { patient_id = DemoHouse.Hospitals[0].Doctors[0].Person.Id })).Code);
        Assert.Equal("RESOURCE_NOT_FOUND", (await admin.Call("get_doctor_details", new { doctor_id = DemoHouse.Hospitals[0].Patients[0].Id })).Code);
    }

    [Fact]
    public async Task Everybody_can_ask_who_they_are()
    {
        foreach (var who in new[] { "admin@medcor.example", "doctor@riverside.example", "patient@riverside.example" })
            Assert.Equal(who, (string?)(await (await Client.Shared(who)).Do("get_current_user"))["email"]);
    }

    [Fact]
    public async Task Lists_filter_search_sort_and_page()
    {
        var admin = await Client.Shared(Somebody.Admin);
        var somebody = await Somebody.New("NURSE");
        await admin.Do("delete_user", new { user_id = somebody.Id });

        Assert.Equal(somebody.Email, (string?)(await admin.Do("list_users", new { search = somebody.Email }))["results"]![0]!["email"]);
        Assert.Equal(0, (int)(await admin.Do("list_users", new { search = somebody.Email, is_active = true }))["total"]!);
        Assert.Equal(0, (int)(await admin.Do("list_users", new { search = somebody.Email, role = "DOCTOR" }))["total"]!);
        Assert.Equal(0, (int)(await admin.Do("list_users", new { search = "%exa" }))["total"]!);
        Assert.Equal(0, (int)(await admin.Do("list_users", new { search = $"% {somebody.Email}" }))["total"]!);

        var page = await admin.Do("list_users", new { limit = 2, page = 2, sort = "-email" });
        Assert.Equal((2, 2, true), (page["results"]!.AsArray().Count, (int)page["page"]!, (bool)page["has_more"]!));
        Assert.NotNull((await admin.Call("list_users", new { sort = "password_hash" })).Details!["sort"]);
    }
}
