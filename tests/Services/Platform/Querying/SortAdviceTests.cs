using System.Net;
using System.Text.RegularExpressions;

namespace MedCor.Tests.Services.Platform.Querying;

/// <summary>Tests that the orders which the refusal of a filter names are accepted with that filter.</summary>
public sealed partial class SortAdviceTests
{
    [Theory]
    [InlineData("users", """{"created_at":{"gte":"2026-01-01T00:00:00Z"}}""", 1)]
    [InlineData("users", """{"first_name":{"gte":"M"}}""", 0)]
    [InlineData("patients", """{"date_of_birth":{"lt":"2000-01-01"}}""", 1)]
    [InlineData("appointments", """{"created_at":{"gte":"2026-01-01T00:00:00Z"}}""", 1)]
    [InlineData("appointments", """{"rating":{"gte":4}}""", 0)]
    [InlineData("appointments", """{"appointment_time":{"gte":"12:00:00"}}""", 0)]
    [InlineData("appointments", """{"status":"COMPLETED","updated_at":{"gte":"2026-01-01T00:00:00Z"}}""", 0)]
    [InlineData("medical_records", """{"updated_at":{"gte":"2026-01-01T00:00:00Z"}}""", 1)]
    public async Task Each_order_that_a_refusal_names_is_accepted_with_the_filter(string resource, string filter, int orders)
    {
        var admin = await ClinicFixture.LogIn("admin@general.example");
        var path = $"/api/mcp/resources/{resource}?limit=1&filter={Uri.EscapeDataString(filter)}";
        using var refused = await admin.Http.GetAsync(path);
        if (refused.StatusCode == HttpStatusCode.OK) return; // the usual order serves the filter
        var text = await refused.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);

        var named = Advice().Match(text) is { Success: true } advice ? advice.Groups["sorts"].Value.Split(" or ") : [];

        Assert.Equal(orders, named.Length);
        foreach (var sort in named)
            using (var accepted = await admin.Http.GetAsync($"{path}&sort={sort}")) Assert.True(accepted.IsSuccessStatusCode, $"{sort}: {text}");
    }

    [GeneratedRegex("one of these sorts, ascending or descending: (?<sorts>[^;]+);")]
    private static partial Regex Advice();
}
