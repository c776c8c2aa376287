using MedCor.Tests.EndToEnd;

namespace MedCor.Tests.Billing.Subscriptions;

/// <summary>Who may see and change what hospitals pay.</summary>
public class RolesTests
{
    [Theory]
    [InlineData("doctor@general.example")]
    [InlineData("nurse@general.example")]
    [InlineData("patient@general.example")]
    public async Task Nobody_but_administrators(string who)
    {
        var (client, id) = (await Client.Shared(who), Guid.NewGuid());

        foreach (var (tool, parameters) in new (string, object)[]
        {
            ("list_subscription_plans", new { }), ("list_subscriptions", new { }), ("list_invoices", new { }), ("get_subscription", new { subscription_id = id }),
            ("create_subscription", new { hospital_id = client.HospitalId, plan_id = id, start_date = "2030-01-01", billing_cycle = "MONTHLY" }),
            ("update_subscription", new { subscription_id = id }), ("cancel_subscription", new { subscription_id = id }),
        })
            Assert.Equal("PERMISSION_DENIED", (await client.Call(tool, parameters)).Code);
    }

    [Fact]
    public async Task A_hospitals_administrator_has_their_own_and_finds_no_other()
    {
        var (own, foreign) = (await Subscriber.Open(), await Subscriber.Open());
        var email = $"admin-{Guid.NewGuid():N}@hospital.example";
        await own.Platform.Do("create_user", new { email, password = "ein eigenes Haus 2026", first_name = "Ada", last_name = "Own", role = "ADMIN", hospital_id = own.Id });
        var admin = await Client.As(email, "ein eigenes Haus 2026");
        var theirs = (string)(await foreign.Subscribe())["id"]!;

        var mine = (string)(await admin.Do("create_subscription", own.Wish()))["id"]!;
        await admin.Do("update_subscription", new { subscription_id = mine, plan_id = Subscriber.Professional });
        await admin.Do("cancel_subscription", new { subscription_id = mine });

        Assert.Equal(mine, (string?)Assert.Single((await admin.Do("list_subscriptions"))["results"]!.AsArray())!["id"]);
        Assert.Equal(0, (int)(await admin.Do("list_subscriptions", new { hospital_id = foreign.Id }))["total"]!);
        Assert.Equal(2, (int)(await admin.Do("list_invoices"))["total"]!);
        Assert.Equal(0, (int)(await admin.Do("list_invoices", new { hospital_id = foreign.Id }))["total"]!);
        foreach (var tool in new[] { "get_subscription", "update_subscription", "cancel_subscription" })
        {
            var (a, b) = (await admin.Call(tool, new { subscription_id = theirs }), await admin.Call(tool, new { subscription_id = Guid.NewGuid() }));
            Assert.Equal(("RESOURCE_NOT_FOUND", a.Status, (string?)a.Body["error"]!["message"]), (a.Code, b.Status, (string?)b.Body["error"]!["message"]));
        }
        Assert.Equal("RESOURCE_NOT_FOUND", (await admin.Call("create_subscription", foreign.Wish())).Code);
    }
}
