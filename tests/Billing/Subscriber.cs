using System.Globalization;
using System.Text.Json.Nodes;
using MedCor.Tests.EndToEnd;

namespace MedCor.Tests.Billing;

/// <summary>A hospital of a test's own, and the platform that acts for it.</summary>
internal sealed record Subscriber(Client Platform, Guid Id, TimeZoneInfo Zone)
{
    internal const string Basic = "01980000-0000-7000-9000-000000000001";
    internal const string Professional = "01980000-0000-7000-9000-000000000002";
    internal const string Enterprise = "01980000-0000-7000-9000-000000000003";

    internal DateOnly Today => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(DateTimeOffset.UtcNow, Zone).DateTime);

    internal static async Task<Subscriber> Open(string zone = "Europe/Berlin")
    {
        var platform = await Client.Shared("admin@medcor.example");
        var name = $"h{Guid.NewGuid():N}";
        var hospital = await platform.Do("create_hospital", new
        {
            name, subdomain = name, registration_number = name, email = "office@hospital.example", phone_number = "+1-555-0100", address_line1 = "1 Way",
            city = "City", country = "Country", postal_code = "10001", hospital_type = "General", time_zone = zone,
        });
        return new(platform, Guid.Parse((string)hospital["id"]!), TimeZoneInfo.FindSystemTimeZoneById(zone));
    }

    /// <summary>What create_subscription takes.</summary>
    internal object Wish(string plan = Basic, DateOnly? start = null, string cycle = "MONTHLY") =>
        new { hospital_id = Id, plan_id = plan, start_date = Text(start ?? Today), billing_cycle = cycle };

    internal Task<JsonNode> Subscribe(string plan = Basic, DateOnly? start = null, string cycle = "MONTHLY") => Platform.Do("create_subscription", Wish(plan, start, cycle));

    internal Task<JsonNode> Show(JsonNode subscription) => Platform.Do("get_subscription", new { subscription_id = (string?)subscription["id"] });

    /// <summary>The hospital's invoices, the first first.</summary>
    internal async Task<JsonNode[]> Invoices() =>
        [.. (await Platform.Do("list_invoices", new { hospital_id = Id, sort = "number", limit = 100 }))["results"]!.AsArray().Select(i => i!)];

    internal static string Text(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    internal static decimal Amount(JsonNode? text) => decimal.Parse((string)text!, CultureInfo.InvariantCulture);
}
