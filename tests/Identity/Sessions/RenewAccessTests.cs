using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Sessions;
using MedCor.ServiceDefaults.Access;
using MedCor.ServiceDefaults.Problems;
using MedCor.Tests.Clinical;
using MedCor.Tests.EndToEnd;
using MedCor.Tests.Gateway;
using Microsoft.IdentityModel.JsonWebTokens;
using Npgsql;

namespace MedCor.Tests.Identity.Sessions;

public sealed class RenewAccessTests
{
    [Fact]
    public async Task A_token_is_renewed_for_as_long_as_its_session_is_good_and_from_inside_alone()
    {
        var patient = await (await Ward.Open()).AsPatient();
        await using var identity = await OwnGateway.StartOf("identity");

        using var renewed = await identity.Post(patient, "/sessions/token", new { });
        var token = (string)(await renewed.Content.ReadFromJsonAsync<JsonNode>())!["token"]!;
        Assert.NotEqual(patient.AccessToken, token);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/mcp/tools/get_current_user") { Headers = { Authorization = new("Bearer", token) } };
        using var answer = await patient.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        using var atTheGateway = await patient.Http.PostAsync("/sessions/token", null);
        using var byNobody = await identity.Post(null, "/sessions/token", new { });
        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.Unauthorized), (atTheGateway.StatusCode, byNobody.StatusCode));

        // Nobody refreshed it in time: its token still counts, and is the last.
        await using (var database = await (await RunningHouse.Get()).Database("identity"))
        await using (var expire = new NpgsqlCommand("UPDATE refresh_tokens SET expires_at = now() WHERE session_id IN (SELECT id FROM sessions WHERE user_id = $1)", database) { Parameters = { new() { Value = patient.Id } } })
            await expire.ExecuteNonQueryAsync();
        using var late = await identity.Post(patient, "/sessions/token", new { });
        Assert.Equal(HttpStatusCode.Unauthorized, late.StatusCode);
        Assert.Equal(patient.Id.ToString(), (string?)(await patient.Do("get_current_user"))["id"]);
    }

    [Fact]
    public async Task Without_the_refresh_token_a_token_renews_itself_for_a_shift_and_no_longer()
    {
        await using var identity = await OwnIdentity.Open();
        var (session, refreshToken) = await identity.Begin();
        var begun = identity.Clock.Now;
        var caller = Holder(identity, session, begun, begun.AddHours(1));

        // As a stream does: a minute before each ends.
        identity.Clock.Now = caller.ExpiresAt.AddMinutes(-1);
        while (await Renewed(identity, caller) is { } next)
        {
            Assert.True(next.ExpiresAt > caller.ExpiresAt && next.ExpiresAt <= begun + SessionOptions.WithoutRefresh, $"{next.ExpiresAt} after {caller.ExpiresAt}");
            identity.Clock.Now = (caller = next).ExpiresAt.AddMinutes(-1);
        }
        Assert.Equal(begun + SessionOptions.WithoutRefresh, caller.ExpiresAt);

        // Refreshed in time it goes on, and its next end is counted from then.
        var refreshed = identity.Clock.Now;
        await identity.Do<RefreshSessionHandler, SessionTokens>(h => h.Handle(new(refreshToken), CancellationToken.None));
        var renewed = await Renewed(identity, caller);
        Assert.Equal(refreshed.AddHours(1), renewed!.ExpiresAt);
        identity.Clock.Now = refreshed + SessionOptions.WithoutRefresh - TimeSpan.FromMinutes(5);
        Assert.Equal(refreshed + SessionOptions.WithoutRefresh, (await Renewed(identity, Holder(identity, session, refreshed, identity.Clock.Now.AddMinutes(1))))!.ExpiresAt);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task No_token_outlives_its_session(bool byIdling)
    {
        await using var identity = await OwnIdentity.Open();
        var (session, refreshToken) = (new Session { UserId = identity.Admin.Id, StartedAt = identity.Clock.Now, EndsAt = identity.Clock.Now.AddMinutes(byIdling ? 600 : 30) }, RefreshToken.Make());
        await identity.Change(db =>
        {
            db.Add(session);
            db.Add(new RefreshToken { Hash = RefreshToken.HashOf(refreshToken), SessionId = session.Id, ExpiresAt = identity.Clock.Now.AddMinutes(30) });
        });
        var end = identity.Clock.Now.AddMinutes(30);

        Assert.Equal(end, (await Renewed(identity, Holder(identity, session, identity.Clock.Now, identity.Clock.Now.AddMinutes(5))))!.ExpiresAt);
        Assert.Null(await Renewed(identity, Holder(identity, session, identity.Clock.Now, end)));
        if (byIdling) return;
        var tokens = await identity.Do<RefreshSessionHandler, SessionTokens>(h => h.Handle(new(refreshToken), CancellationToken.None));
        Assert.Equal((end.UtcDateTime, 1800), (new JsonWebToken(tokens.AccessToken).ValidTo, tokens.ExpiresIn));
    }

    private static Caller Holder(OwnIdentity identity, Session session, DateTimeOffset issuedAt, DateTimeOffset expiresAt) =>
        new(identity.Admin.Id, identity.Admin.Email, Role.Admin, HospitalId: null, session.Id, issuedAt, expiresAt);

    /// <summary>Who somebody is by the next token; none when it is refused.</summary>
    private static async Task<Caller?> Renewed(OwnIdentity identity, Caller caller)
    {
        try
        {
            var token = new JsonWebToken((await identity.Do<RenewAccessHandler, AccessToken>(h => h.Handle(caller, CancellationToken.None))).Token);
            return caller with { IssuedAt = token.IssuedAt, ExpiresAt = token.ValidTo };
        }
        catch (Unauthenticated)
        {
            return null;
        }
    }
}
