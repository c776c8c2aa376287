using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MedCor.Contracts;

namespace MedCor.Tests.EndToEnd.Catalogue;

/// <summary>Tests that responses match their schemas, that entities have the common fields, and that every list is paged and sorted in the same way.</summary>
public partial class ResponseSchemaTests
{
    public static TheoryData<string> Tools => CatalogueFixture.Tools;

    public static TheoryData<string> Lists => [.. from tool in ToolCatalogue.All.Values where IsList(tool) select tool.Name];

    [Theory, MemberData(nameof(Tools))]
    public async Task An_answer_is_what_its_schema_says(string name)
    {
        var (tool, premises) = (ToolCatalogue.All[name], await CatalogueFixture.Own);
        var schema = ContractSchema.ForOutput(tool.Result);

        var (_, parameters, reply) = await premises.CallSuccessfully(tool);

        Assert.Empty(JsonSchemaValidator.Errors(schema, schema, reply.Body).Select(wrong => $"{parameters.ToJsonString()}: {wrong}: {reply}"));
    }

    [Theory, MemberData(nameof(Tools))]
    public void An_entity_has_what_every_entity_has(string name)
    {
        var result = ToolCatalogue.All[name].Result;
        var schema = ContractSchema.ForOutput(IsList(ToolCatalogue.All[name]) ? result.GetGenericArguments()[0] : result)["properties"]!.AsObject();
        // Results that are computed for each request, events that happened once, and sessions, which nobody edits, are not entities although they have an ID.
        Type[] others = [typeof(Page<Contracts.Analytics.Report>), typeof(Page<Contracts.Clinical.AuditEvent>), typeof(Page<Contracts.Identity.UserSession>)];
        if (!schema.ContainsKey("id") || others.Contains(result)) return;

        foreach (var field in (string[])["version", "created_at", "updated_at"]) Assert.True(schema.ContainsKey(field), $"{name} answers without {field}");
        Assert.True(schema.ContainsKey("is_active") || schema.ContainsKey("status"), $"{name} answers with neither is_active nor status");
    }

    [Theory, MemberData(nameof(Lists))]
    public async Task A_list_is_paged(string name)
    {
        var (tool, premises) = (ToolCatalogue.All[name], await CatalogueFixture.Own);
        var (caller, parameters, all) = await premises.CallSuccessfully(tool);
        // The audit trail of a hospital of which everything is read can have more entries than are counted.
        var isExact = all.Body["total_is_exact"] is null;
        Assert.Equal([.. (string[])["results", "total", "page", "limit", "has_more"], .. isExact ? (string[])[] : ["total_is_exact"]],
            all.Body.AsObject().Select(f => f.Key));
        if (!isExact) Assert.Equal((false, 10_000), ((bool)all.Body["total_is_exact"]!, (int)all.Body["total"]!));

        var first = await Page(1, 1);
        var total = (int)first["total"]!;
        Assert.Equal(Math.Min(total, 1), first["results"]!.AsArray().Count);
        Assert.Equal(total > 1, (bool)first["has_more"]!);
        // An entry that is added between the two requests moves the first one to the second page.
        if (total > 1)
            await Wait.Until(async () => !JsonNode.DeepEquals((await Page(1, 1))["results"], (await Page(2, 1))["results"]), "the pages differ");
        var beyond = await Ask("page", 1_000_000);
        if (beyond.Status == HttpStatusCode.OK)
        {
            Assert.Empty(beyond.Body["results"]!.AsArray());
            Assert.False((bool)beyond.Body["has_more"]!);
        }
        else
        {
            Assert.Contains("first 10000 rows", beyond.Details.Strings("page")[0], StringComparison.Ordinal);
            Assert.Equal(10_000, (int)(await Page(1, 1))["total"]!);
        }
        foreach (var (field, value) in ((string, int)[])[("page", 0), ("page", -1), ("limit", 0), ("limit", 101)])
            Assert.True((await Ask(field, value)).Details.ContainsKey(field), $"{field} {value}");

        async Task<JsonNode> Page(int page, int limit)
        {
            var asked = (JsonObject)parameters.DeepClone();
            (asked["page"], asked["limit"]) = (page, limit);
            var reply = await caller.Post(tool, asked);
            Assert.True(reply.Status == HttpStatusCode.OK, reply.ToString());
            Assert.Equal((page, limit), ((int)reply.Body["page"]!, (int)reply.Body["limit"]!));
            return reply.Body;
        }

        async Task<CallResponse> Ask(string field, int value)
        {
            var asked = (JsonObject)parameters.DeepClone();
            asked[field] = value;
            return await caller.Post(tool, asked);
        }
    }

    [Theory, MemberData(nameof(Lists))]
    public async Task A_list_names_the_fields_that_it_can_be_sorted_by_and_sorts_by_each(string name)
    {
        var (tool, premises) = (ToolCatalogue.All[name], await CatalogueFixture.Own);
        var (caller, parameters, _) = await premises.CallSuccessfully(tool);

        var refused = await Sorted("no_such_field");
        var fields = SortFields().Match(refused.Details.Strings("sort")[0]).Groups[1].Value.Split(", ");

        Assert.NotEmpty(fields[0]);
        foreach (var field in fields)
        {
            var (up, down) = (await Sorted(field), await Sorted($"-{field}"));
            // A list that grows with a hospital is sorted by an index, or in other orders when it is filtered; the error says so.
            if (up.Code == ErrorCodes.ValidationError && UnindexedOrder().IsMatch(up.Details.ToJsonString())) continue;
            Assert.True(up.Status == HttpStatusCode.OK && down.Status == HttpStatusCode.OK, $"{field}: {up} {down}");
            Assert.True(Ascends(up, field) && Ascends(down, field, downwards: true), $"{field}: {up} {down}");
        }

        Task<CallResponse> Sorted(string by)
        {
            var asked = (JsonObject)parameters.DeepClone();
            (asked["sort"], asked["limit"]) = (by, 100);
            return caller.Post(tool, asked);
        }
    }

    /// <summary>Checks the order of timestamps, dates and numbers. The order of text is the database's.</summary>
    private static bool Ascends(CallResponse reply, string field, bool downwards = false)
    {
        var values = reply.Body["results"]!.AsArray().Select(r => r![field]).Where(v => v is not null).ToArray();
        if (values.Length < 2
            || !(values.All(v => v!.GetValueKind() == JsonValueKind.Number) || values.All(v => DateTimeOffset.TryParse(v!.ToString(), out _)))) return true;
        var ordered = values.Select(v =>
            v!.GetValueKind() == JsonValueKind.Number ? (double)v : DateTimeOffset.Parse(v.ToString(), System.Globalization.CultureInfo.InvariantCulture).Ticks)
            .ToArray();
        return ordered.Zip(ordered.Skip(1)).All(pair => downwards ? pair.First >= pair.Second : pair.First <= pair.Second);
    }

    private static bool IsList(ToolDescriptor tool) => tool.Result.IsGenericType && tool.Result.GetGenericTypeDefinition() == typeof(Page<>);

    [GeneratedRegex("in combination with a filter|For anything else filter by")]
    private static partial Regex UnindexedOrder();

    [GeneratedRegex("^can be (.+), each once")]
    private static partial Regex SortFields();
}
