using MedCor.Tests.Services.Identity.Users;

namespace MedCor.Tests.Services.Identity.Sessions;

public class EndSessionsOfHospitalTests
{
    [Fact]
    public async Task Deactivating_a_hospital_ends_the_sessions_of_its_users_and_no_others()
    {
        var platform = await ApiClient.LogInShared(TestUser.PlatformAdminEmail);
        var hospital = await CreateUserTests.NewHospital(platform);
        var nurse = await TestUser.Create(await TestUser.LogInNewAdmin(hospital.Id), "NURSE");
        var (theirs, other) = (await nurse.LogIn(), await ApiClient.LogInShared("nurse@general.example"));
        await theirs.Call("get_current_user");

        await platform.Call("delete_hospital", new { hospital_id = hospital.Id });

        await Wait.Until(async () => (await theirs.TryCall("get_current_user")).Code == "AUTH_INVALID", "the token stops", TimeSpan.FromSeconds(10));
        Assert.Equal("AUTH_INVALID", (await TestUser.PostRefresh(theirs.RefreshToken)).Code);
        Assert.Equal("AUTH_INVALID", (await TestUser.PostLogIn(nurse.Email, nurse.Password)).Code);
        await other.Call("get_current_user");
    }
}
