using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;

namespace MedCor.Tests.Services.Clinical.Audit;

/// <summary>Tests the export of the audit trail through the gateway.</summary>
public sealed class ExportAuditEventsTests
{
    [Fact]
    public async Task An_export_continues_where_the_last_one_ended_and_has_each_event_of_all_services_once()
    {
        var admin = (await ClinicFixture.OpenHospital("Europe/Berlin")).Admin;
        await admin.Call("list_medical_records");
        await admin.Call("list_users");
        var lines = new List<ExportedAuditEvent>();
        await Wait.Until(async () =>
        {
            for (var more = true; more;)
            {
                var page = await Export(admin, $"?limit=2&after={lines.LastOrDefault()?.Sequence ?? 0}");
                lines.AddRange(page);
                more = page.Count == 2;
            }
            return lines.Any(l => l.Event.Action == "list_medical_records") && lines.Any(l => l.Event.Action == "list_users")
                && lines.Any(l => l.Event.Action == "export_audit_events");
        }, "all is exported");

        Assert.Equal(Enumerable.Range(1, lines.Count), lines.Select(l => (int)l.Sequence));
        Assert.Equal(lines.Count, lines.DistinctBy(l => l.Event.Id).Count());
        Assert.All(lines, l => Assert.Equal((64, admin.HospitalId), (l.Hash.Length, l.Event.HospitalId)));
        Assert.Contains(lines, l => (l.Event.Service, l.Event.Kind) == ("identity", AuditKind.Demographic));
    }

    [Fact]
    public async Task Only_administrators_export_and_only_their_own_hospital()
    {
        var ward = await ClinicFixture.GetSharedReadOnly();
        var foreign = (await ClinicFixture.LogIn("admin@riverside.example")).HospitalId;

        Assert.Equal(HttpStatusCode.Forbidden, (await Ask(ward.Nurse, "")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await Ask(await ApiClient.LogIn("admin@general.example", scope: "people.read"), "")).Status);
        Assert.Equal(HttpStatusCode.OK, (await Ask(await ApiClient.LogIn("admin@general.example", scope: "audit.read"), "?limit=1")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Ask(ward.Admin, $"?hospital_id={foreign}")).Status);
        Assert.Equal(HttpStatusCode.OK, (await Ask(await ClinicFixture.LogIn("admin@medcor.example"), $"?hospital_id={foreign}&limit=1")).Status);
    }

    [Fact]
    public async Task What_is_wrong_with_a_request_is_named()
    {
        var (status, body) = await Ask((await ClinicFixture.GetSharedReadOnly()).Admin, "?after=-1&limit=10001&hospital_id=x&nonsense=1");

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(["after", "hospital_id", "limit", "nonsense", "request_id"],
            JsonNode.Parse(body)!["error"]!["details"]!.AsObject().Select(d => d.Key).Order());
    }

    private static async Task<IReadOnlyList<ExportedAuditEvent>> Export(ApiClient who, string query)
    {
        var (status, body) = await Ask(who, query);
        Assert.True(status == HttpStatusCode.OK, body);
        return [.. body.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<ExportedAuditEvent>(line, Json.Options)!)];
    }

    private static async Task<(HttpStatusCode Status, string Body)> Ask(ApiClient who, string query)
    {
        using var response = await who.Http.GetAsync(new Uri($"/api/audit/export{query}", UriKind.Relative));
        if (response.IsSuccessStatusCode) Assert.Equal("application/x-ndjson", response.Content.Headers.ContentType?.MediaType);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
