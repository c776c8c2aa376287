using System.Net;
using System.Security.Cryptography;
using System.Text;
using MedCor.Contracts.Identity;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace MedCor.Tests.Services.Identity.ServiceAccounts;

/// <summary>Tests how service accounts get access tokens at <c>/oauth/token</c>.</summary>
public sealed class ClientCredentialsTests
{
    [Theory, InlineData(false), InlineData(true)]
    public async Task A_key_is_a_client_secret_and_opens_what_the_scopes_permit(bool basic)
    {
        var program = await ServiceAccountClient.Create();

        var (status, tokens) = await program.RequestToken(program.Key.ApiKey, basic);

        Assert.True(status == HttpStatusCode.OK, tokens.ToJsonString());
        Assert.Equal(("Bearer", 3600, "people.read"), ((string?)tokens["token_type"], (int)tokens["expires_in"]!, (string?)tokens["scope"]));
        Assert.Null(tokens["refresh_token"]);
        var access = tokens.AccessToken();
        var token = new JsonWebToken(access);
        var id = program.Account.Id.ToString();
        Assert.Equal(("at+jwt", "medcor", id), (token.Typ, Assert.Single(token.Audiences), token.Subject));
        Assert.Equal((id, id, "ADMIN", program.Account.HospitalId.ToString()), (token.GetClaim("user_id").Value, token.GetClaim("client_id").Value,
            token.GetClaim("role").Value, token.GetClaim("hospital_id").Value));
        Assert.Equal(HttpStatusCode.OK, (await ServiceAccountClient.Call(access)).Status);
        var refused = await ServiceAccountClient.Call(access, "list_invoices");
        Assert.Equal(("PERMISSION_DENIED", "billing.read"), (refused.Code, (string?)refused.Details["required_scope"]));
        Assert.Equal(program.Account.Id, (await ServiceAccountClient.Call(access, "get_current_user")).Read<User>().Id);
    }

    [Fact]
    public async Task Fewer_scopes_can_be_asked_for_and_no_others()
    {
        var program = await ServiceAccountClient.Create("people.write billing.read");

        var (_, fewer) = await program.RequestToken(program.Key.ApiKey, form: ("scope", "people.read clinical.read nonsense"));
        var (status, none) = await program.RequestToken(program.Key.ApiKey, form: ("scope", "clinical.read"));

        Assert.Equal("people.read", (string?)fewer["scope"]);
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_scope"), (status, none.OAuthError()));
    }

    [Fact]
    public async Task Without_a_resource_the_token_is_for_MCP_alone()
    {
        var program = await ServiceAccountClient.Create();
        using var http = await TestUser.CreateAnonymousClient();

        var (_, mcp) = await program.RequestToken(program.Key.ApiKey, form: ("resource", http.BaseAddress!.ToString()));
        var (status, elsewhere) = await program.RequestToken(program.Key.ApiKey, form: ("resource", "https://elsewhere.example/"));

        Assert.EndsWith("/mcp", Assert.Single(new JsonWebToken(mcp.AccessToken()).Audiences));
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_target"), (status, elsewhere.OAuthError()));
    }

    [Fact]
    public async Task A_key_of_another_account_a_wrong_one_and_none_are_refused()
    {
        var (program, other) = (await ServiceAccountClient.Create(), await ServiceAccountClient.Create());

        foreach (var secret in new[] { other.Key.ApiKey, ApiKeyFormat.Create(), program.Key.ApiKey[..^1], "x" })
        {
            var (status, refused) = await program.RequestToken(secret);
            Assert.Equal((HttpStatusCode.Unauthorized, "invalid_client"), (status, refused.OAuthError()));
        }
        var (missing, error) = await program.RequestToken(null);
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_request"), (missing, error.OAuthError()));
    }

    [Fact]
    public async Task An_expired_key_is_refused_and_no_token_outlives_its_key()
    {
        var program = await ServiceAccountClient.Create();
        var house = await MedCorFixture.Get();
        await SetExpiry("interval '10 minutes'");
        Assert.InRange((int)(await program.RequestToken(program.Key.ApiKey)).Body["expires_in"]!, 1, 600);
        await SetExpiry("interval '-1 second'");

        Assert.Equal("invalid_client", (await program.RequestToken(program.Key.ApiKey)).Body.OAuthError());
        Assert.Equal("AUTH_INVALID", (await ServiceAccountClient.Call(program.Key.ApiKey)).Code);

        async Task SetExpiry(string offset)
        {
            await using var db = await house.OpenDatabase("identity");
            await using var update = new Npgsql.NpgsqlCommand($"UPDATE api_keys SET expires_at = now() + {offset} WHERE id = $1", db)
            {
                Parameters = { new() { Value = program.Key.Id } },
            };
            await update.ExecuteNonQueryAsync();
        }
    }

