using System.Globalization;
using MedCor.Contracts;
using MedCor.Contracts.Billing;

namespace MedCor.Tests.Services.Billing;

/// <summary>Represents a hospital of a single test, and the platform administrator who acts for it.</summary>
internal sealed record SubscriptionFixture(ApiClient Platform, Guid Id, TimeZoneInfo Zone)
{
    internal const string Basic = "01980000-0000-7000-9000-000000000001";
    internal const string Professional = "01980000-0000-7000-9000-000000000002";
    internal const string Enterprise = "01980000-0000-7000-9000-000000000003";

    internal DateOnly Today => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(DateTimeOffset.UtcNow, Zone).DateTime);

    internal static async Task<SubscriptionFixture> Open(string zone = "Europe/Berlin")
    {
        var platform = await ApiClient.LogInShared("admin@medcor.example");
        var name = $"h{Guid.NewGuid():N}";
        var hospital = await platform.Call<MedCor.Contracts.Hospital.Hospital>("create_hospital", new
        {
            name, subdomain = name, registration_number = name, email = "office@hospital.example", phone_number = "+1-555-0100", address_line1 = "1 Way",
            city = "City", country = "Country", postal_code = "10001", hospital_type = "General", time_zone = zone,
        });
        return new(platform, hospital.Id, TimeZoneInfo.FindSystemTimeZoneById(zone));
    }

    /// <summary>Returns the parameters of create_subscription.</summary>
    internal object CreateRequest(string plan = Basic, DateOnly? start = null, string cycle = "MONTHLY") =>
        new { hospital_id = Id, plan_id = plan, start_date = FormatDate(start ?? Today), billing_cycle = cycle };

    internal Task<Subscription> Subscribe(string plan = Basic, DateOnly? start = null, string cycle = "MONTHLY") =>
        Platform.Call<Subscription>("create_subscription", CreateRequest(plan, start, cycle));

    internal Task<Subscription> Get(Subscription subscription) =>
        Platform.Call<Subscription>("get_subscription", new { subscription_id = subscription.Id });

    /// <summary>Returns the hospital's invoices in ascending order of their number.</summary>
    internal async Task<Invoice[]> ListInvoices() =>
        [.. (await Platform.Call<Page<Invoice>>("list_invoices", new { hospital_id = Id, sort = "number", limit = 100 })).Results];

    internal static string FormatDate(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    internal static decimal ParseAmount(string text) => decimal.Parse(text, CultureInfo.InvariantCulture);
}
