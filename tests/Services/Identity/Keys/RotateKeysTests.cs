using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using MedCor.Identity;
using MedCor.Identity.Keys;
using MedCor.Identity.Revocations;
using MedCor.Identity.Sessions;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Npgsql;

namespace MedCor.Tests.Services.Identity.Keys;

public sealed class RotateKeysTests
{
    /// <summary>The key encryption of the Development environment.</summary>
    private static readonly KeyEncryption Encryption = new("development-only-0123456789-abcdefghijklmnopqrstuvwxyz");

    [Fact]
    public async Task Tokens_signed_by_a_revoked_key_are_refused_everywhere_within_seconds()
    {
        var system = await MedCorFixture.Get();
        var owner = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);
        // A published key that is older than the signing key, so that no other test's tokens are signed with it.
        var stolen = SigningKey.Create(Encryption, DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddHours(-20));
        await using (var database = await system.OpenDatabase("identity"))
        await using (var add = new NpgsqlCommand("INSERT INTO signing_keys (id, x, y, encrypted_d, created_at, signs_from) VALUES ($1, $2, $3, $4, $5, $6)",
            database)
        {
            Parameters = { new() { Value = stolen.Id }, new() { Value = stolen.X }, new() { Value = stolen.Y }, new() { Value = stolen.EncryptedD },
                new() { Value = stolen.CreatedAt }, new() { Value = stolen.SignsFrom } },
        })
            await add.ExecuteNonQueryAsync();
        var forged = Forged(stolen, owner);
        await Wait.Until(async () => await Status(0, forged) == HttpStatusCode.OK && await Status(1, forged) == HttpStatusCode.OK, "the forged token works");
        using var thief = new HttpClient { BaseAddress = system.Gateways[0], DefaultRequestHeaders = { Authorization = new("Bearer", forged) } };
        using var stream = await thief.GetAsync(new Uri("/api/mcp/sse", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, stream.StatusCode);

        var (code, said) = await system.RunOperatorCommand("identity", "rotate-keys", "--revoke", stolen.Id);

        Assert.True(code == 0, said);
        Assert.DoesNotContain(await Published(), kid => kid == stolen.Id);
        await Wait.Until(async () => await Status(0, forged) == HttpStatusCode.Unauthorized && await Status(1, forged) == HttpStatusCode.Unauthorized,
            "the forged token is refused", TimeSpan.FromSeconds(5));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await using (var events = await stream.Content.ReadAsStreamAsync(patience.Token)) await events.CopyToAsync(Stream.Null, patience.Token);
        await owner.Call("get_current_user");

        // Another key takes over.
        var next = (await Published()).Single(kid => said.Contains($"{kid} signs from now on", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.OK, await Status(0, Forged(await Known(next), owner)));
    }

    [Fact]
    public async Task A_replica_that_signed_with_a_revoked_key_signs_with_the_next_as_soon_as_it_knows()
    {
        await using var identity = await IdentityFixture.Create();
        var ring = identity.Get<KeyRing>();
        var stolen = (await ring.GetSigningCredentialsAsync(default)).Kid;

        var keys = await ring.RotateAsync(identity.Clock.Now, default, revoked: stolen);
        await identity.Get<RevocationList>()
            .RevokeAsync(new Dictionary<Guid, DateTimeOffset> { [SigningKey.ToRevocationId(stolen)] = identity.Clock.Now }, TimeSpan.FromHours(1));

        Assert.Equal(Assert.Single(keys).Id, (await ring.GetSigningCredentialsAsync(default)).Kid);
        Assert.Equal(keys.Select(k => k.Id), (await ring.GetPublicKeysAsync(default)).Select(k => k.Kid));
    }

    [Fact]
    public async Task Only_a_key_that_there_is_can_be_revoked_and_nothing_is_changed_for_another()
    {
        await using var identity = await IdentityFixture.Create();
        var key = (await identity.Get<KeyRing>().GetSigningCredentialsAsync(default)).Kid;

        Assert.Equal(1, await identity.Execute<RotateKeys, int>(c => c.RunAsync(["--revoke", Guid.NewGuid().ToString("N")], default)));
        Assert.Equal(64, await identity.Execute<RotateKeys, int>(c => c.RunAsync(["--revoke"], default)));
        Assert.Equal(key, Assert.Single(await identity.Get<KeyRing>().GetPublicKeysAsync(default)).Kid);
        Assert.Equal(0, await identity.Execute<RotateKeys, int>(c => c.RunAsync(["--revoke", key], default)));
        Assert.NotEqual(key, Assert.Single(await identity.Get<KeyRing>().GetPublicKeysAsync(default)).Kid);
    }

    [Fact]
    public async Task A_revoked_key_stays_on_the_list_for_as_long_as_a_process_that_is_cut_off_may_know_it()
    {
        await using var identity = await IdentityFixture.Create();
        var (stolen, now) = ((await identity.Get<KeyRing>().GetSigningCredentialsAsync(default)).Kid, identity.Clock.Now);

        await identity.Get<KeyRing>().RotateAsync(now, default, revoked: stolen);

        var revocation = await identity.Execute<IdentityDb, Revocation>(db =>
        {
            db.Tenancy.Enter(hospital: null);
            return db.Revocations.SingleAsync();
        });
        Assert.Equal(SigningKey.ToRevocationId(stolen), revocation.RevokedId);
        // A token signed at the last moment lives as long as any other, and must be refused until it expires.
        Assert.Equal(now + SigningKeyCache.MaxStaleAge, revocation.RevokedAt);
    }

    private static string Forged(SigningKey key, ApiClient whose)
    {
        var now = DateTime.UtcNow;
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = "medcor",
            Audience = "medcor",
            IssuedAt = now,
            Expires = now.AddMinutes(50),
            Claims = new Dictionary<string, object>
            {
                [TokenClaims.UserId] = whose.Id.ToString(), [TokenClaims.HospitalId] = whose.HospitalId!.Value.ToString(), [TokenClaims.Role] = "ADMIN",
                [TokenClaims.Email] = TestUser.HospitalAdminEmail, [TokenClaims.Session] = Guid.CreateVersion7().ToString(),
            },
            SigningCredentials = key.ToSigningCredentials(Encryption),
        });
    }

    /// <summary>Returns the status of a call with the token, which both the gateway and the service validate.</summary>
    private static async Task<HttpStatusCode> Status(int gateway, string token)
    {
        using var http = new HttpClient
        {
            BaseAddress = (await MedCorFixture.Get()).Gateways[gateway], DefaultRequestHeaders = { Authorization = new("Bearer", token) }
        };
        using var answer = await http.PostAsJsonAsync("/api/mcp/tools/get_current_user", new { });
        return answer.StatusCode;
    }

    private static async Task<string[]> Published()
    {
        using var http = await TestUser.CreateAnonymousClient();
        return [.. (await http.GetFromJsonAsync<JsonNode>("/.well-known/jwks.json"))!["keys"]!.AsArray().Select(k => (string)k!["kid"]!)];
    }

    private static async Task<SigningKey> Known(string id)
    {
        await using var database = await (await MedCorFixture.Get()).OpenDatabase("identity");
        await using var read = new NpgsqlCommand("SELECT x, y, encrypted_d, created_at, signs_from FROM signing_keys WHERE id = $1", database)
        {
            Parameters = { new() { Value = id } }
        };
        await using var row = await read.ExecuteReaderAsync();
        Assert.True(await row.ReadAsync());
        return new()
        {
            Id = id, X = (byte[])row[0], Y = (byte[])row[1], EncryptedD = (byte[])row[2], CreatedAt = row.GetFieldValue<DateTimeOffset>(3),
            SignsFrom = row.GetFieldValue<DateTimeOffset>(4),
        };
    }
}
