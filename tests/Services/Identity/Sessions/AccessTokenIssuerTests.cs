using MedCor.Contracts.Identity;
using MedCor.Identity;
using MedCor.Identity.Sessions;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.JsonWebTokens;

namespace MedCor.Tests.Services.Identity.Sessions;

public class AccessTokenIssuerTests
{
    [Fact]
    public async Task The_logins_answer_tells_the_lifetime_that_the_token_has()
    {
        var answer = await TestUser.PostLogIn(TestUser.HospitalAdminEmail, "Demo-Medcor-2026");
        var token = new JsonWebToken(answer.Body.AccessToken());

        Assert.Equal("Bearer", (string?)answer.Body["token_type"]);
        Assert.Equal((int)answer.Body["expires_in"]!, (token.ValidTo - token.IssuedAt).TotalSeconds);
        Assert.Equal("ADMIN", token.GetClaim("role").Value);
        Assert.Equal(token.Subject, (string?)answer.Body["user"]!["id"]);
    }

    [Fact]
    public async Task A_token_that_is_issued_between_two_revocations_within_a_millisecond_is_revoked_by_the_second_one()
    {
        await using var identity = await IdentityFixture.Create();

        var first = await Revoke(identity);
        var issuedAt = AccessTokenIssuer.GetTime(identity.Clock.Now, first);
        var second = await Revoke(identity);

        Assert.True(first < issuedAt && issuedAt <= second, $"{first:O}, {issuedAt:O}, {second:O}");
        Assert.True(second < AccessTokenIssuer.GetTime(identity.Clock.Now, second));
    }

    [Fact]
    public async Task After_a_hundred_revocations_in_a_row_the_user_can_log_in_and_use_the_pages()
    {
        var somebody = await TestUser.Create();
        using var browser = await PageBrowser.Open();
        var page = await browser.LogIn(somebody.Email, somebody.Password);
        for (var revocation = 0; revocation < 100; revocation++) page = await browser.Post(page, "EndAll");

        Assert.Equal("/oauth/account", page.Path);
        Assert.Equal(somebody.Id, (await (await somebody.LogIn()).Call<User>("get_current_user")).Id);
        using var other = await PageBrowser.Open();
        Assert.Equal("/oauth/account", (await other.LogIn(somebody.Email, somebody.Password)).Path);
    }

    /// <summary>Ends all sessions of the administrator and returns until when tokens are revoked.</summary>
    private static Task<DateTimeOffset> Revoke(IdentityFixture identity) => identity.Execute(async (IdentityDb db, SessionManager sessions) =>
    {
        await using var transaction = await db.Database.BeginTransactionAsync();
        await sessions.EndAllOfUserAsync(identity.Admin.Id, CancellationToken.None);
        await transaction.CommitAsync();
        return await db.Revocations.Where(r => r.RevokedId == identity.Admin.Id).MaxAsync(r => r.RevokedAt);
    });
}
