using System.Net;
using MedCor.Contracts;
using MedCor.Contracts.Billing;
using Npgsql;

namespace MedCor.Tests.Services.Billing.Invoices;

public class InvoiceTests
{
    [Fact]
    public async Task Numbers_have_no_gap_however_many_write_at_once_and_whatever_fails()
    {
        var hospital = await SubscriptionFixture.Open();
        var id = (await hospital.Subscribe()).Id;
        string[] plans = [SubscriptionFixture.Professional, SubscriptionFixture.Enterprise, SubscriptionFixture.Basic];

        // Every second call takes an invoice number and is then refused, because the hospital already has a subscription.
        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => i % 2 == 0
            ? hospital.Platform.TryCall("update_subscription", new { subscription_id = id, plan_id = plans[i / 2 % 3] })
            : hospital.Platform.TryCall("create_subscription", hospital.CreateRequest())));

        Assert.Equal(20, answers.Count(a => a.Status == HttpStatusCode.OK));
        Assert.Equal(20, answers.Count(a => a.Code == "CONFLICT"));
        var invoices = await hospital.ListInvoices();
        Assert.True(invoices.Length > 2);
        Assert.Equal(Enumerable.Range(1, invoices.Length).Select(n => (long)n), invoices.Select(i => i.Number));
    }

    [Theory]
    [InlineData("UPDATE invoices SET total = 0")]
    [InlineData("DELETE FROM invoices")]
    [InlineData("TRUNCATE invoices")]
    [InlineData("UPDATE plans SET monthly = 1")]
    public async Task The_service_itself_cannot_change_an_issued_invoice_or_a_plan(string sql)
    {
        var system = await MedCorFixture.Get();
        await using var billing = await system.OpenDatabase("billing");
        await using var batch = new NpgsqlBatch(billing)
        {
            BatchCommands = { new("SET ROLE medcor_billing"), new("SELECT set_config('medcor.hospital', '*', true)"), new(sql) }
        };

        var refused = await Assert.ThrowsAsync<PostgresException>(() => batch.ExecuteNonQueryAsync());

        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
    }

    [Fact]
    public async Task Lists_narrow_by_subscription_type_and_day()
    {
        var hospital = await SubscriptionFixture.Open();
        var first = (await hospital.Subscribe()).Id;
        await hospital.Platform.Call("cancel_subscription", new { subscription_id = first, immediate = true });
        var second = (await hospital.Subscribe()).Id;

        Assert.Equal(2, await Total(new { subscription_id = first }));
        Assert.Equal(1, await Total(new { subscription_id = second }));
        Assert.Equal(1, await Total(new { hospital_id = hospital.Id, type = "CREDIT_NOTE" }));
        Assert.Equal(3,
            await Total(
                new
                {
                    hospital_id = hospital.Id, date_from = SubscriptionFixture.FormatDate(hospital.Today.AddDays(-1)),
                    date_to = SubscriptionFixture.FormatDate(hospital.Today.AddDays(1))
                }));
        Assert.Equal(0, await Total(new { hospital_id = hospital.Id, date_from = SubscriptionFixture.FormatDate(hospital.Today.AddDays(2)) }));
        Assert.NotNull((await hospital.Platform.TryCall("list_invoices", new { date_from = "2026-02-01", date_to = "2026-01-01" })).Details!["date_to"]);

        async Task<long> Total(object asked) => (await hospital.Platform.Call<Page<Invoice>>("list_invoices", asked)).Total;
    }
}