    [Fact]
    public async Task Deactivation_and_new_scopes_end_tokens_and_the_next_one_is_good()
    {
        var program = await ServiceAccountClient.Create();
        var second = await ServiceAccountClient.CreateKey(program.Admin, program.Account.Id);
        foreach (var (tool, parameters) in new (string, object)[]
        {
            ("update_service_account", new { service_account_id = program.Account.Id, scope = "people.read billing.read" }),
            ("update_service_account", new { service_account_id = program.Account.Id, is_active = false }),
        })
        {
            var access = (await program.RequestToken(second.ApiKey)).Body.AccessToken();
            Assert.Equal(HttpStatusCode.OK, (await ServiceAccountClient.Call(access)).Status);

            await program.Admin.Call(tool, parameters);

            var (_, next) = await program.RequestToken(second.ApiKey);
            await ServiceAccountClient.AssertEnds(access);
            if (next["access_token"] is { } issued) Assert.Equal(HttpStatusCode.OK, (await ServiceAccountClient.Call((string)issued!)).Status);
        }

        Assert.Equal("invalid_grant", (await program.RequestToken(second.ApiKey)).Body.OAuthError());
        await program.Admin.Call("update_service_account", new { service_account_id = program.Account.Id, is_active = true });
        var again = (await program.RequestToken(second.ApiKey)).Body.AccessToken();
        Assert.Equal(HttpStatusCode.OK, (await ServiceAccountClient.Call(again)).Status);
    }

    [Fact]
    public async Task A_revoked_key_ends_its_tokens_and_no_others()
    {
        var program = await ServiceAccountClient.Create();
        var second = await ServiceAccountClient.CreateKey(program.Admin, program.Account.Id);
        var (_, tokens) = await program.RequestToken(program.Key.ApiKey);
        var (_, others) = await program.RequestToken(second.ApiKey);

        await program.Admin.Call("revoke_api_key", new { api_key_id = program.Key.Id });

        Assert.Equal("invalid_client", (await program.RequestToken(program.Key.ApiKey)).Body.OAuthError());
        await ServiceAccountClient.AssertEnds(tokens.AccessToken());
        Assert.Equal(HttpStatusCode.OK, (await ServiceAccountClient.Call(others.AccessToken())).Status);
    }

    [Fact]
    public async Task A_token_can_be_revoked_and_introspected_and_its_key_lives_on()
    {
        var program = await ServiceAccountClient.Create();
        var access = (await program.RequestToken(program.Key.ApiKey)).Body.AccessToken();
        using var http = await TestUser.CreateAnonymousClient();
        Assert.Contains("\"active\": true", await Post("/oauth/introspect"));

        await Post("/oauth/revoke");

        await ServiceAccountClient.AssertEnds(access);
        Assert.Contains("\"active\": false", await Post("/oauth/introspect"));
        Assert.Equal(HttpStatusCode.OK, (await program.RequestToken(program.Key.ApiKey)).Status);

        async Task<string> Post(string path)
        {
            using var answer = await http.PostAsync(new Uri(path, UriKind.Relative), new FormUrlEncodedContent(new Dictionary<string, string>
            {
                ["client_id"] = program.Account.Id.ToString(), ["client_secret"] = program.Key.ApiKey, ["token"] = access,
            }));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            return await answer.Content.ReadAsStringAsync();
        }
    }

    [Fact]
    public async Task A_registered_client_has_no_credentials_of_its_own()
    {
        using var client = await OAuthClient.Register("client_secret_post");

        var (status, refused) = await client.Post("/oauth/token", ("grant_type", "client_credentials"));

        Assert.Equal((HttpStatusCode.BadRequest, "unauthorized_client"), (status, refused.OAuthError()));
    }

    [Fact]
    public async Task A_private_key_authenticates_once_per_assertion()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var program = await ServiceAccountClient.Create(jwks: Publish(key));
        var assertion = await Sign(program, key);

        var (status, tokens) = await Send(program, assertion);
        Assert.True(status == HttpStatusCode.OK, tokens);
        var access = System.Text.Json.Nodes.JsonNode.Parse(tokens)!.AccessToken();
        Assert.Equal(HttpStatusCode.OK, (await ServiceAccountClient.Call(access)).Status);

