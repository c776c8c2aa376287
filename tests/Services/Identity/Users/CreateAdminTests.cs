using MedCor.Contracts.Identity;

namespace MedCor.Tests.Services.Identity.Users;

public class CreateAdminTests
{
    private const string Password = "a sentence that nobody else knows";

    [Fact]
    public async Task An_operator_makes_an_administrator_of_the_platform_who_may_then_log_in()
    {
        var system = await MedCorFixture.Get();
        var email = TestUser.NewEmail();

        var (exitCode, said) = await system.RunOperatorCommand(["identity", "create-admin", email, "Grace", "Hopper"], input: Password);

        Assert.True(exitCode == 0, said);
        Assert.DoesNotContain(Password, said, StringComparison.Ordinal);
        var user = await (await ApiClient.LogIn(email, Password)).Call<User>("get_current_user");
        Assert.Equal((Role.Admin, null, "Grace"), (user.Role, user.HospitalId, user.FirstName));

        // The rules of create_user apply, and each error names its field.
        var (again, taken) = await system.RunOperatorCommand(["identity", "create-admin", email, "Grace", "Hopper"], input: Password);
        Assert.Equal(1, again);
        Assert.Contains("e-mail", taken, StringComparison.Ordinal);
        var (refused, wrong) = await system.RunOperatorCommand(["identity", "create-admin", "nobody", "Grace", ""], input: "short");
        Assert.Equal(1, refused);
        foreach (var field in (string[])["email", "password", "last_name"]) Assert.Contains($"  {field}: ", wrong, StringComparison.Ordinal);
    }
}
