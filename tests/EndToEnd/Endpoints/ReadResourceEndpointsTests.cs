using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Analytics;
using MedCor.Contracts.Identity;
using MedCor.DemoData;

namespace MedCor.Tests.EndToEnd.Endpoints;

public class ReadResourceEndpointsTests
{
    private static readonly DemoHospital General = DemoTenants.Hospitals[0];
    private static readonly DemoHospital Riverside = DemoTenants.Hospitals[1];

    public static TheoryData<string> All => [.. ResourceCatalogue.All.Keys];

    /// <summary>There are so many people that not every filter is allowed; whether one is must not depend on its letters.</summary>
    [Theory]
    [InlineData("""{"last_name": "Schäfer"}""")]
    [InlineData("""{"last_name": "Schäfer", "is_active": true}""")]
    [InlineData("""{"last_name": "Schäfer", "first_name": "Jürgen"}""")]
    [InlineData("""{"last_name": {"in": ["Schäfer", "Weber"]}}""")]
    public async Task A_name_with_accents_narrows_a_list_as_any_other(string filter)
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");
        foreach (var resource in (string[])["patients", "users", "doctors"])
        {
            var (accented, plain) = (await Get(nurse, $"{resource}?filter={filter}"),
                await Get(nurse, $"{resource}?filter={filter.Replace('ä', 'a').Replace('ü', 'u')}"));

            Assert.True(accented.Status == plain.Status, $"{resource} {filter}: {accented.Body.ToJsonString()} but {plain.Status}");
            if (resource == "patients" && !filter.Contains("\"in\"", StringComparison.Ordinal)) Assert.Equal(HttpStatusCode.OK, accented.Status);
        }
    }

    /// <summary>If invalid bytes were replaced by U+FFFD, the query would find rows that the client did not ask for.</summary>
    [Theory]
    [InlineData("patients?filter=%7B%22last_name%22:%22%FF%22%7D", "filter")]
    [InlineData("patients?filter=%7B%22last_name%22:%22%ED%A0%80%22%7D&sort=%C3%28", "filter sort")]
    [InlineData("doctors?fields=id,%80&limit=1", "fields")]
    [InlineData("patients?filter=%7B%22last_name%22:%22%5Cud800%22%7D", "filter")]
    public async Task A_query_that_is_no_Unicode_is_refused_by_name(string path, string fields)
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");

        var answer = await GetEncoded(path);

        Assert.Equal((HttpStatusCode.BadRequest, "VALIDATION_ERROR"), (answer.Status, answer.Code));
        Assert.Equal(fields, string.Join(' ', answer.Details!.AsObject().Select(d => d.Key).Where(name => name != "request_id").Order()));
        Assert.All(fields.Split(' '), field => Assert.Equal(["must be valid Unicode"], answer.Details.Strings(field)));
        Assert.Equal(HttpStatusCode.OK, (await GetEncoded("patients?filter=%7B%22last_name%22:%22%C3%84%25%22%7D")).Status);

        async Task<ApiResponse> GetEncoded(string encoded)
        {
            using var response = await nurse.Http.GetAsync($"/api/mcp/resources/{encoded}");
            return new(response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
        }
    }

    [Theory, MemberData(nameof(All))]
    public async Task A_misspelt_resource_is_answered_with_the_one_that_was_probably_meant(string resource)
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");
        var misspelt = $"{resource[..^2]}{resource[^1]}";
        foreach (var path in (string[])[misspelt, $"{misspelt}/", $"{misspelt}/{Guid.NewGuid()}", $"{misspelt}?limit=1"])
        {
            var answer = await Get(nurse, path);
            Assert.Equal((path, HttpStatusCode.NotFound, "RESOURCE_NOT_FOUND"), (path, answer.Status, answer.Code));
            Assert.Equal((path, $"There is no such resource. Did you mean {resource}?"), (path, answer.Error.Message));
        }
    }

    [Theory]
    [InlineData("rooms", "There is no such resource.")]
    [InlineData("doctors/1/2", "There is no such path.")]
    public async Task An_unrecognizable_resource_is_answered_without_a_suggestion(string path, string message)
    {
        var answer = await Get(await ApiClient.LogInShared("nurse@general.example"), path);
        Assert.Equal((HttpStatusCode.NotFound, message), (answer.Status, answer.Error.Message));
    }

    /// <summary>Every kind of caller may read a resource exactly where the role matrix says so, and pages have the same shape.</summary>
    [Theory, MemberData(nameof(All))]
    public async Task Authorized_callers_get_a_page_and_others_are_refused(string resource)
    {
        var kind = ResourceCatalogue.All[resource];
        foreach (var (callers, email) in TestUser.EmailByKind)
        {
            var client = await ApiClient.LogInShared(email);
            // The platform belongs to no hospital, so the dashboard's hospital must be named.
            var filter = resource == "analytics/dashboard" && callers == Callers.Platform ? $$"""?filter={"hospital_id":"{{General.Id}}"}""" : "";
            var answer = await Get(client, resource + filter);

            if (!kind.Callers.HasFlag(callers)) Assert.Equal((HttpStatusCode.Forbidden, "PERMISSION_DENIED"), (answer.Status, answer.Code));
            else if (resource == "analytics/dashboard") Assert.NotNull(answer.Body["totalPatients"]);
            else
            {
                Assert.True(answer.Status == HttpStatusCode.OK, $"{resource} as {email}: {answer.Body.ToJsonString()}");
                Assert.NotNull(answer.Body["results"]);
                Assert.Equal((1, 20), ((int)answer.Body["page"]!, (int)answer.Body["limit"]!));
            }
        }
    }

    [Theory, MemberData(nameof(All))]
    public async Task Every_unknown_name_is_told_at_once_with_those_there_are(string resource)
    {
        var admin = await ApiClient.LogInShared("admin@general.example");

        var answer = await Get(admin, $$"""{{resource}}?fields=colour&expand=shape&filter={"taste":1}&sort=smell&weight=3&limit=101""");

        Assert.Equal("VALIDATION_ERROR", answer.Code);
        var details = answer.Details!.AsObject().Select(d => d.Key).Where(name => name != "request_id").Order().ToArray();
        Assert.Equal(["expand", "fields", "filter.taste", "limit", "sort", "weight"], details);
        Assert.Contains("colour", answer.Details.Strings("fields")[0], StringComparison.Ordinal);
        Assert.All(ResourceCatalogue.All[resource].Fields, name => Assert.Contains(name, answer.Details.Strings("fields")[0], StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("page=0", "page")]
    [InlineData("page=1&page=2", "page")]
    [InlineData("limit=ten", "limit")]
    [InlineData("filter=nonsense", "filter")]
    [InlineData("filter=[]", "filter")]
    [InlineData("""filter={"status":"SCHEDULED","status":"COMPLETED"}""", "filter")]
    [InlineData("""filter={"status":"LOST"}""", "filter.status")]
    [InlineData("""filter={"patient_id":5}""", "filter.patient_id")]
    [InlineData("""filter={"created_at":{"gte":"yesterday"}}""", "filter.created_at")]
    [InlineData("""filter={"created_at":{"about":"2026-01-01T00:00:00Z"}}""", "filter.created_at")]
    [InlineData("""filter={"status":{"in":[]}}""", "filter.status")]
    [InlineData("""filter={"status":{}}""", "filter.status")]
    [InlineData("""filter={"status":{"gt":"SCHEDULED"}}""", "filter.status")]
    [InlineData("fields=", "fields")]
    [InlineData("sort=status,status", "sort")]
    public async Task Bad_input_is_refused_by_name(string query, string named)
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");

        var answer = await Get(nurse, $"appointments?{query}");

        Assert.Equal("VALIDATION_ERROR", answer.Code);
        Assert.Contains(named, answer.Details!.AsObject().Select(d => d.Key));
    }

    [Theory]
    [InlineData("fields=", "fields", "is empty")]
    [InlineData("fields=id,,status", "fields", "has an empty name")]
    [InlineData("fields=id,", "fields", "has an empty name")]
    [InlineData("expand=", "expand", "is empty")]
    [InlineData("expand=,doctor", "expand", "has an empty name")]
    [InlineData("sort=", "sort", "is empty")]
    [InlineData("sort=status,", "sort", "has an empty name")]
    public async Task An_empty_name_in_a_list_of_names_is_called_that(string query, string named, string wrong)
    {
        var answer = await Get(await ApiClient.LogInShared("nurse@general.example"), $"appointments?{query}");

        Assert.StartsWith(wrong, Assert.Single(answer.Details.Strings(named)), StringComparison.Ordinal);
    }

    /// <summary>Many rows may lack a value, so a null does not narrow a list, however it is written.</summary>
    [Theory]
    [InlineData("patients", "created_at,last_name", "date_of_birth", "id, email")]
    [InlineData("audit_events", "outcome,action", "patient_id", "id, user_id, resource_id")]
    [InlineData("audit_events", "outcome,action", "resource_id", "id, user_id, patient_id")]
    public async Task Rows_without_a_value_are_found_in_the_order_of_an_index_only(string resource, string sort, string field, string selective)
    {
        var admin = await ApiClient.LogInShared("admin@general.example");

        foreach (var condition in (string[])["null", "{\"in\":[null]}"])
        {
            var refused = await Get(admin, $"{resource}?sort={sort}&filter={{\"{field}\":{condition}}}");
            Assert.Equal((condition, HttpStatusCode.BadRequest), (condition, refused.Status));
            Assert.Contains($" by one of {selective}", refused.Details.Strings($"filter.{field}")[0], StringComparison.Ordinal);
            Assert.DoesNotContain($", {field}", refused.Details.Strings($"filter.{field}")[0], StringComparison.Ordinal);
        }
    }

    /// <summary>The spelling of parameters holds for paths too.</summary>
    [Theory]
    [InlineData("%20{0}")]
    [InlineData("{0}%20")]
    [InlineData("%7B{0}%7D")]
    [InlineData("({0})")]
    public async Task An_id_in_a_path_is_written_as_in_a_parameter(string spelling)
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");
        using var answer = await nurse.Http.GetAsync(
            new Uri($"/api/mcp/resources/users/{string.Format(System.Globalization.CultureInfo.InvariantCulture, spelling, nurse.Id)}", UriKind.Relative));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task A_resource_is_filtered_sorted_and_paged_like_its_tool()
    {
        var ward = await ClinicFixture.GetSharedReadOnly();
        var doctor = General.Doctors[0].Person.Id;

        var tool = await ward.Nurse.Call("list_appointments", new { doctor_id = doctor, limit = 5, sort = "starts_at" });
        var resource = (await Get(ward.Nurse, $$"""appointments?filter={"doctor_id":"{{doctor}}"}&limit=5&sort=starts_at""")).Body;

        Assert.True(JsonNode.DeepEquals(tool["results"], resource["results"]));
        Assert.NotEmpty(resource["results"]!.AsArray());
        var first = resource["results"]![0]!;
        Assert.True(JsonNode.DeepEquals(first, (await Get(ward.Nurse, $"appointments/{first["id"]}")).Body));
    }

    [Fact]
    public async Task A_filter_knows_equality_bounds_lists_and_parts()
    {
        var admin = await ApiClient.LogInShared("admin@general.example");
        async Task<string[]> Emails(string filter) =>
            [.. (await Get(admin, $"users?limit=100&filter={filter}")).Read<Page<User>>().Results.Select(u => u.Email!)];

        Assert.Contains("nurse@general.example", await Emails("""{"role":"NURSE"}"""));
        Assert.Equal(["doctor@general.example"], await Emails("""{"email":"Doctor@General.Example"}"""));
        Assert.Equal(new HashSet<string> { "nurse@general.example", "doctor@general.example" },
            [.. await Emails($$$"""{"id":{"in":["{{{General.Nurse.Id}}}","{{{General.Doctors[0].Person.Id}}}"]}}""")]);
        Assert.Contains("patient@general.example", await Emails("""{"last_name":{"contains":"CHUBER"}}"""));
        string[] three = ["doctor@general.example", "nurse@general.example", "patient@general.example"];
        Assert.Equal(three[..2], (await Emails($$$"""{"role":{"in":["DOCTOR","NURSE"]},"email":{"in":{{{JsonSerializer.Serialize(three)}}}}}""")).Order());
        Assert.NotNull((await Get(admin, """users?filter={"last_name":{"contains":"%"}}""")).Details!["filter.last_name"]);
        Assert.Empty((await Get(admin,
            """users?sort=created_at&filter={"created_at":{"gte":"2001-01-01T00:00:00Z","lt":"2001-01-02T00:00:00Z"}}""")).Read<Page<User>>().Results);
    }

    [Fact]
    public async Task Only_the_fields_that_are_asked_for_come_and_what_they_name_comes_with_them()
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");

        var doctor = (await Get(nurse, $"doctors/{General.Doctors[0].Person.Id}?fields=id,last_name&expand=hospital,specialties")).Body;

        Assert.Equal(["hospital", "id", "last_name", "specialties"], doctor.AsObject().Select(f => f.Key).Order());
        Assert.Equal(General.Name, (string?)doctor["hospital"]!["name"]);
        Assert.Equal("Cardiology", (string?)doctor["specialties"]![0]!["specialty"]!["name"]);

        var visits = (await Get(nurse, "appointments?limit=3&fields=id,patient_id&expand=patient,doctor")).Body["results"]!.AsArray();
        Assert.All(visits, v => Assert.Equal((string?)v!["patient_id"], (string?)v["patient"]!["id"]));
        Assert.All(visits, v => Assert.NotNull(v!["doctor"]!["specialties"]));
    }

    [Fact]
    public async Task Entities_the_caller_may_not_read_are_not_expanded()
    {
        // A patient may not read a doctor's other patients; the doctor is readable by everyone.
        var patient = await ApiClient.LogInShared("patient@general.example");

        var visits = (await Get(patient, "appointments?limit=100&expand=patient,doctor")).Body["results"]!.AsArray();

        Assert.All(visits, v => Assert.Equal(patient.Id.ToString(), (string?)v!["patient"]!["id"]));
        Assert.All(visits, v => Assert.NotNull(v!["doctor"]));
    }

    [Fact]
    public async Task A_matching_ETag_is_answered_304_until_the_data_changes()
    {
        var ward = await ClinicFixture.Open();
        var booked = await ward.Book("10:00:00");
        var path = $"appointments/{booked.Id}";
        using var first = await ward.Nurse.Http.GetAsync(new Uri($"/api/mcp/resources/{path}", UriKind.Relative));
        var tag = first.Headers.ETag!;
        Assert.Equal("private, no-cache", string.Join(", ", first.Headers.CacheControl!.ToString().Split(", ").OrderDescending()));

        Assert.Equal(HttpStatusCode.NotModified, await Again());
        Assert.Equal(HttpStatusCode.OK, await Again("?fields=id"));
        await ward.ChangeStatus(booked, "NO_SHOW");
        Assert.Equal(HttpStatusCode.OK, await Again());

        async Task<HttpStatusCode> Again(string query = "")
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/mcp/resources/{path}{query}");
            request.Headers.IfNoneMatch.Add(tag);
            using var answer = await ward.Nurse.Http.SendAsync(request);
            return answer.StatusCode;
        }
    }

    public static TheoryData<string, Guid> Theirs => new()
    {
        { "hospitals", Riverside.Id }, { "users", Riverside.Nurse.Id }, { "doctors", Riverside.Doctors[0].Person.Id }, { "patients", Riverside.Patients[0].Id },
    };

    [Theory, MemberData(nameof(Theirs))]
    public async Task Another_hospitals_is_told_from_nothing_by_nothing(string resource, Guid theirs)
    {
        var admin = await ApiClient.LogInShared("admin@general.example");

        var (foreign, nothing) = (await Get(admin, $"{resource}/{theirs}"), await Get(admin, $"{resource}/{Guid.NewGuid()}"));

        Assert.Equal((HttpStatusCode.NotFound, "RESOURCE_NOT_FOUND"), (foreign.Status, foreign.Code));
        Assert.Equal(nothing.Error.Message, foreign.Error.Message);
        Assert.Equal(0, (int)(await Get(admin, $$"""{{resource}}?filter={"id":"{{theirs}}"}""")).Body["total"]!);
    }

    /// <summary>The platform may neither read a record's content nor find it out by filtering for it.</summary>
    [Theory]
    [InlineData("medical_records", "title")]
    [InlineData("medical_records", "diagnosis")]
    [InlineData("treatments", "name")]
    [InlineData("treatments", "follow_up_date")]
    public async Task Clinical_content_is_not_to_be_guessed(string resource, string content)
    {
        var platform = await ApiClient.LogInShared("admin@medcor.example");

        Assert.Equal("VALIDATION_ERROR", (await Get(platform, $"{resource}?sort={content}")).Code);
        Assert.Equal("VALIDATION_ERROR", (await Get(platform, $$"""{{resource}}?filter={"{{content}}":"x"}""")).Code);
        Assert.All((await Get(platform, resource)).Body["results"]!.AsArray(), r => Assert.Null(r![content]));
    }

    [Fact]
    public async Task An_order_that_no_index_has_is_refused_with_those_there_are_unless_the_list_is_narrowed()
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");

        var refused = await Get(nurse, "appointments?sort=rating");
        Assert.Contains("created_at", refused.Details.Strings("sort")[0], StringComparison.Ordinal);
        Assert.Contains("doctor_id", refused.Details.Strings("sort")[0], StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await Get(nurse, $$"""appointments?sort=rating&filter={"doctor_id":"{{General.Doctors[0].Person.Id}}"}""")).Status);
    }

    [Fact]
    public async Task The_platform_reads_every_hospital_in_one_order()
    {
        var platform = await ApiClient.LogInShared("admin@medcor.example");

        var days = (await Get(platform, "appointments?limit=100&sort=created_at&fields=created_at,hospital_id")).Body["results"]!.AsArray();

        Assert.True(days.Select(d => (string?)d!["hospital_id"]).Distinct().Count() > 1);
        Assert.Equal(days.Select(d => (DateTimeOffset)d!["created_at"]!).Order(), days.Select(d => (DateTimeOffset)d!["created_at"]!));
    }

    [Fact]
    public async Task A_report_and_the_dashboard_are_what_their_tools_answer()
    {
        var admin = await ApiClient.LogInShared("admin@general.example");

        var reports = (await Get(admin, "analytics/reports")).Body;
        Assert.Equal((await admin.Call("list_reports"))["results"]!.ToJsonString(), reports["results"]!.ToJsonString());
        if (reports["results"]!.AsArray() is [{ } report, ..])
            Assert.Equal(report.ToJsonString(), (await Get(admin, $"analytics/reports/{report["id"]}")).Body.ToJsonString());

        var january = (await Get(admin, """analytics/dashboard?filter={"date_from":"2020-01-01","date_to":"2020-01-31"}""")).Read<HospitalStatistics>();
        Assert.Equal((new DateOnly(2020, 1, 1), 0), (january.DateFrom, january.Appointments));
        Assert.NotNull((await Get(admin, """analytics/dashboard?filter={"date_from":"soon"}""")).Details!["filter.date_from"]);
        Assert.NotNull((await Get(admin, "analytics/dashboard?page=1")).Details!["page"]);
    }

    [Fact]
    public async Task Reading_requires_a_token_and_an_unknown_resource_is_not_found()
    {
        using var nobody = new HttpClient { BaseAddress = (await MedCorFixture.Get()).Gateways[0] };
        using var refused = await nobody.GetAsync(new Uri("/api/mcp/resources/doctors", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);

        var admin = await ApiClient.LogInShared("admin@general.example");
        Assert.Equal("RESOURCE_NOT_FOUND", (await Get(admin, "credentials")).Code);
        Assert.Equal("VALIDATION_ERROR", (await Get(admin, "doctors/first")).Code);
        Assert.Equal(HttpStatusCode.OK, (await Get(admin, "doctors/")).Status);
    }

    private static async Task<ApiResponse> Get(ApiClient client, string pathAndQuery)
    {
        var at = pathAndQuery.IndexOf('?', StringComparison.Ordinal);
        var (path, query) = at < 0 ? (pathAndQuery, "") : (pathAndQuery[..at], "?" + string.Join('&', pathAndQuery[(at + 1)..].Split('&').Select(Escaped)));
        using var response = await client.Http.GetAsync(new Uri($"/api/mcp/resources/{path}{query}", UriKind.Relative));
        return new(response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }

    private static string Escaped(string parameter) =>
        parameter.IndexOf('=', StringComparison.Ordinal) is var at && at < 0 ? parameter : $"{parameter[..at]}={Uri.EscapeDataString(parameter[(at + 1)..])}";
}
