using MedCor.Identity.Accounts;
using MedCor.Identity.Hospitals;
using MedCor.Identity.Keys;
using MedCor.Identity.Sessions;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;

namespace MedCor.Tests.Unit.Identity;

public sealed class AccessTokenIssuerTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, 700, TimeSpan.Zero);
    private readonly AccessTokenIssuer _tokens = new(Options.Create(new TokenOptions()), Options.Create(new SessionOptions { AccessTokenSeconds = 900 }),
        new ManualTimeProvider { Now = Now });

    [Fact]
    public void A_token_says_who_where_and_how_long()
    {
        var (hospital, session) = (Guid.NewGuid(), Guid.NewGuid());
        var account = new Account { HospitalId = hospital, Email = "a@b.example", FirstName = "A", LastName = "B", Role = Role.Doctor };

        var token = Signed(account, session);

        Assert.Equal("ES256", token.Alg);
        Assert.Equal(account.Id.ToString(), token.GetClaim("user_id").Value);
        Assert.Equal(account.Id.ToString(), token.Subject);
        Assert.Equal("a@b.example", token.GetClaim("email").Value);
        Assert.Equal("DOCTOR", token.GetClaim("role").Value);
        Assert.Equal(hospital.ToString(), token.GetClaim("hospital_id").Value);
        Assert.Equal(session.ToString(), token.GetClaim("sid").Value);
        Assert.Equal(Now.ToUnixTimeMilliseconds(), token.GetPayloadValue<long>("auth_time_ms"));
        Assert.Equal(Now.ToUnixTimeSeconds(), token.GetPayloadValue<long>("auth_time"));
        Assert.False(token.TryGetPayloadValue<long>("step_up_age", out _));
        Assert.Equal(Now.AddHours(2).ToUnixTimeSeconds(), token.GetPayloadValue<long>("refreshed_at"));
        Assert.Equal((Now.ToUnixTimeSeconds(), Now.ToUnixTimeMilliseconds()), (token.GetPayloadValue<long>("iat"), token.GetPayloadValue<long>("iat_ms")));
        Assert.Equal("medcor", token.Issuer);
        Assert.Equal(["medcor"], token.Audiences);
        Assert.Equal(TimeSpan.FromSeconds(900), token.ValidTo - token.IssuedAt);
        Assert.NotEqual(token.Id, Signed(account, session).Id);
    }

    [Fact]
    public void A_platform_administrators_token_names_no_hospital()
    {
        var token = Signed(new Account { Email = "a@b.example", FirstName = "A", LastName = "B", Role = Role.Admin }, Guid.NewGuid());

        Assert.False(token.TryGetClaim("hospital_id", out _));
    }

    [Fact]
    public void A_token_issued_in_the_millisecond_of_a_revocation_counts_as_younger()
    {
        var late = Now.AddTicks(9);

        Assert.Equal(Now, AccessTokenIssuer.GetTime(late, null));
        Assert.Equal(Now, AccessTokenIssuer.GetTime(late, Now.AddMilliseconds(-1)));
        foreach (var revokedAt in new[] { Now, Now.AddTicks(5), Now.AddMilliseconds(20) })
            Assert.InRange(AccessTokenIssuer.GetTime(late, revokedAt) - revokedAt, TimeSpan.FromTicks(1), TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public void A_token_says_how_recent_a_login_the_hospital_requires()
    {
        var account = new Account { HospitalId = Guid.NewGuid(), Email = "a@b.example", FirstName = "A", LastName = "B", Role = Role.Admin };

        Assert.Equal(900, Signed(account, Guid.NewGuid(), stepUpMinutes: 15).GetPayloadValue<long>("step_up_age"));
    }

    [Fact]
    public void A_program_has_not_logged_in()
    {
        var account = new Account
        {
            HospitalId = Guid.NewGuid(), Email = "a@b.example", FirstName = "A", LastName = "B", Role = Role.Admin, ServiceScope = "people.read",
        };

        var token = Signed(account, Guid.NewGuid(), stepUpMinutes: 15);

        Assert.Equal(900, token.GetPayloadValue<long>("step_up_age"));
        foreach (var claim in (string[])["auth_time", "amr", "acr"]) Assert.False(token.TryGetClaim(claim, out _));
    }

    private JsonWebToken Signed(Account account, Guid session, int? stepUpMinutes = null)
    {
        var encryption = new KeyEncryption("a secret of at least 32 characters!");
        var key = SigningKey.Create(encryption, Now, Now);
        return new(new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(
            _tokens.CreateDescriptor(account, new Session { Id = session, UserId = account.Id, StartedAt = Now, EndsAt = Now.AddDays(1) },
                new SignInPolicy { HospitalId = Guid.Empty, AcceptsChosenPasswords = false, StepUpMinutes = stepUpMinutes },
                key.ToSigningCredentials(encryption), refreshedAt: Now.AddHours(2), Now.AddDays(1))));
    }
}
