using Microsoft.IdentityModel.JsonWebTokens;

namespace MedCor.Tests.Services.Identity.Sessions;

public class AccessTokenIssuerTests
{
    [Fact]
    public async Task The_logins_answer_tells_the_lifetime_that_the_token_has()
    {
        var answer = await TestUser.PostLogIn(TestUser.HospitalAdminEmail, "Demo-Medcor-2026");
        var token = new JsonWebToken((string)answer.Body["access_token"]!);

        Assert.Equal("Bearer", (string?)answer.Body["token_type"]);
        Assert.Equal((int)answer.Body["expires_in"]!, (token.ValidTo - token.IssuedAt).TotalSeconds);
        Assert.Equal("ADMIN", token.GetClaim("role").Value);
        Assert.Equal(token.Subject, (string?)answer.Body["user"]!["id"]);
    }
}
