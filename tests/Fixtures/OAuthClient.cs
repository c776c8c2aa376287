using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Web;
using Microsoft.IdentityModel.Tokens;

namespace MedCor.Tests.Fixtures;

/// <summary>
/// Represents a client of the authorization server together with the browser of its user, which runs no scripts and follows redirects one by one.
/// </summary>
internal sealed partial class OAuthClient : IDisposable
{
    private readonly HttpClient _browser;

    private OAuthClient(Uri server, string id, string? secret, string redirectUri)
    {
        (Id, Secret, RedirectUri) = (id, secret, redirectUri);
        _browser = new(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = new() }) { BaseAddress = server };
    }

    public string Id { get; }
    public string? Secret { get; }
    public string RedirectUri { get; set; }

    /// <summary>Gets the code verifier (RFC 7636) of the last request.</summary>
    public string Verifier { get; private set; } = "";

    /// <summary>Gets the issuer: the public address of the running system.</summary>
    public string Issuer => _browser.BaseAddress!.ToString().TrimEnd('/');

    /// <summary>Gets the resource of everything but MCP.</summary>
    public string Api => Issuer + "/api";

    /// <summary>Registers a client.</summary>
    public static async Task<OAuthClient> Register(string authentication = "none", string redirectUri = "http://127.0.0.1/callback")
    {
        var (status, body) = await TryRegister(
            new { client_name = "Planner", redirect_uris = new[] { redirectUri }, token_endpoint_auth_method = authentication });
        Assert.Equal(HttpStatusCode.Created, status);
        return new((await MedCorFixture.Get()).Gateways[0], (string)body["client_id"]!, (string?)body["client_secret"], redirectUri);
    }

    /// <summary>Creates a client whose ID is the address of its document.</summary>
    public static async Task<OAuthClient> ForDocument(string id) => new((await MedCorFixture.Get()).Gateways[0], id, secret: null, "http://127.0.0.1/callback");

    public static async Task<(HttpStatusCode Status, JsonNode Body)> TryRegister(object metadata)
    {
        using var http = await TestUser.CreateAnonymousClient();
        using var response = await http.PostAsJsonAsync("/oauth/register", metadata);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }

    /// <summary>Sends the user to the authorization page.</summary>
    /// <param name="changes">Parameters that differ from those of a correct request for <c>medcor.read</c>; null leaves one out.</param>
    public Task<HttpResponseMessage> OpenAuthorization(params (string Name, string? Value)[] changes) =>
        _browser.GetAsync(new Uri($"/oauth/authorize?{CreateQuery(changes)}", UriKind.Relative));

    /// <summary>Sends the user to the authorization page for a request that was pushed before.</summary>
    public Task<HttpResponseMessage> OpenPushed(string requestUri) => _browser.GetAsync(
        new Uri($"/oauth/authorize?client_id={Uri.EscapeDataString(Id)}&request_uri={Uri.EscapeDataString(requestUri)}", UriKind.Relative));

    /// <summary>Pushes a request to the server (RFC 9126). Returns the answer, which has the name of the request.</summary>
    /// <param name="changes">Parameters that differ from those of a correct request for <c>medcor.read</c>; null leaves one out.</param>
    public Task<(HttpStatusCode Status, JsonNode Body)> Push(params (string Name, string? Value)[] changes) =>
        Post("/oauth/par", [.. CreateParameters(changes).Where(p => p.Key != "client_id").Select(p => (p.Key, p.Value))]);

    /// <summary>Returns the address of the authorization page, for another browser.</summary>
    public Uri GetAuthorizationAddress(params (string Name, string? Value)[] changes) =>
        new(_browser.BaseAddress!, $"/oauth/authorize?{CreateQuery(changes)}");

    /// <summary>Logs the user in and allows what is asked. Returns the parameters that the client receives at its redirect address.</summary>
    /// <param name="scopes">The scopes that the user ticks.</param>
    public async Task<IReadOnlyDictionary<string, string>> Authorize(string email, string password, string[] scopes, string decision = "allow",
        params (string Name, string? Value)[] changes)
    {
        using var start = await OpenAuthorization(changes);
        return await Complete(start, email, password, scopes, decision);
    }

    /// <summary>Logs the user in, if the authorization page has asked for it, and allows what is asked. Returns what the client receives.</summary>
    public async Task<IReadOnlyDictionary<string, string>> Complete(HttpResponseMessage start, string email, string password, string[] scopes,
        string decision = "allow")
    {
        var page = start.Headers.Location;
        if (page is not null)
        {
            using var loggedIn = await LogIn(page, email, password);
            Assert.Equal(HttpStatusCode.Found, loggedIn.StatusCode);
            page = loggedIn.Headers.Location;
        }
        using var consent = await _browser.GetAsync(page ?? start.RequestMessage!.RequestUri);
        Assert.Equal(HttpStatusCode.OK, consent.StatusCode);
        using var answer = await Submit(consent, [("decision", decision), .. scopes.Select(scope => ($"grant:{scope}", "true"))]);
        Assert.True(answer.Headers.Location is not null, await answer.Content.ReadAsStringAsync());
        var location = answer.Headers.Location;
        Assert.StartsWith(RedirectUri, location.ToString());
        var query = HttpUtility.ParseQueryString(location.Query);
        return query.AllKeys.ToDictionary(key => key!, key => query[key]!);
    }

    /// <summary>Fills in the page on which a user logs in.</summary>
    public async Task<HttpResponseMessage> LogIn(Uri page, string email, string password)
    {
        using var form = await _browser.GetAsync(page);
        Assert.Equal(HttpStatusCode.OK, form.StatusCode);
        return await Submit(form, [("email", email), ("password", password)]);
    }

    /// <summary>Exchanges the code for tokens.</summary>
    public Task<(HttpStatusCode Status, JsonNode Body)> Redeem(string code, params (string Name, string Value)[] others) => PostToken(
        [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", RedirectUri), ("code_verifier", Verifier), .. others]);

    public Task<(HttpStatusCode Status, JsonNode Body)> Refresh(string token, params (string Name, string Value)[] others) =>
        PostToken([("grant_type", "refresh_token"), ("refresh_token", token), .. others]);

    /// <summary>Lets a user of the demo data authorize the client, and returns its tokens.</summary>
    public async Task<JsonNode> Obtain(string email, params string[] scopes)
    {
        var callback = await Authorize(email, "Demo-Medcor-2026", scopes, changes: ("scope", string.Join(' ', scopes)));
        var (status, tokens) = await Redeem(callback["code"]);
        Assert.True(status == HttpStatusCode.OK, tokens.ToJsonString());
        return tokens;
    }

    /// <summary>Posts to an endpoint at which the client authenticates itself.</summary>
    public async Task<(HttpStatusCode Status, JsonNode Body)> Post(string path, params (string Name, string Value)[] form)
    {
        var fields = form.Append(("client_id", Id));
        if (Secret is not null) fields = fields.Append(("client_secret", Secret));
        using var content = new FormUrlEncodedContent(fields.Select(f => KeyValuePair.Create(f.Item1, f.Item2)));
        using var response = await _browser.PostAsync(new Uri(path, UriKind.Relative), content);
        var text = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!);
    }

    /// <summary>Calls a tool with an access token.</summary>
    public async Task<CallResponse> Call(string accessToken, string tool, object? parameters = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/mcp/tools/{tool}") { Content = JsonContent.Create(parameters ?? new { }) };
        request.Headers.Authorization = new("Bearer", accessToken);
        using var response = await _browser.SendAsync(request);
        return new(response.StatusCode, await response.Content.ReadAsStringAsync(), IsReplay: false);
    }

    public void Dispose() => _browser.Dispose();

    private Task<(HttpStatusCode Status, JsonNode Body)> PostToken(params (string Name, string Value)[] form) => Post("/oauth/token", form);

    private string CreateQuery((string Name, string? Value)[] changes) =>
        string.Join('&', CreateParameters(changes).Select(p => $"{p.Key}={Uri.EscapeDataString(p.Value)}"));

    private KeyValuePair<string, string>[] CreateParameters((string Name, string? Value)[] changes)
    {
        Verifier = Base64UrlEncoder.Encode(RandomNumberGenerator.GetBytes(32));
        var parameters = new Dictionary<string, string?>
        {
            ["client_id"] = Id, ["response_type"] = "code", ["redirect_uri"] = RedirectUri, ["scope"] = "medcor.read", ["state"] = "s", ["resource"] = Api,
            ["code_challenge"] = Base64UrlEncoder.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier))), ["code_challenge_method"] = "S256",
        };
        foreach (var (name, value) in changes) parameters[name] = value;
        return [.. parameters.Where(p => p.Value is not null).Select(p => KeyValuePair.Create(p.Key, p.Value!))];
    }

    /// <summary>Submits the form that has the first of these fields, with its hidden fields.</summary>
    private async Task<HttpResponseMessage> Submit(HttpResponseMessage page, (string Name, string Value)[] fields)
    {
        using var content = HtmlForm.Find(await page.Content.ReadAsStringAsync(), fields[0]).Fill(fields);
        return await _browser.PostAsync(page.RequestMessage!.RequestUri, content);
    }
}
