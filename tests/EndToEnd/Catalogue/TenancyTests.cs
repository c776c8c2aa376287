using System.Net;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using Npgsql;

namespace MedCor.Tests.EndToEnd.Catalogue;

/// <summary>Tests that no data of another hospital can be read, written or inferred, through any parameter of any tool.</summary>
public class TenancyTests
{
    public static TheoryData<string> Tools => CatalogueFixture.Tools;

    [Theory, MemberData(nameof(Tools))]
    public async Task An_id_of_another_hospital_is_answered_as_one_that_does_not_exist(string name)
    {
        var (tool, own, foreign) = (ToolCatalogue.All[name], await CatalogueFixture.Own, await CatalogueFixture.Foreign);
        var draft = new ParameterGenerator(tool);
        var paths = draft.Ids.Where(id => IsOfAHospital(id.Kind)).ToArray();
        if (paths.Length == 0) return;

        var theirs = new Dictionary<string, string>();
        foreach (var (_, kind) in paths) theirs[kind] = await foreign.FindOrCreateId(kind);
        var before = tool.Effect == Effect.Read ? "" : await RowsOf(foreign.Hospital);
        foreach (var caller in own.CallersAllowed(tool).Where(c => c.HospitalId is not null))
            foreach (var (path, kind) in paths)
            {
                // Every parameter is valid except for the one ID, so that only the ID decides. Staff have an e-mail address.
                var parameters = await draft.Generate([path[0], "email", tool.ExampleParameter ?? path[0]], k => own.FindOrCreateId(k, caller));
                var toForeign = await caller.Post(tool, With(parameters, path, theirs[kind]));
                var toNothing = await caller.Post(tool, With(parameters, path, Guid.CreateVersion7().ToString()));

                if (IsOnRecord(toForeign, own.Hospital)) continue;
                Assert.Equal(toNothing.ComparableText, toForeign.ComparableText);
                var isEmptyList = toForeign.Status == HttpStatusCode.OK && toForeign.Body["results"] is JsonArray { Count: 0 }
                    && (int)toForeign.Body["total"]! == 0;
                // A caller may also be allowed to do this only to themselves.
                Assert.True(toForeign.Code is ErrorCodes.ResourceNotFound or ErrorCodes.PermissionDenied || isEmptyList,
                    $"{string.Join('.', path)}: {toForeign}");
            }
        if (tool.Effect != Effect.Read) Assert.Equal(before, await RowsOf(foreign.Hospital));
    }

    public static TheoryData<string> ListsOfAHospital =>
    [
        .. from tool in ToolCatalogue.All.Values
           where tool.Params.GetProperty("Page") is not null && tool.Params.GetProperty("HospitalId") is not null
           select tool.Name,
        .. from resource in ResourceCatalogue.All.Values
           where resource.Name != "hospitals" && resource.Fields.Contains("hospital_id")
           select $"resources/{resource.Name}",
    ];

