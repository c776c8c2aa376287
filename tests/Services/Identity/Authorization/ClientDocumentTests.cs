using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using System.Web;
using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace MedCor.Tests.Services.Identity.Authorization;

/// <summary>Tests clients whose ID is the address of a document in which they describe themselves.</summary>
public sealed class ClientDocumentTests : IAsyncLifetime
{
    private readonly WebApplication _web;
    private readonly ConcurrentDictionary<string, (Func<HttpContext, Task> Answer, int Count)> _documents = new();

    public ClientDocumentTests()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        _web = builder.Build();
        _web.Run(http =>
        {
            var (answer, _) = _documents.AddOrUpdate(http.Request.Path, _ => throw new InvalidOperationException(), (_, d) => (d.Answer, d.Count + 1));
            return answer(http);
        });
    }

    public async Task InitializeAsync() => await _web.StartAsync();

    public async Task DisposeAsync() => await _web.DisposeAsync();

    [Fact]
    public async Task A_client_is_read_from_its_document_once_and_acts_for_the_user()
    {
        var id = Publish();
        using var client = await OAuthClient.ForDocument(id);

        for (var i = 0; i < 2; i++)
        {
            var callback = await client.Authorize("doctor@general.example", "Demo-Medcor-2026", ["medcor.read"]);
            var (status, tokens) = await client.Redeem(callback["code"]);
            Assert.True(status == HttpStatusCode.OK, tokens.ToJsonString());
            Assert.Equal(HttpStatusCode.OK, (await client.Refresh(tokens.RefreshToken())).Status);
        }

        Assert.Equal(1, _documents[new Uri(id).AbsolutePath].Count);
    }

    [Fact]
    public async Task The_page_names_the_host_and_the_discovery_says_that_documents_are_read()
    {
        using var client = await OAuthClient.ForDocument(Publish());
        using var http = await TestUser.CreateAnonymousClient();

        Assert.Contains("\"client_id_metadata_document_supported\": true", await http.GetStringAsync("/.well-known/oauth-authorization-server"));
        using var loggedIn = await client.LogIn((await client.OpenAuthorization()).Headers.Location!, "doctor@general.example", "Demo-Medcor-2026");
        using var page = await client.OpenAuthorization();
        var html = await page.Content.ReadAsStringAsync();
        Assert.Contains("The program is described at 127.0.0.1.", html);
        Assert.Contains("Planner", html);
    }

    [Fact]
    public async Task A_user_is_not_asked_again_what_a_client_at_an_https_address_may_do()
    {
        var somebody = await TestUser.Create("NURSE");
        using var client = await OpenAtHttps();
        await Allow(client, somebody, "medcor.read", "appointments.write");

        var (status, tokens) = await client.Redeem((await Ask(client, ("scope", "people.read appointments.write")))!);
        Assert.Equal((HttpStatusCode.OK, "people.read appointments.write"), (status, (string?)tokens["scope"]));
        (status, _) = await client.Redeem((await Ask(client, ("prompt", "none")))!);
        Assert.Equal(HttpStatusCode.OK, status);

        Assert.Null(await Ask(client, ("scope", "people.write")));
        Assert.Null(await Ask(client, ("prompt", "consent")));
        // What is dangerous is asked each time.
        await Allow(client, somebody, "medcor.read", "medcor.delete", "medcor.clinical");
        Assert.NotNull(await Ask(client));
        foreach (var scope in (string[])["medcor.read medcor.delete", "medcor.read medcor.clinical", "clinical.read", "people.delete"])
            Assert.Equal((scope, null), (scope, await Ask(client, ("scope", scope))));
    }

    [Fact]
    public async Task A_user_who_must_be_asked_is_asked_after_the_login_too()
    {
        var somebody = await TestUser.Create("NURSE");
        using var client = await OpenAtHttps();
        using var start = await client.OpenAuthorization(("prompt", "consent"));
        await client.Complete(start, somebody.Email, somebody.Password, ["medcor.read"]);

        using var again = await client.OpenAuthorization(("prompt", "login consent"));
        using var loggedIn = await client.LogIn(again.Headers.Location!, somebody.Email, somebody.Password);

        Assert.Contains("prompt=consent", loggedIn.Headers.Location!.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("end_session")]
    [InlineData("password")]
    public async Task What_a_client_may_do_is_asked_again_after_the_user_has_ended_its_access(string how)
    {
        var somebody = await TestUser.Create("NURSE");
        using var client = await OpenAtHttps();
        await Allow(client, somebody, "medcor.read");
        Assert.NotNull(await Ask(client));

        var user = await ApiClient.LogIn(somebody.Email, somebody.Password);
        if (how == "end_session")
            await user.Call("end_session",
                new { session_id = (await user.Call<Page<UserSession>>("list_sessions")).Results.First(s => s.ClientId == client.Id).Id });
        else
            await user.Call("update_user", new { user_id = somebody.Id, password = "Korrekt-Pferd-8", current_password = somebody.Password });

        using var page = await client.OpenAuthorization();
        if (page.Headers.Location is { } login)
        {
            Assert.StartsWith("/oauth/login", login.ToString());
            using var loggedIn = await client.LogIn(login, somebody.Email, "Korrekt-Pferd-8");
            Assert.Equal(HttpStatusCode.Found, loggedIn.StatusCode);
        }
        Assert.Null(await Ask(client));
    }

    [Fact]
    public async Task A_client_that_has_registered_itself_is_never_remembered()
    {
        using var client = await OAuthClient.Register(redirectUri: Https);
        await client.Authorize("doctor@general.example", "Demo-Medcor-2026", ["medcor.read"]);

        Assert.Null(await Ask(client));
    }

    public static TheoryData<string> Bad =>
    [
        "another id", "no name", "no redirects", "a redirect of null", "a secret", "html", "not found", "redirect", "too large", "not JSON", "not an object",
        "null", "slow",
    ];

    [Theory, MemberData(nameof(Bad))]
    public async Task A_document_that_cannot_be_used_gets_a_page_that_names_its_host_and_no_cause(string what)
    {
        var id = Publish((http, document) => what switch
        {
            "another id" => Send(http, document, d => d["client_id"] = $"{d["client_id"]}x"),
            "no name" => Send(http, document, d => d.Remove("client_name")),
            "no redirects" => Send(http, document, d => d.Remove("redirect_uris")),
            "a secret" => Send(http, document, d => d["token_endpoint_auth_method"] = "client_secret_post"),
            "html" => Send(http, document, _ => { }, type: "text/html"),
            "not found" => Send(http, document, _ => http.Response.StatusCode = 404),
            "redirect" => Send(http, document, _ => (http.Response.StatusCode, http.Response.Headers.Location) = (302, "/elsewhere")),
            "too large" => Send(http, document, d => d["software_statement"] = new string('x', 64 * 1024)),
            "not JSON" => Send(http, document, _ => { }, text: "{"),
            "null" => Send(http, document, _ => { }, text: "null"),
            "a redirect of null" => Send(http, document, d => d["redirect_uris"] = JsonNode.Parse("[null]")),
            "not an object" => Send(http, document, _ => { }, text: "[]"),
            _ => WaitUntilAborted(http),
        });
        using var client = await OAuthClient.ForDocument(id);

        for (var i = 0; i < 5; i++)
        {
            using var page = await client.OpenAuthorization();
            Assert.Equal((HttpStatusCode.BadRequest, null), (page.StatusCode, page.Headers.Location));
            Assert.Contains("The description of the program at 127.0.0.1 could not be used.", await page.Content.ReadAsStringAsync());
        }
        // Each of the two replicas has asked once.
        Assert.InRange(_documents[new Uri(id).AbsolutePath].Count, 1, 2);
    }

    [Theory]
    [InlineData("http://app.example/client")]
    [InlineData("https://app.example:8443/client")]
    [InlineData("https://app.example/")]
    [InlineData("https://app.example")]
    [InlineData("https://user@app.example/client")]
    [InlineData("https://app.example/client#here")]
    [InlineData("https://app.example/a/../client")]
    [InlineData("https://app.example/./client")]
    [InlineData("https://APP.example/client")]
    [InlineData("file:///etc/passwd")]
    public void An_address_that_is_not_written_as_it_should_be_is_no_client(string id)
    {
        using var documents = new ClientDocuments(Options.Create(new ClientDocumentOptions()), TimeProvider.System);

        Assert.Null(documents.FindAddress(id));
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    [InlineData("10.0.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("[::1]")]
    [InlineData("[::ffff:127.0.0.1]")]
    [InlineData("2130706433")]
    public async Task No_connection_is_made_to_an_address_that_is_not_public(string host)
    {
        var address = new Uri($"https://{host}/");

        await Assert.ThrowsAsync<HttpRequestException>(async () =>
            await PublicHttp.ConnectAsync(new DnsEndPoint(address.IdnHost.Trim('[', ']'), 443), allowLoopback: false, CancellationToken.None));
    }

    private const string Https = "https://planner.example/callback";

    private async Task<OAuthClient> OpenAtHttps()
    {
        var client = await OAuthClient.ForDocument(Publish(redirectUri: Https));
        client.RedirectUri = Https;
        return client;
    }

    private static Task<IReadOnlyDictionary<string, string>> Allow(OAuthClient client, TestUser user, params string[] scopes) =>
        client.Authorize(user.Email, user.Password, scopes, changes: ("scope", string.Join(' ', scopes)));

    /// <summary>Sends a user who is logged in to the page. Returns the code when the user is not asked; null when the user is.</summary>
    private static async Task<string?> Ask(OAuthClient client, params (string Name, string? Value)[] changes)
    {
        using var answer = await client.OpenAuthorization(changes);
        if (answer.StatusCode == HttpStatusCode.OK) return null;
        Assert.StartsWith(client.RedirectUri, answer.Headers.Location!.ToString());
        return HttpUtility.ParseQueryString(answer.Headers.Location.Query)["code"] ?? throw new Xunit.Sdk.XunitException(answer.Headers.Location.Query);
    }

    private static Task WaitUntilAborted(HttpContext http)
    {
        var aborted = new TaskCompletionSource();
        http.RequestAborted.Register(aborted.SetResult);
        return aborted.Task;
    }

    private string Publish(Func<HttpContext, JsonObject, Task>? answer = null, string redirectUri = "http://127.0.0.1/callback")
    {
        var path = $"/{Guid.NewGuid()}/client";
        var id = _web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single() + path;
        var document = new JsonObject
        {
            ["client_id"] = id, ["client_name"] = "Planner", ["redirect_uris"] = new JsonArray(redirectUri),
            ["logo_uri"] = "https://elsewhere.example/",
        };
        _documents[path] = (http => answer is null ? Send(http, document, _ => { }) : answer(http, document), 0);
        return id;
    }

    private static Task Send(HttpContext http, JsonObject document, Action<JsonObject> change, string type = "application/json", string? text = null)
    {
        var changed = (JsonObject)document.DeepClone();
        change(changed);
        http.Response.ContentType = type;
        return http.Response.WriteAsync(text ?? changed.ToJsonString());
    }
}
