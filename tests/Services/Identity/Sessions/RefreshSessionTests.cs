using System.Net;
using MedCor.Contracts.Identity;
using MedCor.Identity;
using MedCor.Identity.Sessions;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Tests.Services.Identity.Sessions;

public class RefreshSessionTests
{
    [Fact]
    public async Task A_refresh_gives_new_tokens_of_the_same_session()
    {
        var client = await (await TestUser.Create()).LogIn();

        var answer = await TestUser.PostRefresh(client.RefreshToken);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        var tokens = answer.Read<SessionTokens>();
        Assert.NotEqual(client.RefreshToken, tokens.RefreshToken);
        Assert.Equal(client.Id, tokens.User.Id);
        Assert.Equal(HttpStatusCode.OK, (await TestUser.PostRefresh(tokens.RefreshToken)).Status);
    }

    [Fact]
    public async Task Reuse_of_a_spent_token_ends_the_whole_family()
    {
        var client = await (await TestUser.Create()).LogIn();
        var next = await TestUser.PostRefresh(client.RefreshToken);

        var reuse = await TestUser.PostRefresh(client.RefreshToken);

        Assert.Equal("AUTH_INVALID", reuse.Code);
        Assert.Equal("AUTH_INVALID", (await TestUser.PostRefresh(next.Read<SessionTokens>().RefreshToken)).Code);
        await Wait.Until(async () => (await client.TryCall("get_current_user")).Code == "AUTH_INVALID", "the access token stops", TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Of_eight_refreshes_at_once_one_succeeds_and_none_of_its_tokens_stays_valid()
    {
        var somebody = await TestUser.Create();
        for (var round = 0; round < 10; round++)
        {
            var client = await somebody.LogIn();

            var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => TestUser.PostRefresh(client.RefreshToken)));

            var won = Assert.Single(answers, a => a.Status == HttpStatusCode.OK);
            Assert.All(answers.Where(a => a != won), a => Assert.Equal("AUTH_INVALID", a.Code));
            var tokens = won.Read<SessionTokens>();
            Assert.Equal("AUTH_INVALID", (await TestUser.PostRefresh(tokens.RefreshToken)).Code);
            using var winner = new HttpClient { BaseAddress = client.Http.BaseAddress };
            winner.DefaultRequestHeaders.Authorization = new("Bearer", tokens.AccessToken);
            var access = new ApiClient(winner, tokens.AccessToken, tokens.RefreshToken, client.Id, client.HospitalId);
            await Wait.Until(async () => (await access.TryCall("get_current_user")).Code == "AUTH_INVALID", "the access token stops", TimeSpan.FromSeconds(5));
        }
    }

    [Fact]
    public async Task Another_session_of_the_same_user_goes_on()
    {
        var somebody = await TestUser.Create();
        var (stolen, other) = (await somebody.LogIn(), await somebody.LogIn());
        await TestUser.PostRefresh(stolen.RefreshToken);
        await TestUser.PostRefresh(stolen.RefreshToken);

        await Wait.Until(async () => (await stolen.TryCall("get_current_user")).Code == "AUTH_INVALID", "the access token stops", TimeSpan.FromSeconds(5));

        Assert.Equal(HttpStatusCode.OK, (await TestUser.PostRefresh(other.RefreshToken)).Status);
        await other.Call("get_current_user");
    }

    [Fact]
    public async Task More_at_once_than_there_are_connections_wait_for_the_key_and_for_each_other_and_are_not_refused()
    {
        const int Connections = 3;
        await using var identity = await IdentityFixture.Create(Connections);
        var tokens = await Task.WhenAll(Enumerable.Range(0, 4 * Connections).Select(async _ => (await identity.StartSession()).RefreshToken));

        // The database is empty, so the first refresh must create the signing key, over a connection of its own.
        var answers = await Task.WhenAll(
            tokens.Select(token => identity.Execute<RefreshSessionHandler, SessionTokens>(h => h.HandleAsync(new(token), CancellationToken.None))));

        Assert.Equal(tokens.Length, answers.Select(a => a.AccessToken).Distinct().Count());
    }

    /// <summary>Every process remembers each revocation.</summary>
    [Fact]
    public async Task More_sessions_of_one_login_than_are_ended_one_by_one_end_with_all_of_their_users()
    {
        await using var identity = await IdentityFixture.Create();
        var (origin, _) = await identity.StartSession();
        await identity.Write(db => db.AddRange(Enumerable.Range(0, 100).Select(_ =>
            new Session { UserId = identity.Admin.Id, StartedAt = origin.StartedAt, EndsAt = origin.EndsAt, OriginId = origin.Id })));

        await identity.Execute(async (IdentityDb _, SessionManager sessions) =>
        {
            await sessions.EndInTransactionAsync(origin.Id, CancellationToken.None);
            return true;
        });

        Assert.Equal([identity.Admin.Id],
            await identity.Execute((IdentityDb db, SessionManager _) => db.Revocations.Select(r => r.RevokedId).ToListAsync()));
        Assert.Equal(0, await identity.Execute((IdentityDb db, SessionManager _) => db.Sessions.CountAsync(s => s.RevokedAt == null)));
    }

    [Theory]
    [InlineData("never-given-out")]
    [InlineData("'; DROP TABLE sessions; --")]
    public async Task An_unknown_token_is_refused(string token) => Assert.Equal("AUTH_INVALID", (await TestUser.PostRefresh(token)).Code);

    [Fact]
    public async Task A_missing_token_is_named() => Assert.NotNull((await TestUser.Post("/api/auth/refresh/", new { })).Details!["refresh_token"]);
}