    [Theory, MemberData(nameof(ListsOfAHospital))]
    public async Task A_list_of_a_hospital_that_does_not_exist_is_not_found(string list)
    {
        var (own, foreign) = (await CatalogueFixture.Own, await CatalogueFixture.Foreign);
        var callers = list.StartsWith("resources/", StringComparison.Ordinal)
            ? ResourceCatalogue.All[list["resources/".Length..]].Callers
            : ToolCatalogue.All[list].Callers;

        foreach (var (kind, caller) in own.People.Where(p => callers.HasFlag(p.Key)))
        {
            foreach (var nobodys in kind == Callers.Platform ? (Guid[])[Guid.CreateVersion7()] : [Guid.CreateVersion7(), foreign.Hospital])
            {
                Assert.Equal((list, kind, HttpStatusCode.NotFound, "There is no such hospital."), await Ask(caller, kind, nobodys));
                if (list.StartsWith("resources/", StringComparison.Ordinal) && list != "resources/analytics/dashboard")
                    Assert.Equal((list, kind, HttpStatusCode.NotFound, "There is no such hospital."), await Ask(caller, kind, own.Hospital, nobodys));
            }
            Assert.Equal((list, kind, HttpStatusCode.OK, null), await Ask(caller, kind, own.Hospital));
        }

        async Task<(string, Callers, HttpStatusCode, string?)> Ask(ApiClient caller, Callers kind, params Guid[] hospitals)
        {
            var filter = new JsonObject
            {
                ["hospital_id"] = hospitals is [var one]
                    ? one.ToString()
                    : new JsonObject { ["in"] = new JsonArray([.. hospitals.Select(h => (JsonNode)h.ToString())]) }
            };
            if (list == "get_specialty_doctors") filter["specialty_id"] = await own.FindOrCreateId("specialty");
            using var response = list.StartsWith("resources/", StringComparison.Ordinal)
                ? await caller.Http.GetAsync($"/api/mcp/{list}?filter={Uri.EscapeDataString(filter.ToJsonString())}")
                : await caller.Http.PostAsync($"/api/mcp/tools/{list}", new StringContent(filter.ToJsonString(), null, "application/json"));
            return (list, kind, response.StatusCode, (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]?["message"]);
        }
    }

    /// <summary>
    /// Returns whether the response is the audit events of an attempt on an ID that does not exist: recorded in the caller's hospital, with no rows returned
    /// but those of the trail itself, which has the attempt.
    /// </summary>
    private static bool IsOnRecord(CallResponse answer, Guid hospital) =>
        answer.Status == HttpStatusCode.OK && answer.Body["results"] is JsonArray { Count: > 0 } rows
        && rows.All(row => ((int?)row!["rows"] == 0 || (string?)row["kind"] == "AUDIT") && (Guid)row["hospital_id"]! == hospital);

    private static JsonObject With(JsonObject parameters, string[] path, string id)
    {
        var copy = (JsonObject)parameters.DeepClone();
        JsonNode at = copy;
        foreach (var step in path[..^1]) at = at[step] is JsonArray list ? list[0]! : at[step]!;
        at[path[^1]] = id;
        return copy;
    }

    /// <summary>Returns whether a kind of entity belongs to a hospital. Some, such as specialties, are the platform's and shared by all.</summary>
    private static bool IsOfAHospital(string kind) =>
        kind == "hospital" || CatalogueFixture.FindListTool(kind).Result.GetGenericArguments()[0].GetProperty("HospitalId") is not null;

    /// <summary>
    /// Returns the versioned rows of a hospital in all databases, without what a service writes only when it hears of them: Analytics and the copies of users
    /// and hospitals may still be hearing of what the test has created.
    /// </summary>
    private static async Task<string> RowsOf(Guid hospital)
    {
        var house = await MedCorFixture.Get();
        var rows = new List<string>();
        foreach (var service in ToolCatalogue.All.Values.Select(t => t.Service).Distinct().Where(s => s != "analytics").Order())
        {
            await using var connection = await house.OpenDatabase(service);
            var tables = new List<string>();
            await using (var list = new NpgsqlCommand("""
                SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name IN ('hospital_id', 'version')
                    AND table_name NOT IN ('people', 'known_users', 'known_hospitals')
                GROUP BY table_name HAVING count(*) = 2 ORDER BY table_name
                """, connection))
            await using (var reader = await list.ExecuteReaderAsync())
                while (await reader.ReadAsync()) tables.Add(reader.GetString(0));
            foreach (var table in tables)
            {
                await using var sum = new NpgsqlCommand(
                    $"SELECT count(*) || ' rows, versions ' || coalesce(sum(version), 0) FROM {table} WHERE hospital_id = $1", connection)
                {
                    Parameters = { new() { Value = hospital } },
                };
                rows.Add($"{service}.{table}: {await sum.ExecuteScalarAsync()}");
            }
        }
        return string.Join('\n', rows);
    }
}
