using System.Diagnostics;
using System.Text.Json.Nodes;
using MedCor.Contracts.Hospital;
using MedCor.Gateway.Limits;

namespace MedCor.Tests.EndToEnd.Mcp;

/// <summary>Tests that a client learns of changes to what its user may see, within a second and at any gateway, and of nothing else.</summary>
public sealed class McpSubscriptionTests
{
    private const string Departments = "medcor://departments";

    private const string IdMember = "io.modelcontextprotocol/subscriptionId";

    [Fact]
    public async Task A_change_is_told_within_a_second_at_the_other_gateway_to_those_who_may_see_it()
    {
        var (here, elsewhere) = (await Administrator.Create(), await Administrator.Create());
        await using var subscription = await McpSubscription.Open(here.Agent, "listen:0", Departments);
        await using var foreign = await McpSubscription.Open(elsewhere.Agent, 7, Departments);
        await subscription.Next();
        await foreign.Next();

        // A busy machine may delay one, but not all.
        var fastest = TimeSpan.MaxValue;
        for (var i = 0; i < 5 && fastest > TimeSpan.FromSeconds(1); i++)
        {
            await here.CreateDepartment();
            var watch = Stopwatch.StartNew();
            Assert.Equal(Departments, await subscription.NextChange());
            if (watch.Elapsed < fastest) fastest = watch.Elapsed;
        }
        Assert.True(fastest <= TimeSpan.FromSeconds(1), $"It took {fastest}.");
        await elsewhere.CreateDepartment();
        Assert.Equal(Departments, await foreign.NextChange());

        // The other hospital learned of its own change alone.
        Assert.Equal(2, foreign.Messages.Count);
    }

    [Fact]
    public async Task Of_a_single_entity_only_its_own_changes_are_told()
    {
        var here = await Administrator.Create();
        await using var all = await McpSubscription.Open(here.Agent, 1, Departments);
        await all.Next();
        var department = await here.CreateDepartment();
        await all.NextChange();
        var user = await TestUser.Create(here.User);
        await using var one = await McpSubscription.Open(here.Agent, 2, $"{Departments}/{department.Id}", $"medcor://users/{user.Id}");
        await one.Next();

        await here.CreateDepartment();
        await all.NextChange();
        await here.User.Call("update_user", new { user_id = user.Id, first_name = "Ruth" });

        Assert.Equal($"medcor://users/{user.Id}", await one.NextChange());
        Assert.DoesNotContain(one.Messages, message => (string?)message["params"]!["uri"] == $"{Departments}/{department.Id}");
    }

    [Fact]
    public async Task What_is_honored_is_acknowledged_first_and_names_the_subscription_as_it_was_written()
    {
        var here = await Administrator.Create();
        const string Unknown = "medcor://departments/01980a3c-5d2e-7b41-9c07-3f6a1e8b2d54";
        foreach (var id in (JsonNode[])["listen:0", 9_007_199_254_740_993])
        {
            await using var subscription = await McpSubscription.Open(
                here.Agent, id.DeepClone(), Departments, Unknown, "https://elsewhere.example", Departments);

            var message = await subscription.Next();

            Assert.Equal("notifications/subscriptions/acknowledged", (string?)message["method"]);
            Assert.Equal(["resourceSubscriptions"], message["params"]!["notifications"]!.AsObject().Select(flag => flag.Key));
            Assert.Equal([Departments, Unknown],
                message["params"]!["notifications"]!["resourceSubscriptions"]!.AsArray().Select(uri => (string)uri!));
            Assert.Equal(id.ToJsonString(), message["params"]!["_meta"]![IdMember]!.ToJsonString());
        }
    }

    [Fact]
    public async Task A_subscription_ends_with_its_authorization_by_a_result()
    {
        var user = await TestUser.Create();
        await using var subscription = await McpSubscription.Open(await McpClient.Authorize(user.Email, user.Password), "listen:1", "medcor://appointments");
        await subscription.Next();

        await (await ApiClient.LogInShared(TestUser.HospitalAdminEmail)).Call("update_user", new { user_id = user.Id, is_active = false });

        var end = await subscription.Next();
        Assert.Equal(("listen:1", "complete", "listen:1"),
            ((string?)end["id"], (string?)end["result"]!["resultType"], (string?)end["result"]!["_meta"]![IdMember]));
        await subscription.WaitUntilClosed();
    }

    [Fact]
    public async Task A_subscription_has_at_most_a_hundred_resources()
    {
        var agent = await McpClient.Authorize(TestUser.HospitalAdminEmail);
        string[] uris = [.. Enumerable.Range(0, 101).Select(i => $"{Departments}?page={i}")];

        await using var refused = await McpSubscription.Open(agent, 1, uris);
        await using var accepted = await McpSubscription.Open(agent, 2, uris[1..]);

        var error = (await refused.Next())["error"]!;
        Assert.Equal(-32602, (int)error["code"]!);
        Assert.Contains("100", (string?)error["message"], StringComparison.Ordinal);
        Assert.Equal(100, (await accepted.Next())["params"]!["notifications"]!["resourceSubscriptions"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_user_has_at_most_eight_subscriptions_and_a_new_one_when_another_ends()
    {
        var user = await TestUser.Create();
        var agent = await McpClient.Authorize(user.Email, user.Password);
        var open = new List<McpSubscription>();
        try
        {
            for (var i = 0; i < OpenConnectionLimiter.MaxSubscriptionsPerUser; i++)
            {
                open.Add(await McpSubscription.Open(agent, i, "medcor://appointments"));
                Assert.Null((await open[i].Next())["error"]);
            }
            await using (var refused = await McpSubscription.Open(agent, 100, "medcor://appointments"))
            {
                var error = (await refused.Next())["error"]!;
                Assert.Equal(-32602, (int)error["code"]!);
                Assert.Contains("8 subscriptions", (string?)error["message"], StringComparison.Ordinal);
            }

            await open[0].DisposeAsync();
            open.RemoveAt(0);
            await Wait.Until(async () =>
            {
                await using var next = await McpSubscription.Open(agent, 101, "medcor://appointments");
                return (await next.Next())["error"] is null;
            }, "there is room for another subscription");
        }
        finally
        {
            foreach (var subscription in open) await subscription.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_quiet_subscription_gets_signs_of_life()
    {
        await using var subscription = await McpSubscription.Open(
            await McpClient.Authorize(TestUser.HospitalAdminEmail), 1, "medcor://hospitals");
        await subscription.Next();

        await subscription.NextComment(TimeSpan.FromSeconds(20));
    }

    /// <summary>Represents the administrator of a new hospital, who is logged in at one gateway and whose agent is at the other.</summary>
    private sealed record Administrator(ApiClient User, McpClient Agent)
    {
        private int _departments;

        public static async Task<Administrator> Create()
        {
            var hospital = await ClinicFixture.OpenHospital("Europe/Berlin");
            var admin = await TestUser.Create(hospital.Admin, "ADMIN");
            return new(await admin.LogIn(), await McpClient.Authorize(admin.Email, admin.Password, gateway: 1));
        }

        public Task<Department> CreateDepartment()
        {
            var number = ++_departments;
            return User.Call<Department>("create_department", new { name = $"Unit {number}", code = $"U{number}" });
        }
    }
}