        var replays = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Send(program, assertion)));
        Assert.All(replays, r => Assert.Equal(HttpStatusCode.Unauthorized, r.Status));
        var fresh = await Sign(program, key);
        var race = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Send(program, fresh)));
        Assert.Single(race, r => r.Status == HttpStatusCode.OK);
        foreach (var type in new[] { "client-authentication+jwt", "application/jwt", "" })
            Assert.Equal(HttpStatusCode.OK, (await Send(program, await Sign(program, key, type: type))).Status);
    }

    [Theory]
    [InlineData("another key")]
    [InlineData("elsewhere")]
    [InlineData("the token endpoint")]
    [InlineData("another account")]
    [InlineData("expired")]
    [InlineData("valid too long")]
    [InlineData("no id")]
    [InlineData("no end")]
    [InlineData("another type")]
    [InlineData("unsigned")]
    [InlineData("symmetric")]
    public async Task A_bad_assertion_is_refused(string what)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var jwks = Publish(key);
        var program = await ServiceAccountClient.Create(jwks: jwks);

        var assertion = what switch
        {
            "another key" => await Sign(program, other),
            "elsewhere" => await Sign(program, key, audience: "https://elsewhere.example"),
            "the token endpoint" => await Sign(program, key, audience: "/oauth/token"),
            "another account" => await Sign(await ServiceAccountClient.Create(jwks: jwks), key),
            "expired" => await Sign(program, key, expires: DateTime.UtcNow.AddMinutes(-6)),
            "valid too long" => await Sign(program, key, expires: DateTime.UtcNow.AddHours(2)),
            "no id" => await Sign(program, key, id: null),
            "no end" => await Sign(program, key, expires: DateTime.MaxValue),
            "another type" => await Sign(program, key, type: "at+jwt"),
            "unsigned" => $"{Base64UrlEncoder.Encode("{\"alg\":\"none\"}")}.{(await Sign(program, key)).Split('.')[1]}.",
            _ => await Sign(program, new SigningCredentials(new SymmetricSecurityKey(Encoding.UTF8.GetBytes(jwks)), SecurityAlgorithms.HmacSha256)),
        };

        var (status, body) = await Send(program, assertion);

        Assert.True(status is HttpStatusCode.Unauthorized or HttpStatusCode.BadRequest && body.Contains("\"error\"", StringComparison.Ordinal)
            && !body.Contains("access_token", StringComparison.Ordinal), $"{status}: {body}");
    }

    [Fact]
    public async Task Another_set_of_keys_ends_the_tokens_of_the_former_one()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var next = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var program = await ServiceAccountClient.Create(jwks: Publish(key));
        var access = System.Text.Json.Nodes.JsonNode.Parse((await Send(program, await Sign(program, key))).Body)!.AccessToken();

        await program.Admin.Call("update_service_account", new { service_account_id = program.Account.Id, jwks = Publish(next) });

        await ServiceAccountClient.AssertEnds(access);
        Assert.Equal(HttpStatusCode.Unauthorized, (await Send(program, await Sign(program, key))).Status);
        Assert.Equal(HttpStatusCode.OK, (await Send(program, await Sign(program, next))).Status);
    }

    private static string Publish(ECDsa key)
    {
        var q = key.ExportParameters(includePrivateParameters: false).Q;
        return $$"""{"keys":[{"kty":"EC","crv":"P-256","x":"{{Base64UrlEncoder.Encode(q.X)}}","y":"{{Base64UrlEncoder.Encode(q.Y)}}"}]}""";
    }

    private static Task<string> Sign(
        ServiceAccountClient program, ECDsa key, string audience = "", DateTime? expires = null, string? id = "", string type = "JWT") =>
        Sign(program, new SigningCredentials(new ECDsaSecurityKey(key), SecurityAlgorithms.EcdsaSha256), audience, expires, id, type);

    private static async Task<string> Sign(ServiceAccountClient program, SigningCredentials key, string audience = "", DateTime? expires = null,
        string? id = "", string type = "JWT")
    {
        var issuer = (await MedCorFixture.Get()).Gateways[0].ToString().TrimEnd('/');
        var client = program.Account.Id.ToString();
        var claims = new Dictionary<string, object> { ["sub"] = client, ["iss"] = client };
        if (id is not null) claims["jti"] = id.Length > 0 ? id : Guid.NewGuid().ToString();
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Audience = audience.StartsWith("https", StringComparison.Ordinal) ? audience : issuer + audience,
            Claims = claims,
            Expires = expires == DateTime.MaxValue ? null : expires ?? DateTime.UtcNow.AddMinutes(1),
            IssuedAt = DateTime.UtcNow.AddMinutes(-10),
            SigningCredentials = key,
            TokenType = type,
        });
    }

    private static async Task<(HttpStatusCode Status, string Body)> Send(ServiceAccountClient program, string assertion)
    {
        var (status, body) = await program.RequestToken(null, form:
            [("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"), ("client_assertion", assertion)]);
        return (status, body.ToJsonString());
    }
}
