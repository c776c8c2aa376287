using System.Net;
using System.Text.Json.Nodes;

namespace MedCor.Tests.Services.Clinical.AccessPolicies;

/// <summary>
/// Tests that everybody sees what the table in docs/access.md says: for each policy, role, relation, mark and emergency override, by every way to read.
/// </summary>
public sealed class AccessTableTests
{
    private const string Content = "content", Existence = "existence", Nothing = "nothing";
    private const string HospitalAdmin = "hospital administrator", Doctor = "doctor", Nurse = "nurse";

    private static readonly (string Mode, string Policy)[] Policies = [("OPEN", "open"), ("CARE_RELATIONSHIP", "care relationship")];

    [Fact]
    public async Task Everybody_sees_what_the_documented_table_says_and_nothing_else()
    {
        var (rules, ward) = (Rule.ReadAll(), await CareWard.Open());
        var (own, visited, referred) = (await ward.WriteAbout(ward.Clinic.Patient), await ward.AdmitPatient(), await ward.AdmitPatient());
        await ward.BookVisit(visited.Patient);
        foreach (var user in (ApiClient[])[ward.Doctor, ward.Nurse]) await ward.Refer(referred.Patient, user);
        (string Relation, CareContent Patient)[] all = [("none", own), ("visit", visited), ("referral", referred)];
        (string Who, ApiClient Client, (string Relation, CareContent Patient)[] Patients, bool BreaksGlass)[] people =
        [
            ("the patient", await ward.Clinic.LogInPatient(), all[..1], false),
            ("another patient", await (await TestUser.Create(ward.Admin)).LogIn(), all, false),
            ("receptionist", ward.Receptionist, all, false),
            ("platform administrator", await ClinicFixture.LogIn(TestUser.PlatformAdminEmail), all, false),
            (HospitalAdmin, ward.Admin, all, true), (Doctor, ward.Doctor, all, true), (Nurse, ward.Nurse, all, true),
        ];
        var (wrongs, walked) = (new List<string>(), new HashSet<Rule>());

        foreach (var isOverridden in (bool[])[false, true])
        {
            if (isOverridden)
                foreach (var (_, client, patients, _) in people.Where(p => p.BreaksGlass))
                    foreach (var (_, patient) in patients)
                        await client.Call("break_glass", new { patient_id = patient.Patient, reason = "Unconscious", minutes = 60 });
            foreach (var (mode, policy) in Policies)
            {
                await ward.Admin.Call("update_access_policy", new { mode });
                foreach (var (who, client, patients, breaksGlass) in people)
                    foreach (var (relation, patient) in isOverridden && !breaksGlass ? [] : patients)
                    {
                        var rule = Assert.Single(rules, r => r.Matches(policy, who, relation, isOverridden ? "yes" : "no"));
                        walked.Add(rule);
                        var seen = await Observe(client, patient);
                        if (seen != rule.Seen) wrongs.Add($"{policy}, {who}, {relation}, override {isOverridden}: {seen} instead of {rule.Seen}");
                    }
            }
        }

        Assert.Empty(wrongs);
        Assert.Empty(rules.Except(walked));
    }

    private static async Task<Seen> Observe(ApiClient client, CareContent patient)
    {
        var records = new Kind("medical_records", "medical_record", "record_id", "title");
        return new(
            await Observe(client, records, patient.Patient, patient.Record),
            await Observe(client, records, patient.Patient, patient.Restricted),
            await Observe(client, new("treatments", "treatment", "treatment_id", "name"), patient.Patient, patient.Treatment),
            await Observe(client, new("appointments", "appointment", "appointment_id", "reason"), patient.Patient, patient.Appointment));
    }

    /// <summary>Reads an entry by every way there is. Returns what it showed, or all that they showed if they differ.</summary>
    private static async Task<string> Observe(ApiClient client, Kind kind, Guid patient, Guid id)
    {
        var read = new List<string>
        {
            Of(await client.TryCall($"get_{kind.Entity}", new Dictionary<string, object> { [kind.IdParameter] = id }), body => body),
            Of(await client.TryCall($"list_{kind.Resource}", new { patient_id = patient, limit = 100 }), FindListed),
            Of(await Get(client, $"{kind.Resource}/{id}"), body => body),
            Of(await Get(client, $$"""{{kind.Resource}}?limit=100&filter={"patient_id":"{{patient}}"}"""), FindListed),
        };
        if (kind.Resource == "medical_records")
            read.Add(Of(await client.TryCall("get_medical_record_history", new { record_id = id }), body => body["results"]![0]!["record"]));
        return string.Join(" or ", read.Distinct());

        JsonNode? FindListed(JsonNode page)
        {
            var results = page["results"]!.AsArray();
            Assert.Equal(results.Count, (int)page["total"]!);
            return results.SingleOrDefault(entry => (Guid)entry!["id"]! == id);
        }

        string Of(ApiResponse response, Func<JsonNode, JsonNode?> find)
        {
            if (response.Status is HttpStatusCode.NotFound or HttpStatusCode.Forbidden) return Nothing;
            Assert.Equal(HttpStatusCode.OK, response.Status);
            if (find(response.Body) is not { } entry) return Nothing;
            return entry.ToJsonString().Contains("Secret", StringComparison.Ordinal) ? Content : entry[kind.Text] is null ? Existence : entry.ToJsonString();
        }
    }

    private static async Task<ApiResponse> Get(ApiClient client, string path)
    {
        using var response = await client.Http.GetAsync(new Uri($"/api/mcp/resources/{path}", UriKind.Relative));
        return new(response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }

    /// <param name="Text">A field with content.</param>
    private sealed record Kind(string Resource, string Entity, string IdParameter, string Text);

    private sealed record Seen(string Record, string RestrictedRecord, string Treatment, string ReasonAndNotes);

    /// <summary>Represents a row of the table.</summary>
    private sealed record Rule(string Policy, string Who, string Relation, string EmergencyOverride, Seen Seen)
    {
        internal static Rule[] ReadAll() =>
            [.. from line in File.ReadLines(Path.Combine(MedCorFixture.RepositoryRoot(), "docs", "access.md"))
                let cells = line.Split('|', StringSplitOptions.TrimEntries)
                where cells is ["", "any" or "open" or "care relationship", _, _, _, _, _, _, _, ""]
                select new Rule(cells[1], cells[2], cells[3], cells[4], new(cells[5], cells[6], cells[7], cells[8]))];

        internal bool Matches(string policy, string who, string relation, string emergencyOverride) =>
            (Policy == "any" || Policy == policy) && Who == who && (Relation == "any" || Relation == relation) && EmergencyOverride == emergencyOverride;
    }
}
