using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Gateway.Endpoints;

namespace MedCor.Tests.Unit.Gateway;

public sealed class ResourceExpansionTests
{
    private static readonly ResourceReference Own = new(null, "doctor_id", "doctor", "doctors");
    private static readonly ResourceReference Inner = new("parts", "plan_id", "plan", "plans");

    [Fact]
    public void Referenced_entities_are_embedded_and_missing_ones_are_null()
    {
        const string Page =
            """{"results":[{"id":"1","doctor_id":"d","text":"a \"doctor_id\": \u00fc","other":{"doctor_id":"x"}},"""
                + """{"id":"2","doctor_id":null},{"id":"3","doctor_id":"gone"}],"total":3}""";

        var written = Expand(Page, isList: true, [Own], null, new() { ["d"] = """{"id":"d","name":"Ü"}""" });

        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""
            {"results":[{"id":"1","doctor_id":"d","text":"a \"doctor_id\": ü","other":{"doctor_id":"x"},"doctor":{"id":"d","name":"Ü"}},
             {"id":"2","doctor_id":null,"doctor":null},{"id":"3","doctor_id":"gone","doctor":null}],"total":3}
            """), written));
    }

    [Fact]
    public void Fields_that_were_not_asked_for_help_to_find_and_are_not_answered()
    {
        var written = Expand("""{"id":"1","doctor_id":"d","title":"t"}""", isList: false, [Own], ["title"], new() { ["d"] = """{"id":"d"}""" });

        Assert.Equal(["title", "doctor"], written.AsObject().Select(f => f.Key));
        Assert.Equal("d", (string?)written["doctor"]!["id"]);
    }

    [Fact]
    public void References_inside_a_list_are_expanded_in_place()
    {
        var written = Expand("""{"results":[{"id":"1","plan_id":"q","parts":[{"plan_id":"p","n":1},{"plan_id":"q","n":2}]},{"id":"2","parts":[]}]}""",
            isList: true, [Inner], ["parts"], new() { ["p"] = """{"id":"p"}""" });

        Assert.True(JsonNode.DeepEquals(
            JsonNode.Parse("""{"results":[{"parts":[{"plan_id":"p","n":1,"plan":{"id":"p"}},{"plan_id":"q","n":2,"plan":null}]},{"parts":[]}]}"""), written));
    }

    [Fact]
    public void Only_what_is_named_in_its_place_is_asked_for()
    {
        var page = Encoding.UTF8.GetBytes(
            """{"doctor_id":"no","results":[{"doctor_id":"a","x":{"doctor_id":"no"},"parts":[{"plan_id":"p"},{"plan_id":null}]},"""
                + """{"doctor_id":"a"},{"doctor_id":"b","plan_id":"no"}]}""");

        Assert.Equal(["a", "b"], new ResourceExpansion(isList: true).CollectIds(page, Own));
        Assert.Equal(["p"], new ResourceExpansion(isList: true).CollectIds(page, Inner));
    }

    [Fact]
    public void The_entities_of_a_page_are_found_as_they_are_written()
    {
        var found = ResourceExpansion.IndexById(
            Encoding.UTF8.GetBytes("""{"total":2,"results":[{"id":"a","in":{"id":"no"},"list":[{"id":"no"}]},{"n":1,"id":"b"}]}""")).ToDictionary();

        Assert.Equal(["a", "b"], found.Keys);
        Assert.Equal("""{"n":1,"id":"b"}""", Encoding.UTF8.GetString(found["b"].Span));
    }

    private static JsonNode Expand(string answer, bool isList, ResourceReference[] references, HashSet<string>? fields, Dictionary<string, string> found)
    {
        var others = found.ToDictionary(f => f.Key, f => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(f.Value));
        using var written = ResponseBuffer.WriteJson(
            json => new ResourceExpansion(isList).Write(Encoding.UTF8.GetBytes(answer), references, [.. references.Select(_ => others)], fields, json), null);
        return JsonNode.Parse(written.WrittenSequence.ToArray())!;
    }
}
