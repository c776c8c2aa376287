using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;

namespace MedCor.Tests.EndToEnd.Catalogue;

/// <summary>
/// Tests that input which violates a schema is refused by field, at every endpoint that calls tools and in every filter of a resource.
/// <c>SchemaAgreementTests</c> tests with many more values that readers and schemas agree.
/// </summary>
public class InputSchemaTests
{
    /// <summary>The number of invalid values that are tried per parameter.</summary>
    private const int Rounds = 6;

    private static readonly JsonObject OpenApiDocument = JsonNode.Parse(MappedRoutes.WriteOpenApiDocument())!.AsObject();

    public static TheoryData<string> Tools => [.. ToolCatalogue.All.Keys];

    public static TheoryData<string> Lists => [.. ResourceCatalogue.All.Values.Where(r => r.IsList).Select(r => r.Name)];

    public static TheoryData<string> Resources => [.. ResourceCatalogue.All.Keys];

    [Theory, MemberData(nameof(Tools))]
    public async Task Input_that_violates_the_schema_is_refused_by_field_on_every_surface(string name)
    {
        var (tool, premises) = (ToolCatalogue.All[name], await CatalogueFixture.Own);
        var (caller, draft, schema) = (premises.CallersAllowed(tool).First(), new ParameterGenerator(tool), ContractSchema.ForInput(tool.Params));
        var wrongs = draft.Parameters.ToDictionary(p => p.Name,
            p => SampleValues.ForParameter(p.Schema).Where(json => !SampleValues.IsValid(schema, p.Schema, json)).ToArray());
        if (wrongs.Count == 0) return;
        // Spread over all invalid values, which begin with the parameter's own type and end with other types.
        var rounds = Enumerable.Range(0, Rounds)
            .Select(round => $"{{{string.Join(',', wrongs.Select(w => $"\"{w.Key}\":{w.Value[round * w.Value.Length / Rounds]}"))}}}").ToArray();

        var batch = await Send(caller, "/api/mcp/batch",
            $"{{\"requests\":[{string.Join(',', rounds.Select(parameters => $"{{\"tool\":\"{name}\",\"params\":{parameters}}}"))}]}}");
        foreach (var (answer, parameters) in batch.Body.AsArray().Zip(rounds)) AssertNamed(answer!["error"]!["details"], parameters);
        AssertNamed((await caller.Post(name, rounds[0])).Details, rounds[0]);
        AssertNamed((await Send(caller, $"/api/mcp/tools/{name}", rounds[1])).Details, rounds[1]);
        await using var socket = await WebSocketClient.ConnectAs(caller);
        await socket.SendText($$"""{"type":"tool_invoke","request_id":"r","tool":"{{name}}","params":{{rounds[2]}}}""");
        AssertNamed((await socket.Next("tool_response"))["details"], rounds[2]);

        void AssertNamed(JsonNode? details, string sent) => Assert.All(wrongs.Keys, parameter =>
            Assert.True(details is JsonObject told && SampleValues.MentionsParameter(told, parameter),
                $"{parameter} is not named: {sent} was answered {details?.ToJsonString()}"));
    }

    [Theory, MemberData(nameof(Tools))]
    public async Task A_misspelt_tool_is_told_what_was_meant(string name)
    {
        var reply = await (await CatalogueFixture.Own).Admin.Post($"{name[..^1]}_", "{}");

        Assert.Equal((HttpStatusCode.BadRequest, ErrorCodes.ValidationError), (reply.Status, reply.Code));
        Assert.Contains($"Did you mean {name}?", reply.Error.Message, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Lists))]
    public async Task A_filter_takes_no_value_that_its_field_cannot_have(string name)
    {
        var (resource, premises) = (ResourceCatalogue.All[name], await CatalogueFixture.Own);
        var caller = Reader(premises, resource);
        var schema = ContractSchema.ForOutput(resource.Entity);
        var fields = await Filters(caller, name);

        Assert.NotEmpty(fields);
        foreach (var field in fields.Where(f => schema["properties"]![f] is not null))
        {
            var property = ParameterGenerator.ResolveReference(schema, schema["properties"]![field]!);
            // For choices, IDs, dates and timestamps, values that violate the response's schema, similar ones first; for text, characters that no text may
            // contain.
            var isText = ParameterGenerator.Types(property).Contains("string") && (property["format"] ?? property["enum"] ?? property["pattern"]) is null;
            var wrongs = isText ? (string[])["\"a\\u202eb\"", "\"a\\u0001b\"", "1", "{\"in\":[\"a\\u0000b\"]}"]
                : [.. SampleValues.ForParameter(property)
                    .Where(json => json is not "null" && json[0] is not ('[' or '{') && !SampleValues.IsValid(schema, property, json))
                    .OrderByDescending(json => json.Length > 1 && char.IsAsciiDigit(json[1])).Take(12)];
            foreach (var wrong in wrongs.Append(isText ? "null" : $"{{\"in\":[{wrongs[^1]}]}}").Where(w => w != "null"))
            {
                var reply = await Get(caller, $"{name}?filter={Uri.EscapeDataString($"{{\"{field}\":{wrong}}}")}");
                Assert.True(reply.Status == HttpStatusCode.BadRequest && reply.Details.ContainsKey($"filter.{field}"), $"{field} {wrong}: {reply}");
            }
        }
    }

    [Theory, MemberData(nameof(Resources))]
    public async Task A_resource_answers_what_its_schema_says(string name)
    {
        var (resource, premises) = (ResourceCatalogue.All[name], await CatalogueFixture.Own);
        var caller = Reader(premises, resource);
        var schema = ContractSchema.ForOutput(resource.IsList ? typeof(Page<>).MakeGenericType(resource.Entity) : resource.Entity);

        var reply = await Get(caller, resource.IsList ? $"{name}?limit=5" : name);

        Assert.True(reply.Status == HttpStatusCode.OK, reply.ToString());
        Assert.Empty(JsonSchemaValidator.Errors(schema, schema, reply.Body));
    }

    /// <summary>
    /// The sort orders of a list are in no schema, so a refused sort that the schema allows must name the supported orders. A page beyond the first 10,000
    /// rows is refused only if there are more rows, which the schema cannot say either: it must name that limit.
    /// </summary>
    [Theory, MemberData(nameof(Resources))]
    public async Task A_query_is_taken_if_and_only_if_the_document_says_so(string name)
    {
        var (resource, premises) = (ResourceCatalogue.All[name], await CatalogueFixture.Own);
        var caller = Reader(premises, resource);
        var one = resource.IsList
            ? (await Get(caller, $"{name}?limit=1&fields=id")).Body["results"]!.AsArray() is [var row, ..]
                ? (string)row!["id"]!
                : Guid.CreateVersion7().ToString()
            : null;
        var described = OpenApiDocument["paths"]!.AsObject()
            .Where(path => path.Key.TrimEnd('/') == $"/api/mcp/resources/{name}" || path.Key.TrimEnd('/') == $"/api/mcp/resources/{name}/{{id}}").ToArray();
        Assert.Equal(resource.IsList ? 2 : 1, described.Length);

        var disagreements = new List<string>();
        foreach (var (path, operations) in described)
            foreach (var parameter in operations!["get"]!["parameters"]!.AsArray().Select(p => ParameterGenerator.ResolveReference(OpenApiDocument, p!))
                .Where(p => (string)p["in"]! == "query" && (string)p["name"]! != "filter"))
            {
                var (asked, schema) = ((string)parameter["name"]!, ParameterGenerator.ResolveReference(OpenApiDocument, parameter["schema"]!));
                foreach (var text in SampleValues.ForQueryParameter(schema))
                {
                    var isRight = SampleValues.IsValid(OpenApiDocument, schema, ParameterGenerator.Types(schema).Contains("string")
                        ? JsonSerializer.Serialize(text) : text is ['0'] or [not '0', ..] && text.All(char.IsAsciiDigit) ? text : "null");
                    var reply = await Get(caller,
                        $"{path["/api/mcp/resources/".Length..].Replace("{id}", one, StringComparison.Ordinal)}?{asked}={Uri.EscapeDataString(text)}");
                    var isNamed = reply.Status == HttpStatusCode.BadRequest && SampleValues.MentionsParameter(reply.Details, asked);
                    var isTaken = reply.Status is HttpStatusCode.OK or HttpStatusCode.NotFound
                        || (asked == "sort" && isNamed && reply.Details.Strings("sort")[0].Contains("can be", StringComparison.Ordinal))
                        || (asked == "page" && isNamed && reply.Details.Strings("page")[0].Contains("first 10000 rows", StringComparison.Ordinal));
                    if (isRight ? !isTaken : !isNamed || reply.Status == HttpStatusCode.OK) disagreements.Add(
                        $"{path}?{asked}={(text.Length > 80 ? text[..80] + "…" : text)} "
                            + $"is {(isRight ? "right" : "wrong")} by {schema.ToJsonString()}: {reply}");
                }
            }
        Assert.Empty(disagreements);
    }

    [Fact]
    public async Task A_field_that_is_given_twice_in_an_object_that_may_hold_anything_is_named()
    {
        var premises = await CatalogueFixture.Own;
        var free = (
            from tool in ToolCatalogue.All.Values
            from property in tool.Params.GetProperties()
            where property.PropertyType == typeof(JsonObject)
            select (tool, Name: Json.Options.PropertyNamingPolicy!.ConvertName(property.Name))).ToArray();
        Assert.NotEmpty(free);
        foreach (var (tool, name) in free)
        {
            var caller = premises.People.First(p => (p.Key & tool.Callers) != 0).Value;

            var reply = await Send(caller, "/api/mcp/tools/invoke",
                $"{{\"tool\":\"{tool.Name}\",\"params\":{{\"{name}\":{{\"x\":1,\"x\":2,\"y\":[{{\"z\":1,\"z\":2}}]}}}}}}");

            Assert.Equal((tool.Name, HttpStatusCode.BadRequest), (tool.Name, reply.Status));
            foreach (var twice in (string[])[$"{name}.x", $"{name}.y[0].z"]) Assert.Equal("is given twice", (string?)reply.Details[twice]?[0]);
        }
    }

    [Theory]
    [InlineData("\\ud800")]
    [InlineData("a\\udfffb")]
    [InlineData("\u00ff")]
    public async Task Text_that_is_no_Unicode_is_told_so(string text)
    {
        using var content = new ByteArrayContent(Encoding.Latin1.GetBytes($"{{\"tool\":\"list_patients\",\"params\":{{\"search\":\"{text}\",\"limit\":0}}}}"));
        content.Headers.ContentType = new("application/json");

        using var response = await (await CatalogueFixture.Own).Admin.Http.PostAsync("/api/mcp/tools/invoke", content);

        var details = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["details"]!;
        Assert.Equal(("must be valid Unicode", "must be between 1 and 100"), ((string?)details["search"]?[0], (string?)details["limit"]?[0]));
    }

    [Theory]
    [InlineData("{\"symptoms\":[\"\\ud800\"]}", "initial_data.symptoms[0]")]
    [InlineData("{\"symptoms\":[\"\u00ff\"]}", "initial_data.symptoms[0]")]
    [InlineData("{\"\\udfff\":1}", "body")]
    public async Task What_an_object_that_may_hold_anything_holds_is_Unicode_too(string data, string field)
    {
        using var content = new ByteArrayContent(
            Encoding.Latin1.GetBytes($"{{\"tool\":\"invoke_prompt\",\"params\":{{\"prompt\":\"emergency_triage\",\"initial_data\":{data}}}}}"));
        content.Headers.ContentType = new("application/json");

        using var response = await (await CatalogueFixture.Own).Admin.Http.PostAsync("/api/mcp/tools/invoke", content);

        Assert.Equal("must be valid Unicode", (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["details"]![field]?[0]);
    }

    /// <summary>An unpaired surrogate is not text, and null cannot be compared.</summary>
    [Theory, MemberData(nameof(Lists))]
    public async Task A_filter_with_what_is_no_text_or_no_value_is_refused(string name)
    {
        var caller = Reader(await CatalogueFixture.Own, ResourceCatalogue.All[name]);
        foreach (var field in (string[])["\\ud800", "patient_id", .. await Filters(caller, name)])
            foreach (var filter in (string[])[$"{{\"{field}\":\"\\ud800\"}}", $"{{\"{field}\":{{\"\\udc00\":1}}}}", $"{{\"{field}\":{{\"in\":[\"\\ud800\"]}}}}",
                         .. from how in (string[])["gt", "gte", "lt", "lte", "contains"] select $"{{\"{field}\":{{\"{how}\":null}}}}"])
            {
                var reply = await Get(caller, $"{name}?filter={Uri.EscapeDataString(filter)}");

                Assert.Equal((filter, HttpStatusCode.BadRequest, "VALIDATION_ERROR"), (filter, reply.Status, reply.Code));
                Assert.Contains(reply.Details, detail => detail.Key.StartsWith("filter", StringComparison.Ordinal));
            }
    }

    [Theory, MemberData(nameof(Lists))]
    public async Task A_misspelt_name_in_a_query_is_told_what_was_meant(string name)
    {
        var caller = Reader(await CatalogueFixture.Own, ResourceCatalogue.All[name]);

        var field = (await Filters(caller, name))[0];

        var reply = await Get(caller, $"{name}?fields=idd&filters=1&filter={Uri.EscapeDataString($"{{\"{field}_\":\"x\"}}")}");

        Assert.EndsWith("Did you mean id?", (string?)reply.Details["fields"]?[0], StringComparison.Ordinal);
        Assert.EndsWith("Did you mean filter?", (string?)reply.Details["filters"]?[0], StringComparison.Ordinal);
        Assert.EndsWith($"Did you mean {field}?", (string?)reply.Details[$"filter.{field}_"]?[0], StringComparison.Ordinal);
    }

    /// <summary>Applies to a list without a sort parameter, which has its default order.</summary>
    [Theory, MemberData(nameof(Lists))]
    public async Task Wherever_a_value_is_taken_a_list_of_values_is_and_comes_in_the_same_order(string name)
    {
        var caller = Reader(await CatalogueFixture.Own, ResourceCatalogue.All[name]);
        var rows = (await Get(caller, $"{name}?limit=100")).Body["results"]!.AsArray();
        if (rows.Count == 0) return;
        var order = rows.Select(row => (string)row!["id"]!).ToArray();

        foreach (var field in (await Filters(caller, name)).Where(f => rows[0]!.AsObject().ContainsKey(f)))
        {
            // Other tests store characters that an earlier version accepted, by which nobody may filter.
            var values = rows.Select(row => row![field]?.ToJsonString() ?? "null").Where(value => !value.Contains("\\u001B", StringComparison.Ordinal))
                .Distinct().Take(16).ToArray();
            // Rows without a value can be many where those with one are few, so a list can be refused for null alone.
            if (values.Contains("null") && !await IsTaken("null")) values = [.. values.Where(value => value != "null")];
            if (values.Length == 0 || !await IsTaken(values[0])) continue;

            foreach (var some in (string[][])[values, values[..1], [values[^1], values[0]]])
            {
                var several = await Get(caller, $"{name}?limit=100&filter={Uri.EscapeDataString($"{{\"{field}\":{{\"in\":[{string.Join(',', some)}]}}}}")}");

                Assert.True(several.Status == HttpStatusCode.OK, $"{field} in {string.Join(',', some)}: {several}");
                var ids = several.Body["results"]!.AsArray().Select(row => (string)row!["id"]!).Where(order.Contains).ToArray();
                Assert.NotEmpty(ids);
                Assert.True(ids.SequenceEqual(order.Where(ids.Contains)), $"{field} in {string.Join(',', some)} comes in another order");
            }

            async Task<bool> IsTaken(string value) =>
                (await Get(caller, $"{name}?filter={Uri.EscapeDataString($"{{\"{field}\":{value}}}")}")).Status == HttpStatusCode.OK;
        }
    }

    /// <summary>Returns the fields by which a resource can be filtered, as an error message lists them.</summary>
    private static async Task<string[]> Filters(ApiClient caller, string resource)
    {
        var told = await Get(caller, $"{resource}?filter={Uri.EscapeDataString("{\"no_such_field\":1}")}");
        return told.Details.Strings("filter.no_such_field")[0].Split("there are ")[1].Split(". Did")[0].Split(", ");
    }

    private static ApiClient Reader(CatalogueFixture premises, ResourceDescriptor resource) =>
        premises.People.OrderBy(p => p.Key == Callers.HospitalAdmin ? 0 : 1).First(p => (p.Key & resource.Callers) != 0).Value;

    private static Task<CallResponse> Get(ApiClient caller, string path) =>
        ToolCallExtensions.Send(caller.Http, new HttpRequestMessage(HttpMethod.Get, $"/api/mcp/resources/{path}"));

    private static Task<CallResponse> Send(ApiClient caller, string path, string body) =>
        ToolCallExtensions.Send(caller.Http,
            new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") });
}
