using System.Net;
using System.Net.Http.Json;
using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Sessions;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.IdentityModel.JsonWebTokens;
using Npgsql;

namespace MedCor.Tests.Services.Identity.Sessions;

public sealed class RenewAccessTests
{
    [Fact]
    public async Task A_token_is_renewed_for_as_long_as_its_session_is_good_and_from_inside_alone()
    {
        var patient = await (await ClinicFixture.Open()).LogInPatient();
        await using var identity = await ServiceProcess.StartService("identity");

        using var renewed = await identity.Post(patient, "/sessions/token", new { });
        var token = (await renewed.Content.ReadFromJsonAsync<AccessToken>(Json.Options))!.Token;
        Assert.NotEqual(patient.AccessToken, token);
        Assert.Equal(RefreshedAt(patient.AccessToken), RefreshedAt(token));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/mcp/tools/get_current_user") { Headers = { Authorization = new("Bearer", token) } };
        using var answer = await patient.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        using var atTheGateway = await patient.Http.PostAsync("/sessions/token", null);
        using var byNobody = await identity.Post(null, "/sessions/token", new { });
        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.Unauthorized), (atTheGateway.StatusCode, byNobody.StatusCode));

        // The session was not refreshed in time: its access token is still valid, and is the last one.
        await using (var database = await (await MedCorFixture.Get()).OpenDatabase("identity"))
        await using (var expire = new NpgsqlCommand(
            "UPDATE refresh_tokens SET expires_at = now() WHERE session_id IN (SELECT id FROM sessions WHERE user_id = $1)", database)
        {
            Parameters = { new() { Value = patient.Id } },
        })
            await expire.ExecuteNonQueryAsync();
        using var late = await identity.Post(patient, "/sessions/token", new { });
        Assert.Equal(HttpStatusCode.Unauthorized, late.StatusCode);
        Assert.Equal(patient.Id, (await patient.Call<User>("get_current_user")).Id);

        static long RefreshedAt(string token) => new JsonWebToken(token).GetPayloadValue<long>("refreshed_at");
    }

    [Fact]
    public async Task Without_the_refresh_token_a_token_renews_itself_for_a_shift_and_no_longer()
    {
        await using var identity = await IdentityFixture.Create();
        var (session, refreshToken) = await identity.StartSession();
        var begun = identity.Clock.Now;

        Assert.Equal(begun + SessionOptions.MaxRenewalWithoutRefresh,
            await EndOfLine(identity, Holder(identity, session, begun, begun.AddHours(1)) with { RefreshedAt = begun }));

        // A refresh in time continues the session, and the renewal limit counts from that refresh.
        var refreshed = identity.Clock.Now;
        var tokens = await identity.Execute<RefreshSessionHandler, SessionTokens>(h => h.HandleAsync(new(refreshToken), CancellationToken.None));
        Assert.Equal(refreshed + SessionOptions.MaxRenewalWithoutRefresh, await EndOfLine(identity, Read(identity, session, tokens.AccessToken)));
    }

    [Fact]
    public async Task A_stolen_token_is_renewed_no_longer_for_what_its_owner_refreshes()
    {
        await using var identity = await IdentityFixture.Create();
        var (session, refreshToken) = await identity.StartSession();
        var begun = identity.Clock.Now;

        var stolen = Holder(identity, session, begun, begun.AddHours(1)) with { RefreshedAt = begun };
        var end = await EndOfLine(identity, stolen, meanwhile: async () =>
            refreshToken =
                (await identity.Execute<RefreshSessionHandler, SessionTokens>(h => h.HandleAsync(new(refreshToken), CancellationToken.None))).RefreshToken);

        Assert.Equal(begun + SessionOptions.MaxRenewalWithoutRefresh, end);
    }

    [Theory]
    [InlineData("people.read")]
    [InlineData("")]
    [InlineData(null)]
    public async Task A_renewed_token_is_limited_as_the_one_before_whatever_its_session_permits(string? scope)
    {
        await using var identity = await IdentityFixture.Create();
        var (session, _) = await identity.StartSession();
        var holder = Holder(identity, session, identity.Clock.Now, identity.Clock.Now.AddMinutes(5)) with
        {
            Scopes = scope is null ? null : ScopeSet.Parse(scope, out _),
            ClientId = "an-app",
        };

        var renewed = new JsonWebToken(
            (await identity.Execute<RenewAccessHandler, AccessToken>(h => h.HandleAsync(holder, CancellationToken.None))).Token);

        Assert.Equal((scope, "an-app"),
            (renewed.TryGetPayloadValue<string>("scope", out var claim) ? claim : null, renewed.GetPayloadValue<string>("client_id")));
    }

    [Theory]
    [InlineData(0, 8)]
    [InlineData(3, 8)]
    [InlineData(5, 12)]
    public async Task A_token_of_a_version_before_which_tells_no_refresh_counts_from_the_last_one_before_it(int issuedAfter, int endsAfter)
    {
        await using var identity = await IdentityFixture.Create();
        var (session, refreshToken) = await identity.StartSession();
        var begun = identity.Clock.Now;
        foreach (var hours in (double[])[4, 5.5])
        {
            identity.Clock.Now = begun.AddHours(hours);
            refreshToken =
                (await identity.Execute<RefreshSessionHandler, SessionTokens>(h => h.HandleAsync(new(refreshToken), CancellationToken.None))).RefreshToken;
        }

        var issued = begun.AddHours(issuedAfter);
        Assert.Equal(begun.AddHours(endsAfter), await EndOfLine(identity, Holder(identity, session, issued, issued.AddHours(1))));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task No_token_outlives_its_session(bool byIdling)
    {
        await using var identity = await IdentityFixture.Create();
        var (session, refreshToken) =
            (new Session { UserId = identity.Admin.Id, StartedAt = identity.Clock.Now, EndsAt = identity.Clock.Now.AddMinutes(byIdling ? 600 : 30) },
                RefreshToken.Create());
        await identity.Write(db =>
        {
            db.Add(session);
            db.Add(new RefreshToken { Hash = RefreshToken.HashOf(refreshToken), SessionId = session.Id, ExpiresAt = identity.Clock.Now.AddMinutes(30) });
        });
        var end = identity.Clock.Now.AddMinutes(30);

        Assert.Equal(end, (await Renewed(identity, Holder(identity, session, identity.Clock.Now, identity.Clock.Now.AddMinutes(5))))!.ExpiresAt);
        Assert.Null(await Renewed(identity, Holder(identity, session, identity.Clock.Now, end)));
        if (byIdling) return;
        var tokens = await identity.Execute<RefreshSessionHandler, SessionTokens>(h => h.HandleAsync(new(refreshToken), CancellationToken.None));
        Assert.Equal((end.UtcDateTime, 1800), (new JsonWebToken(tokens.AccessToken).ValidTo, tokens.ExpiresIn));
    }

    private static Caller Holder(IdentityFixture identity, Session session, DateTimeOffset issuedAt, DateTimeOffset expiresAt) =>
        new(identity.Admin.Id, identity.Admin.Email!, Role.Admin, HospitalId: null, session.Id, issuedAt, expiresAt);

    /// <summary>Returns the caller that a token describes.</summary>
    private static Caller Read(IdentityFixture identity, Session session, string token)
    {
        var read = new JsonWebToken(token);
        var refreshedAt = DateTimeOffset.FromUnixTimeSeconds(read.GetPayloadValue<long>("refreshed_at"));
        return Holder(identity, session, read.IssuedAt, read.ValidTo) with { RefreshedAt = refreshedAt };
    }

    /// <summary>Renews a token as a stream does, one minute before it expires, until the renewal is refused. Returns when the last token expires.</summary>
    private static async Task<DateTimeOffset> EndOfLine(IdentityFixture identity, Caller caller, Func<Task>? meanwhile = null)
    {
        identity.Clock.Now = caller.ExpiresAt.AddMinutes(-1);
        while (await Renewed(identity, caller) is { } next)
        {
            Assert.True(next.ExpiresAt > caller.ExpiresAt, $"{next.ExpiresAt} after {caller.ExpiresAt}");
            if (meanwhile is not null) await meanwhile();
            identity.Clock.Now = (caller = next).ExpiresAt.AddMinutes(-1);
        }
        return caller.ExpiresAt;
    }

    /// <summary>Returns the caller that the renewed token describes; null when the renewal is refused.</summary>
    private static async Task<Caller?> Renewed(IdentityFixture identity, Caller caller)
    {
        try
        {
            var next = await identity.Execute<RenewAccessHandler, AccessToken>(h => h.HandleAsync(caller, CancellationToken.None));
            return Read(identity, new Session { Id = caller.SessionId, UserId = caller.UserId, StartedAt = default, EndsAt = default }, next.Token);
        }
        catch (Unauthenticated)
        {
            return null;
        }
    }
}
