using System.Net;
using System.Text.Json.Nodes;
using MedCor.Contracts.Identity;
using Microsoft.IdentityModel.JsonWebTokens;
using Npgsql;

namespace MedCor.Tests.Services.Identity.Authorization;

public sealed class AuthorizationServerTests
{
    [Fact]
    public async Task Both_discovery_documents_are_the_same_and_name_the_public_address()
    {
        using var http = await TestUser.CreateAnonymousClient();
        var openId = await http.GetStringAsync("/.well-known/openid-configuration");
        var oAuth = await http.GetStringAsync("/.well-known/oauth-authorization-server");

        Assert.Equal(openId, oAuth);
        var (document, issuer) = (JsonNode.Parse(openId)!, http.BaseAddress!.ToString().TrimEnd('/'));
        Assert.Equal(issuer, (string?)document["issuer"]);
        foreach (var (endpoint, path) in new[]
        {
            ("authorization_endpoint", "/oauth/authorize"), ("token_endpoint", "/oauth/token"), ("registration_endpoint", "/oauth/register"),
            ("revocation_endpoint", "/oauth/revoke"), ("introspection_endpoint", "/oauth/introspect"),
            ("pushed_authorization_request_endpoint", "/oauth/par"), ("jwks_uri", "/.well-known/jwks.json"),
        }) Assert.Equal(issuer + path, (string?)document[endpoint]);
        Assert.Equal(["S256"], document["code_challenge_methods_supported"]!.AsArray().Select(m => (string)m!));
        Assert.Contains("none", document["token_endpoint_auth_methods_supported"]!.AsArray().Select(m => (string)m!));
        Assert.True((bool)document["authorization_response_iss_parameter_supported"]!);
    }

    [Fact]
    public async Task A_user_allows_a_client_which_then_acts_for_the_user()
    {
        using var client = await OAuthClient.Register();

        var callback = await client.Authorize("doctor@general.example", "Demo-Medcor-2026", ["medcor.read"]);
        Assert.Equal(("s", client.Issuer), (callback["state"], callback["iss"]));
        var (status, tokens) = await client.Redeem(callback["code"]);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(("Bearer", 3600, "medcor.read"), ((string?)tokens["token_type"], (int)tokens["expires_in"]!, (string?)tokens["scope"]));
        var access = tokens.AccessToken();
        var token = new JsonWebToken(access);
        Assert.Equal((client.Issuer, "medcor", "at+jwt"), (token.Issuer, Assert.Single(token.Audiences), token.Typ));
        Assert.Equal((client.Id, "DOCTOR", "medcor.read"), (token.GetClaim("client_id").Value, token.GetClaim("role").Value, token.GetClaim("scope").Value));
        Assert.Equal("doctor@general.example", (await client.Call(access, "get_current_user")).Read<User>().Email);
    }

    [Theory]
    [InlineData("code_challenge_method", "plain")]
    [InlineData("code_challenge", null)]
    [InlineData("redirect_uri", "https://elsewhere.example/callback")]
    [InlineData("redirect_uri", "http://127.0.0.1/callback/")]
    [InlineData("client_id", "nobody")]
    [InlineData("response_type", "token")]
    [InlineData("resource", "https://elsewhere.example/")]
    public async Task A_request_that_cannot_be_answered_to_its_client_gets_a_page(string parameter, string? value)
    {
        using var client = await OAuthClient.Register();

        using var refused = await client.OpenAuthorization((parameter, value));

        Assert.Equal((HttpStatusCode.BadRequest, "text/html"), (refused.StatusCode, refused.Content.Headers.ContentType?.MediaType));
        Assert.Null(refused.Headers.Location);
    }

    [Fact]
    public async Task A_program_on_the_users_computer_may_use_any_port()
    {
        using var client = await OAuthClient.Register(redirectUri: "http://localhost:8787/callback");
        client.RedirectUri = "http://localhost:53211/callback";

        var callback = await client.Authorize("nurse@general.example", "Demo-Medcor-2026", ["medcor.read"]);

        Assert.Equal(HttpStatusCode.OK, (await client.Redeem(callback["code"])).Status);
    }

