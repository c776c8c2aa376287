using System.Net;
using MedCor.Contracts;
using MedCor.Contracts.Identity;

namespace MedCor.Tests.Services.Identity.SecondFactors;

public class ResetSecondFactorTests
{
    [Fact]
    public async Task An_administrator_of_the_hospital_resets_a_lost_factor_and_all_sessions_end()
    {
        var user = await TestUser.Create();
        var before = await user.LogIn();
        await TestAuthenticator.SetUp(user);
        var admin = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);

        Assert.True((await admin.Call<SecondFactorReset>("reset_second_factor", new { user_id = user.Id })).HadSecondFactor);

        Assert.Equal("AUTH_INVALID", (await TestUser.PostRefresh(before.RefreshToken)).Code);
        var after = await TestUser.PostLogIn(user.Email, user.Password);
        Assert.Equal(HttpStatusCode.OK, after.Status);
        Assert.False((await admin.Call<SecondFactorReset>("reset_second_factor", new { user_id = user.Id })).HadSecondFactor);
        Assert.Equal(HttpStatusCode.OK, (await TestUser.PostRefresh(after.Read<SessionTokens>().RefreshToken)).Status);
    }

    [Fact]
    public async Task The_user_is_informed_by_mail_of_a_new_factor_and_of_its_reset()
    {
        var user = await TestUser.Create();
        using var mailbox = await MailboxClient.Open();

        await TestAuthenticator.SetUp(user);
        await mailbox.WaitFor(user.Email, "Your second factors were changed");
        await (await ApiClient.LogInShared(TestUser.HospitalAdminEmail)).Call("reset_second_factor", new { user_id = user.Id });

        await Wait.Until(async () => (await mailbox.Read(user.Email)).Count(IsNotice) == 2, "a second mail");

        static bool IsNotice(SentMail mail) => mail.Subject.StartsWith("Your second factors were changed", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Administrators_of_another_hospital_and_other_users_reset_nothing_and_nobody_their_own()
    {
        var user = await TestUser.Create();
        await TestAuthenticator.SetUp(user);
        var (own, foreign) = (await ApiClient.LogInShared(TestUser.HospitalAdminEmail), await ApiClient.LogInShared(TestUser.OtherHospitalAdminEmail));

        Assert.Equal(ErrorCodes.ResourceNotFound, (await foreign.TryCall("reset_second_factor", new { user_id = user.Id })).Code);
        Assert.Equal(ErrorCodes.PermissionDenied, (await own.TryCall("reset_second_factor", new { user_id = own.Id })).Code);
        Assert.Equal(ErrorCodes.PermissionDenied,
            (await (await ApiClient.LogInShared("doctor@general.example")).TryCall("reset_second_factor", new { user_id = user.Id })).Code);

        Assert.Equal("AUTH_SECOND_FACTOR", (await TestUser.PostLogIn(user.Email, user.Password)).Code);
    }
}
