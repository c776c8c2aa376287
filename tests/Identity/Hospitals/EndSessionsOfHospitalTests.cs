using MedCor.Tests.EndToEnd;
using MedCor.Tests.Identity.Accounts;

namespace MedCor.Tests.Identity.Hospitals;

public class EndSessionsOfHospitalTests
{
    [Fact]
    public async Task When_a_hospital_goes_out_of_use_its_people_are_out_and_others_are_not()
    {
        var platform = await Client.As(Somebody.Platform);
        var hospital = await CreateUserTests.NewHospital(platform);
        var (email, password) = (Somebody.NewEmail(), "Korrekt-Pferd-7");
        await platform.Do("create_user", new { email, password, first_name = "Robin", last_name = "Testperson", role = "NURSE", hospital_id = (string?)hospital["id"] });
        var (theirs, other) = (await Client.As(email, password), await Client.As("nurse@general.example"));
        await theirs.Do("get_current_user");

        await platform.Do("delete_hospital", new { hospital_id = (string?)hospital["id"] });

        await Wait.Until(async () => (await theirs.Call("get_current_user")).Code == "AUTH_INVALID", "the token stops", TimeSpan.FromSeconds(10));
        Assert.Equal("AUTH_INVALID", (await Somebody.Refresh(theirs.RefreshToken)).Code);
        Assert.Equal("AUTH_INVALID", (await Somebody.TryLogIn(email, password)).Code);
        await other.Do("get_current_user");
    }
}
