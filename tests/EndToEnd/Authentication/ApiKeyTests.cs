using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts.Identity;

namespace MedCor.Tests.EndToEnd.Authentication;

/// <summary>Tests API keys on every surface of the gateway.</summary>
public sealed class ApiKeyTests
{
    [Fact]
    public async Task A_key_is_good_on_every_surface_within_its_scopes()
    {
        var program = await ServiceAccountClient.Create("people.read people.write chat.write");
        using var http = await TestUser.CreateAnonymousClient();
        http.DefaultRequestHeaders.Authorization = new("Bearer", program.Key.ApiKey);

        using var resource = await http.GetAsync(new Uri("/api/mcp/resources/users?limit=1", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, resource.StatusCode);
        using var refused = await http.GetAsync(new Uri("/api/mcp/resources/invoices", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        using var batch = await http.PostAsJsonAsync("/api/mcp/batch",
            new { requests = new[] { new { tool = "get_current_user" }, new { tool = "list_invoices" } } });
        var answers = (await batch.Content.ReadFromJsonAsync<JsonArray>())!;
        Assert.Equal((program.Account.Id, "PERMISSION_DENIED"), ((Guid)answers[0]!["result"]!["id"]!, (string?)answers[1]!["error"]!["code"]));
        using var chat = await http.PostAsync(new Uri($"/mcp/cancel/{Guid.CreateVersion7()}", UriKind.Relative), null);
        Assert.Equal(HttpStatusCode.NotFound, chat.StatusCode);
        using var events = await http.SendAsync(new(HttpMethod.Head, "/api/mcp/sse?resources=users"));
        Assert.Equal(HttpStatusCode.OK, events.StatusCode);
        using var issued = await http.PostAsync(new Uri("/api/mcp/sse/ticket", UriKind.Relative), null);
        var ticket = (string)(await issued.Content.ReadFromJsonAsync<JsonNode>())!["ticket"]!;
        using var anonymous = await TestUser.CreateAnonymousClient();
        using var byTicket = await anonymous.SendAsync(new(HttpMethod.Head, $"/api/mcp/sse?resources=users&ticket={ticket}"));
        Assert.Equal(HttpStatusCode.OK, byTicket.StatusCode);

        await using var socket = await WebSocketClient.Connect();
        await socket.SendText($$"""{"type":"auth","token":"{{program.Key.ApiKey}}"}""");
        Assert.Equal(program.Account.Id, (Guid)(await socket.Next("auth_success"))["user_id"]!);
        await socket.SendText("""{"type":"tool_invoke","request_id":"r","tool":"get_current_user","params":{}}""");
        Assert.Equal(program.Account.Id, (Guid)(await socket.Next("tool_response"))["result"]!["id"]!);
    }

    [Fact]
    public async Task A_revoked_key_stops_at_every_gateway_while_calls_run_and_another_key_goes_on()
    {
        var program = await ServiceAccountClient.Create();
        var second = await ServiceAccountClient.CreateKey(program.Admin, program.Account.Id);
        foreach (var gateway in new[] { 0, 1 })
            foreach (var key in new[] { program.Key.ApiKey, second.ApiKey })
                Assert.Equal(HttpStatusCode.OK, (await ServiceAccountClient.Call(key, gateway: gateway)).Status);
        using var ended = new CancellationTokenSource();
        var others = Task.Run(async () =>
        {
            var failures = new List<string>();
            while (!ended.IsCancellationRequested)
                if (await ServiceAccountClient.Call(second.ApiKey) is { Status: not HttpStatusCode.OK } failure) failures.Add(failure.ToString());
            return failures;
        });

        await program.Admin.Call("revoke_api_key", new { api_key_id = program.Key.Id });

        await ServiceAccountClient.AssertEnds(program.Key.ApiKey);
        await ended.CancelAsync();
        Assert.Empty(await others);
        Assert.Equal(HttpStatusCode.OK, (await ServiceAccountClient.Call(second.ApiKey, gateway: 1)).Status);
    }

    [Fact]
    public async Task A_connection_ends_with_its_key()
    {
        var program = await ServiceAccountClient.Create();
        await using var socket = await WebSocketClient.Connect();
        await socket.SendText($$"""{"type":"auth","token":"{{program.Key.ApiKey}}"}""");
        await socket.Next("auth_success");

        await program.Admin.Call("revoke_api_key", new { api_key_id = program.Key.Id });

        Assert.Equal(4401, (await socket.WaitUntilClosed()).Code);
    }

    [Fact]
    public async Task Of_two_rotations_at_once_one_succeeds_and_both_keys_are_good_for_the_overlap()
    {
        var program = await ServiceAccountClient.Create();
        var rotation = new { api_key_id = program.Key.Id, expires_on = ServiceAccountClient.InDays(90), overlap_hours = 2 };

        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => program.Admin.TryCall("rotate_api_key", rotation)));

        var next = Assert.Single(answers, a => a.Status == HttpStatusCode.OK).Read<NewApiKey>();
        Assert.All(answers.Where(a => a.Status != HttpStatusCode.OK), a => Assert.Equal("CONFLICT", a.Code));
        foreach (var key in new[] { program.Key.ApiKey, next.ApiKey }) Assert.Equal(HttpStatusCode.OK, (await ServiceAccountClient.Call(key)).Status);
        var old = (await Keys(program)).Single(k => k.Id == program.Key.Id);
        Assert.InRange(old.ExpiresAt - DateTimeOffset.UtcNow, TimeSpan.FromMinutes(110), TimeSpan.FromHours(2));

        var last = await program.Admin.Call<NewApiKey>("rotate_api_key",
            new { api_key_id = next.Id, expires_on = ServiceAccountClient.InDays(90), overlap_hours = 0 });
        await ServiceAccountClient.AssertEnds(next.ApiKey);
        Assert.Equal(HttpStatusCode.OK, (await ServiceAccountClient.Call(last.ApiKey)).Status);
    }

    [Fact]
    public async Task A_list_shows_when_a_key_was_used_and_never_the_key()
    {
        var program = await ServiceAccountClient.Create();
        Assert.Null(Assert.Single(await Keys(program)).LastUsedAt);

        await ServiceAccountClient.Call(program.Key.ApiKey);

        var listed = await program.Admin.Call("list_api_keys", new { service_account_id = program.Account.Id });
        var key = Assert.Single(await Keys(program));
        Assert.InRange(DateTimeOffset.UtcNow - key.LastUsedAt!.Value, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Assert.StartsWith(key.Prefix, program.Key.ApiKey);
        Assert.DoesNotContain(program.Key.ApiKey[(ApiKeyFormat.PrefixLength + 1)..], listed.ToJsonString());
    }

    [Fact]
    public async Task A_wrong_key_is_refused_as_any_other_credential()
    {
        var wrong = ApiKeyFormat.Create();
        foreach (var credential in new[] { wrong, wrong[..^1] + (wrong[^1] == '0' ? '1' : '0'), "mck_", $"mck_{new string('0', 12)}_{new string('0', 72)}" })
        {
            var refused = await ServiceAccountClient.Call(credential);
            Assert.Equal((HttpStatusCode.Unauthorized, "AUTH_INVALID"), (refused.Status, refused.Code));
        }
    }

    [Fact]
    public async Task No_service_accepts_a_key_itself()
    {
        var program = await ServiceAccountClient.Create();
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", program.Key.ApiKey);

        using var refused = await http.PostAsJsonAsync(new Uri((await MedCorFixture.Get()).GetAddress("identity"), "/tools/get_current_user"), new { });

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    private static async Task<IReadOnlyList<ApiKey>> Keys(ServiceAccountClient program) =>
        (await program.Admin.Call<Contracts.Page<ApiKey>>("list_api_keys", new { service_account_id = program.Account.Id })).Results;
}