    [Fact]
    public async Task A_program_that_listens_on_IPv6_may_use_any_port_too()
    {
        using var client = await OAuthClient.Register(redirectUri: "http://[::1]:8787/callback");
        client.RedirectUri = "http://[::1]:53211/callback";

        var callback = await client.Authorize("nurse@general.example", "Demo-Medcor-2026", ["medcor.read"]);

        Assert.Equal(HttpStatusCode.OK, (await client.Redeem(callback["code"])).Status);
    }

    [Fact]
    public async Task A_code_is_good_only_with_its_verifier_its_address_and_its_client()
    {
        using var client = await OAuthClient.Register();
        using var other = await OAuthClient.Register();
        var code = (await client.Authorize("doctor@general.example", "Demo-Medcor-2026", ["medcor.read"]))["code"];

        foreach (var refused in new[]
        {
            await Redeem(client, client.RedirectUri, new string('x', 43)),
            await Redeem(client, "http://127.0.0.1:53211/callback", client.Verifier),
            await Redeem(other, client.RedirectUri, client.Verifier),
        }) Assert.Equal((HttpStatusCode.BadRequest, "invalid_grant"), (refused.Status, refused.Body.OAuthError()));

        Assert.Equal(HttpStatusCode.OK, (await client.Redeem(code)).Status);

        Task<(HttpStatusCode Status, JsonNode Body)> Redeem(OAuthClient by, string redirectUri, string verifier) => by.Post("/oauth/token",
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirectUri), ("code_verifier", verifier));
    }

    [Fact]
    public async Task A_refresh_token_in_the_hands_of_another_client_is_refused_and_ends_nothing()
    {
        using var client = await OAuthClient.Register();
        using var other = await OAuthClient.Register("client_secret_post");
        var tokens = await client.Obtain("doctor@general.example", "medcor.read");
        var refresh = tokens.RefreshToken();

        Assert.Equal("invalid_grant", (await other.Refresh(refresh)).Body.OAuthError());

        var (status, next) = await client.Refresh(refresh);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(HttpStatusCode.OK, (await client.Call(next.AccessToken(), "get_current_user")).Status);
    }

    [Fact]
    public async Task The_page_names_the_hospital_of_the_user_and_the_host_of_the_client_in_letters_that_cannot_be_mistaken()
    {
        using var client = await OAuthClient.Register(redirectUri: "https://b\u00FCcher.example/callback");
        using var staff = await PageBrowser.Open();
        using var platform = await PageBrowser.Open();
        var address = client.GetAuthorizationAddress().PathAndQuery;

        var page = await staff.LogIn("doctor@general.example", "Demo-Medcor-2026", address);
        var other = await platform.LogIn(TestUser.PlatformAdminEmail, "Demo-Medcor-2026", address);

        Assert.Contains("Your hospital is General", page.Html, StringComparison.Ordinal);
        Assert.Contains("xn--bcher-kva.example", page.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("Your hospital", other.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_marks_what_a_client_asks_for_beyond_what_the_user_has_allowed_it()
    {
        using var client = await OAuthClient.Register();
        using var start = await client.OpenAuthorization();
        using var loggedIn = await client.LogIn(start.Headers.Location!, "doctor@general.example", "Demo-Medcor-2026");
        Assert.Equal(0, await CountNew("medcor.read appointments.write"));
        await client.Authorize("doctor@general.example", "Demo-Medcor-2026", ["medcor.read"]);

        Assert.Equal(0, await CountNew("medcor.read people.read"));
        Assert.Equal(2, await CountNew("medcor.read appointments.write medcor.clinical"));

        async Task<int> CountNew(string scopes)
        {
            using var page = await client.OpenAuthorization(("scope", scopes));
            var html = await page.Content.ReadAsStringAsync();
            Assert.Contains("What it may do", html, StringComparison.Ordinal);
            return html.Split("<strong class=\"new\">").Length - 1;
        }
    }

    [Fact]
    public async Task A_user_who_denies_and_one_who_ticks_nothing_open_nothing()
    {
        foreach (var (decision, scopes) in new[] { ("deny", (string[])["medcor.read"]), ("allow", []) })
        {
            using var client = await OAuthClient.Register();

            var callback = await client.Authorize("doctor@general.example", "Demo-Medcor-2026", scopes, decision);

            Assert.Equal(("access_denied", client.Issuer, false), (callback["error"], callback["iss"], callback.ContainsKey("code")));
        }
    }

    [Fact]
    public async Task A_code_is_good_once_and_a_second_use_ends_what_the_first_opened()
    {
        using var client = await OAuthClient.Register();
        var callback = await client.Authorize("doctor@general.example", "Demo-Medcor-2026", ["medcor.read"]);
        var (_, tokens) = await client.Redeem(callback["code"]);

        var (status, refused) = await client.Redeem(callback["code"]);

        Assert.Equal((HttpStatusCode.BadRequest, "invalid_grant"), (status, refused.OAuthError()));
        Assert.Equal("invalid_grant", (await client.Refresh(tokens.RefreshToken())).Body.OAuthError());
        await AssertEnds(client, tokens.AccessToken());
    }

    [Fact]
    public async Task Of_eight_refreshes_of_a_confidential_client_at_once_one_succeeds_and_the_session_ends()
    {
        using var client = await OAuthClient.Register("client_secret_post");
        var tokens = await client.Obtain("doctor@general.example", "medcor.read");

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => client.Refresh(tokens.RefreshToken())));

        var won = Assert.Single(answers, a => a.Status == HttpStatusCode.OK).Body;
        Assert.All(answers.Where(a => a.Body != won), a => Assert.Equal("invalid_grant", a.Body.OAuthError()));
        Assert.Equal("invalid_grant", (await client.Refresh(won.RefreshToken())).Body.OAuthError());
        await AssertEnds(client, won.AccessToken());
    }

    [Fact]
    public async Task A_public_client_may_use_a_refresh_token_again_for_a_minute()
    {
        using var client = await OAuthClient.Register();
        var tokens = await client.Obtain("doctor@general.example", "medcor.read");

        foreach (var _ in Enumerable.Range(0, 2))
            Assert.Equal(HttpStatusCode.OK, (await client.Refresh(tokens.RefreshToken())).Status);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("client_secret_post")]
    public async Task A_refresh_token_that_is_used_again_after_more_than_a_minute_ends_the_session(string authentication)
    {
        using var client = await OAuthClient.Register(authentication);
        var tokens = await client.Obtain("doctor@general.example", "medcor.read");
        var (_, next) = await client.Refresh(tokens.RefreshToken());
        await (await MedCorFixture.Get()).QueryNumber("identity", """
            UPDATE oauth_tokens SET redemption_date = redemption_date - interval '2 minutes'
            WHERE status = 'redeemed' AND application_id = (SELECT id FROM oauth_applications WHERE client_id = $1) RETURNING 1
            """, client.Id);

        Assert.Equal("invalid_grant", (await client.Refresh(tokens.RefreshToken())).Body.OAuthError());

        Assert.Equal("invalid_grant", (await client.Refresh(next.RefreshToken())).Body.OAuthError());
        await AssertEnds(client, next.AccessToken());
    }

    [Fact]
    public async Task A_refresh_may_ask_for_less_and_for_no_more()
    {
        using var client = await OAuthClient.Register();
        var tokens = await client.Obtain("doctor@general.example", "medcor.read", "medcor.write");
        var refresh = tokens.RefreshToken();

        Assert.Equal("medcor.read", (string?)(await client.Refresh(refresh, ("scope", "medcor.read"))).Body["scope"]);
        var (status, refused) = await client.Refresh(refresh, ("scope", "medcor.read medcor.delete"));

        Assert.Equal((HttpStatusCode.BadRequest, "invalid_scope"), (status, refused.OAuthError()));
    }

    [Fact]
    public async Task A_revoked_refresh_token_ends_the_session_with_its_access_tokens()
    {
        using var client = await OAuthClient.Register();
        var tokens = await client.Obtain("doctor@general.example", "medcor.read");

        Assert.Equal(HttpStatusCode.OK, (await client.Post("/oauth/revoke", ("token", tokens.RefreshToken()))).Status);

        Assert.Equal("invalid_grant", (await client.Refresh(tokens.RefreshToken())).Body.OAuthError());
        await AssertEnds(client, tokens.AccessToken());
    }

    [Fact]
    public async Task All_sessions_of_a_user_who_is_deactivated_end_and_the_browser_is_logged_out()
    {
        var somebody = await TestUser.Create("NURSE");
        using var client = await OAuthClient.Register();
        var callback = await client.Authorize(somebody.Email, somebody.Password, ["medcor.read"]);
        var (_, tokens) = await client.Redeem(callback["code"]);

        await (await ApiClient.LogInShared(TestUser.HospitalAdminEmail)).Call("delete_user", new { user_id = somebody.Id });

        Assert.Equal("invalid_grant", (await client.Refresh(tokens.RefreshToken())).Body.OAuthError());
        await AssertEnds(client, tokens.AccessToken());
        using var again = await client.OpenAuthorization();
        Assert.StartsWith("/oauth/login", again.Headers.Location!.ToString());
    }

    [Fact]
    public async Task A_refresh_that_meets_an_end_of_all_sessions_waits_for_it()
    {
        var (house, somebody) = (await MedCorFixture.Get(), await TestUser.Create("NURSE"));
        using var client = await OAuthClient.Register();
        var callback = await client.Authorize(somebody.Email, somebody.Password, ["medcor.read"]);
        var (_, tokens) = await client.Redeem(callback["code"]);
        await using var identity = await house.OpenDatabase("identity");
        await using var end = await identity.BeginTransactionAsync();
        await Execute("UPDATE memberships SET revoked_at = now() WHERE user_id = $1");

        var refreshed = client.Refresh(tokens.RefreshToken());
        await Wait.Until(async () => await house.QueryNumber("identity",
            "SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))", identity.ProcessID) > 0, "the refresh waits");
        await Execute("UPDATE sessions SET revoked_at = now() WHERE user_id = $1");
        await end.CommitAsync();

        Assert.Equal("invalid_grant", (await refreshed).Body.OAuthError());

        async Task Execute(string sql)
        {
            await using var command = new NpgsqlCommand(sql, identity, end) { Parameters = { new() { Value = somebody.Id } } };
            await command.ExecuteNonQueryAsync();
        }
    }

    [Fact]
    public async Task A_token_for_MCP_opens_nothing_else()
    {
        using var client = await OAuthClient.Register();
        foreach (var resource in new[] { null, client.Issuer, $"{client.Issuer}/mcp" })
        {
            var callback = await client.Authorize("doctor@general.example", "Demo-Medcor-2026", ["medcor.read"], changes: ("resource", resource));
            var access = (await client.Redeem(callback["code"])).Body.AccessToken();

            Assert.Equal($"{client.Issuer}/mcp", Assert.Single(new JsonWebToken(access).Audiences));
            Assert.Equal("AUTH_INVALID", (await client.Call(access, "get_current_user")).Code);
        }
    }

    [Fact]
    public async Task Tokens_may_name_the_resource_that_the_user_was_asked_for_and_no_other()
    {
        using var client = await OAuthClient.Register();
        var (callback, other) = (await client.Authorize("doctor@general.example", "Demo-Medcor-2026", ["medcor.read"]), $"{client.Issuer}/mcp");

        Assert.Equal("invalid_target", (await client.Redeem(callback["code"], ("resource", other))).Body.OAuthError());
        var (status, tokens) = await client.Redeem(callback["code"], ("resource", client.Api));
        Assert.Equal(HttpStatusCode.OK, status);
        var refresh = tokens.RefreshToken();
        Assert.Equal("invalid_target", (await client.Refresh(refresh, ("resource", other))).Body.OAuthError());
        Assert.Equal(HttpStatusCode.OK, (await client.Refresh(refresh, ("resource", $"{client.Api}/"))).Status);
    }

    [Fact]
    public async Task A_client_may_do_what_the_user_has_ticked_and_nothing_else()
    {
        using var client = await OAuthClient.Register();
        var callback = await client.Authorize("admin@general.example", "Demo-Medcor-2026", ["people.read", "medcor.delete"],
            changes: ("scope", "people.read billing.read hospitals.write nonsense openid"));

        var tokens = (await client.Redeem(callback["code"])).Body;

        Assert.Equal("people.read medcor.delete openid", (string?)tokens["scope"]);
        Assert.NotNull(tokens["id_token"]);
        var access = tokens.AccessToken();
        Assert.Equal(HttpStatusCode.OK, (await client.Call(access, "list_departments")).Status);
        var refused = await client.Call(access, "list_medical_records");
        Assert.Equal(("PERMISSION_DENIED", "clinical.read"), (refused.Code, (string?)refused.Details["required_scope"]));
        Assert.Equal("AUTH_INVALID", (await client.Call(tokens.IdToken(), "get_current_user")).Code);
    }

    [Fact]
    public async Task A_client_that_keeps_a_secret_can_ask_whether_a_token_is_active()
    {
        using var client = await OAuthClient.Register("client_secret_post");
        var tokens = await client.Obtain("doctor@general.example", "medcor.read");
        var access = tokens.AccessToken();

        Assert.True((bool)(await client.Post("/oauth/introspect", ("token", access))).Body["active"]!);
        await client.Post("/oauth/revoke", ("token", tokens.RefreshToken()));

        Assert.False((bool)(await client.Post("/oauth/introspect", ("token", access))).Body["active"]!);
    }

    [Fact]
    public async Task The_page_says_the_same_of_a_wrong_password_and_an_unknown_address_and_returns_to_no_other_site()
    {
        using var client = await OAuthClient.Register();
        var texts = new List<string>();
        foreach (var email in new[] { (await TestUser.Create()).Email, TestUser.NewEmail() })
        {
            using var refused = await client.LogIn(new("/oauth/login?return=%2F", UriKind.Relative), email, "wrong");
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
            texts.Add((await refused.Content.ReadAsStringAsync()).Replace(email, "", StringComparison.Ordinal));
        }
        foreach (var elsewhere in new[] { "https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example" })
        {
            using var page = await client.LogIn(new($"/oauth/login?return={Uri.EscapeDataString(elsewhere)}", UriKind.Relative), "doctor@general.example",
                "Demo-Medcor-2026");
            Assert.Equal("/", page.Headers.Location?.ToString());
        }

        Assert.Contains("The e-mail address or the password is wrong.", texts[0]);
    }

    [Fact]
    public async Task A_client_may_ask_for_a_new_login_or_for_no_page_at_all()
    {
        using var client = await OAuthClient.Register();
        Assert.Equal("login_required", await Refused("none"));
        await client.Authorize("doctor@general.example", "Demo-Medcor-2026", ["medcor.read"]);

        Assert.Equal("consent_required", await Refused("none"));
        foreach (var change in new[] { ("prompt", "login"), ("max_age", "0") })
        {
            using var again = await client.OpenAuthorization(change);
            var page = again.Headers.Location!.ToString();
            Assert.StartsWith("/oauth/login", page);
            Assert.DoesNotContain(change.Item1, page);
        }
        using var longAgo = await client.OpenAuthorization(("max_age", "9223372036854775807"));
        Assert.Equal(HttpStatusCode.OK, longAgo.StatusCode);

        async Task<string?> Refused(string prompt)
        {
            using var answer = await client.OpenAuthorization(("prompt", prompt));
            return System.Web.HttpUtility.ParseQueryString(answer.Headers.Location!.Query)["error"];
        }
    }

    [Theory]
    [InlineData("prompt", "login")]
    [InlineData("max_age", "0")]
    public async Task A_new_login_that_a_pushed_request_asks_for_is_asked_for_once(string name, string value)
    {
        using var client = await OAuthClient.Register();
        await client.Authorize("doctor@general.example", "Demo-Medcor-2026", ["medcor.read"]);
        // The time of a pushed request is kept in whole seconds.
        var loggedInAt = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        await Wait.Until(() => Task.FromResult(DateTimeOffset.UtcNow.ToUnixTimeSeconds() > loggedInAt), "the next second", TimeSpan.FromSeconds(5));

        var (_, pushed) = await client.Push((name, value));
        Assert.InRange((int)pushed["expires_in"]!, 890, 900);
        using var start = await client.OpenPushed((string)pushed["request_uri"]!);
        Assert.StartsWith("/oauth/login", start.Headers.Location!.ToString());
        var callback = await client.Complete(start, "doctor@general.example", "Demo-Medcor-2026", ["medcor.read"]);

        Assert.Equal(HttpStatusCode.OK, (await client.Redeem(callback["code"])).Status);
    }

    [Fact]
    public async Task Characters_that_nothing_has_find_nobody()
    {
        using var client = await OAuthClient.Register();
        using var unknown = await client.OpenAuthorization(("client_id", "a\0"));
        using var nobody = await client.LogIn(new("/oauth/login", UriKind.Relative), "a\0@b.example", "wrong\0");

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (unknown.StatusCode, nobody.StatusCode));
    }

    [Theory]
    [InlineData("/oauth/token")]
    [InlineData("/oauth/revoke")]
    [InlineData("/oauth/introspect")]
    [InlineData("/oauth/par")]
    [InlineData("/oauth/login")]
    [InlineData("/oauth/authorize")]
    public async Task A_form_that_cannot_be_read_is_an_invalid_request(string path)
    {
        using var client = await OAuthClient.Register("client_secret_post");
        (string, string)[][] forms =
        [
            [("grant_type", "refresh_token"), ("refresh_token", "a\0"), ("token", "a\0")],
            [("grant_type", "authorization_code"), ("code", "a\0"), ("code_verifier", "a\0")],
            [.. Enumerable.Range(0, 1100).Select(i => ($"f{i}", "x"))],
        ];
        foreach (var form in forms)
        {
            var (status, refused) = await client.Post(path, form);

            Assert.Equal((HttpStatusCode.BadRequest, "invalid_request"), (status, refused.OAuthError()));
        }
    }

    [Theory]
    [InlineData("javascript:alert(1)", "invalid_redirect_uri")]
    [InlineData("http://elsewhere.example/", "invalid_redirect_uri")]
    [InlineData("https://app.example/#here", "invalid_redirect_uri")]
    [InlineData("https://user@app.example/", "invalid_redirect_uri")]
    [InlineData("callback", "invalid_redirect_uri")]
    public async Task A_redirect_address_that_a_stranger_could_answer_is_not_registered(string address, string error)
    {
        var (status, body) = await OAuthClient.TryRegister(new { redirect_uris = new[] { address } });

        Assert.Equal((HttpStatusCode.BadRequest, error), (status, body.OAuthError()));
    }

    [Fact]
    public async Task Addresses_of_known_programs_are_registered_as_they_are()
    {
        string[] addresses =
        [
            "https://claude.ai/api/mcp/auth_callback", "http://127.0.0.1:33418/", "https://vscode.dev/redirect", "http://[::1]/callback",
            "cursor://anysphere.cursor-mcp/oauth/callback",
        ];

        var (status, body) = await OAuthClient.TryRegister(new { client_name = "Several", redirect_uris = addresses, application_type = "web", unknown = 1 });

        Assert.Equal((HttpStatusCode.Created, "client_secret_basic"), (status, (string?)body["token_endpoint_auth_method"]));
        Assert.Equal(addresses, body["redirect_uris"]!.AsArray().Select(a => (string)a!));
    }

    private static Task AssertEnds(OAuthClient client, string access) => Wait.Until(
        async () => (await client.Call(access, "get_current_user")).Code == "AUTH_INVALID", "the access token is good no longer", TimeSpan.FromSeconds(10));
}
