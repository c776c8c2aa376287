using MedCor.Tests.Services.Identity.Users;

namespace MedCor.Tests.Services.Identity.Sessions;

public class EndSessionsOfHospitalTests
{
    [Fact]
    public async Task Deactivating_a_hospital_ends_the_sessions_of_its_users_and_no_others()
    {
        var platform = await ApiClient.LogInShared(TestUser.PlatformAdminEmail);
        var hospital = await CreateUserTests.NewHospital(platform);
        var (email, password) = (TestUser.NewEmail(), "Korrekt-Pferd-7");
        await platform.Call("create_user",
            new { email, password, first_name = "Robin", last_name = "Testperson", role = "NURSE", hospital_id = hospital.Id });
        var (theirs, other) = (await ApiClient.LogIn(email, password), await ApiClient.LogInShared("nurse@general.example"));
        await theirs.Call("get_current_user");

        await platform.Call("delete_hospital", new { hospital_id = hospital.Id });

        await Wait.Until(async () => (await theirs.TryCall("get_current_user")).Code == "AUTH_INVALID", "the token stops", TimeSpan.FromSeconds(10));
        Assert.Equal("AUTH_INVALID", (await TestUser.PostRefresh(theirs.RefreshToken)).Code);
        Assert.Equal("AUTH_INVALID", (await TestUser.PostLogIn(email, password)).Code);
        await other.Call("get_current_user");
    }
}
