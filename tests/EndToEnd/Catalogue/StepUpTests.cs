using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;

namespace MedCor.Tests.EndToEnd.Catalogue;

/// <summary>Tests the tools for which a recent login can be required, at every surface.</summary>
public class StepUpTests
{
    /// <summary>The step-up of platform administrators in the running system, in minutes.</summary>
    private const int PlatformMinutes = 1440;

    private static readonly Lazy<Task<StepUpFixture>> Hospital = new(StepUpFixture.Create);
    private static readonly Lazy<Task<(ApiClient Fresh, ApiClient Stale)>> Platform = new(LogInPlatform);

    public static TheoryData<string> Tools => [.. from tool in ToolCatalogue.All.Values where tool.RequiresStepUp select tool.Name];

    /// <summary>A new tool that ends something or returns a secret requires step-up, or is named here.</summary>
    [Fact]
    public void What_takes_away_or_gives_access_requires_step_up()
    {
        Assert.Equal(
            ["cancel_subscription", "create_api_key", "create_representative", "create_service_account", "delete_hospital", "delete_user", "erase_user",
                "merge_patients", "reset_second_factor", "rotate_api_key", "unmerge_patients", "update_access_policy", "update_identity_provider",
                "update_service_account", "update_sign_in_policy"],
            from tool in ToolCatalogue.All.Values where tool.RequiresStepUp select tool.Name);
        // They end what the caller began, or access that may have been stolen, which must not wait.
        Assert.Equal(["abandon_prompt", "end_session", "revoke_api_key"],
            from tool in ToolCatalogue.All.Values where !tool.RequiresStepUp && (tool.Effect == Effect.Delete || tool.ReturnsSecret) select tool.Name);
    }

    [Theory, MemberData(nameof(Tools))]
    public async Task A_login_of_long_ago_is_refused_at_the_gateway_and_at_the_service(string name)
    {
        var (house, tool) = (await MedCorFixture.Get(), ToolCatalogue.All[name]);
        var isForHospitals = (tool.Callers & Callers.HospitalAdmin) != 0;
        var (fresh, stale) = isForHospitals ? ((await Hospital.Value).Fresh, (await Hospital.Value).Stale) : await Platform.Value;
        (Uri Address, object Body)[] ways =
        [
            (new(house.Gateways[0], "/api/mcp/tools/invoke"), new { tool = name, @params = new { } }),
            (new(house.Gateways[1], $"/api/mcp/tools/{name}"), new { }),
            (new(house.GetAddress(tool.Service), $"/tools/{name}"), new { }),
        ];

        foreach (var (address, body) in ways)
        {
            using var answer = await fresh.Http.PostAsJsonAsync(address, body);
            Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.BadRequest, $"{address}: {answer}");
            await AssertRefused(await stale.Http.PostAsJsonAsync(address, body), isForHospitals ? StepUpFixture.Minutes : PlatformMinutes);
        }
    }

    [Fact]
    public async Task A_batch_refuses_the_calls_that_require_a_recent_login_and_runs_the_others()
    {
        var stale = (await Hospital.Value).Stale;

        using var answer = await stale.Http.PostAsJsonAsync("/api/mcp/batch",
            new { requests = new[] { new { tool = "get_sign_in_policy" }, new { tool = "update_sign_in_policy" }, new { tool = "cancel_subscription" } } });

        var items = (await answer.Content.ReadFromJsonAsync<JsonArray>())!;
        Assert.NotNull(items[0]!["result"]);
        Assert.All(items.Skip(1), item => Assert.Equal(("AUTH_STEP_UP", 3600),
            ((string?)item!["error"]!["code"], (int)item["error"]!["details"]!["max_age"]!)));
    }

    [Fact]
    public async Task A_socket_refuses_them_lives_and_accepts_the_token_of_a_new_login()
    {
        var here = await Hospital.Value;
        await using var socket = await WebSocketClient.ConnectAs(here.Stale);

        var refused = await socket.Call("update_sign_in_policy");
        Assert.Equal(("AUTH_STEP_UP", 3600), ((string?)refused["code"], (int)refused["details"]!["max_age"]!));
        Assert.StartsWith("AUTH_STEP_UP: ", (string?)refused["error"]);
        Assert.NotNull((await socket.Call("get_sign_in_policy"))["result"]);

        await socket.Send(new { type = "auth", token = here.Fresh.AccessToken });
        await socket.Next("auth_success");
        Assert.NotNull((await socket.Call("update_sign_in_policy"))["result"]);
    }

    private static async Task<(ApiClient Fresh, ApiClient Stale)> LogInPlatform()
    {
        var admin = await TestUser.Create(await ApiClient.LogInShared(TestUser.PlatformAdminEmail), "ADMIN");
        return (await admin.LogIn(), await StepUpFixture.Age(await admin.LogIn(), PlatformMinutes + 1));
    }

    private static async Task AssertRefused(HttpResponseMessage answer, int minutes)
    {
        using (answer)
        {
            var error = await answer.ReadError();
            Assert.Equal((HttpStatusCode.Unauthorized, "AUTH_STEP_UP", minutes * 60),
                (answer.StatusCode, error.Code, (int)error.Details[StepUpRequired.Detail]!));
            Assert.Equal($"This needs a user who has logged in within the last {minutes} minutes. Log in again.", error.Message);
            Assert.Equal(StepUpFixture.Challenge(minutes), answer.Headers.WwwAuthenticate.ToString());
        }
    }
}
