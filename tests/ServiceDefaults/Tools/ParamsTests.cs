using System.ComponentModel.DataAnnotations;
using System.Text;
using MedCor.Contracts;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Tests.ServiceDefaults.Tools;

public class ParamsTests
{
    public sealed record Item([property: Length(1, 10)] string Name, int Amount);

    public sealed record Stop(int Distance);

    public sealed record Order(
        Guid Id,
        [property: AlsoNamed("date")] DateOnly Day,
        TimeOnly At,
        Role For,
        [property: MaxLength(5)] string Note,
        IReadOnlyList<Item>? Items = null,
        IReadOnlyList<Stop>? Stops = null,
        [property: Range(1, 9)] int Priority = 5,
        bool? Urgent = null);

    private const string Good = """{"id":"0198c0de-0000-7000-8000-000000000001","day":"2026-02-01","at":"14:00:00","for":"DOCTOR","note":"ok"}""";

    private static Order Read(string json) => Params<Order>.Read(Encoding.UTF8.GetBytes(json));

    private static Dictionary<string, string[]> Wrong(string json) =>
        Assert.Throws<Invalid>(() => Read(json)).Details.ToDictionary(d => d.Key, d => d.Value!.AsArray().Select(v => (string)v!).ToArray());

    [Fact]
    public void What_is_right_is_read_with_its_defaults()
    {
        var order = Read(Good);

        Assert.Equal(new TimeOnly(14, 0), order.At);
        Assert.Equal(Role.Doctor, order.For);
        Assert.Equal(5, order.Priority);
        Assert.Null(order.Items);
    }

    [Fact]
    public void What_older_clients_call_a_parameter_is_understood_unless_its_own_name_is_there_too()
    {
        Assert.Equal(Read(Good), Read(Good.Replace("day", "date", StringComparison.Ordinal)));

        Assert.Equal(["must be a date, yyyy-MM-dd"], Wrong(Good.Replace("\"day\":\"", "\"date\":\"x", StringComparison.Ordinal))["day"]);
        Assert.StartsWith("is not a parameter", Assert.Single(Wrong(Good.Insert(1, "\"date\":\"2026-02-01\","))["date"]), StringComparison.Ordinal);
    }

    [Fact]
    public void No_list_takes_null_for_one_of_its_entries() =>
        Assert.Equal(["must not be null"], Wrong(Good.Replace("}", ",\"stops\":[{\"distance\":1},null]}", StringComparison.Ordinal))["stops[1]"]);

    [Fact]
    public void Every_bad_field_is_named_at_once()
    {
        var wrong = Wrong("""{"id":"x","day":"2026-02-30","at":"25:00","for":"COOK","prority":1,"priority":99,"items":[{"name":"a","amount":"2"},{"amount":1}],"urgent":"yes"}""");

        Assert.Equal(["must be a UUID"], wrong["id"]);
        Assert.Equal(["must be a date, yyyy-MM-dd"], wrong["day"]);
        Assert.Equal(["must be a time of day, HH:mm:ss"], wrong["at"]);
        Assert.Equal(["must be one of ADMIN, DOCTOR, NURSE, PATIENT"], wrong["for"]);
        Assert.Equal(["is required"], wrong["note"]);
        Assert.StartsWith("is not a parameter; there are id, day", wrong["prority"][0], StringComparison.Ordinal);
        Assert.Equal(["must be a whole number"], wrong["items[0].amount"]);
        Assert.Equal(["is required"], wrong["items[1].name"]);
        Assert.Equal(["must be true or false"], wrong["urgent"]);
        Assert.Equal(["must be between 1 and 9"], wrong["priority"]);
    }

    [Fact]
    public void Annotations_are_held_inside_lists_too()
    {
        var wrong = Wrong(Good.Replace("\"ok\"", "\"too long\"", StringComparison.Ordinal).Replace("}", ",\"priority\":10,\"items\":[{\"name\":\"\",\"amount\":1}]}", StringComparison.Ordinal));

        Assert.Equal(["items[0].name", "note", "priority"], wrong.Keys.Order());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("12")]
    public void What_is_no_object_is_refused(string json) => Assert.Contains("params", Wrong(json).Keys);

    [Theory]
    [InlineData("note", "null", "must not be null")]
    [InlineData("note", "\"a\\u0000b\"", "must not contain the character U+0000")]
    [InlineData("note", "{}", "must be text")]
    [InlineData("day", "null", "must not be null")]
    [InlineData("items", "{}", "must be a list")]
    public void A_value_that_does_not_fit_is_told(string field, string value, string wrong)
    {
        var json = System.Text.Json.Nodes.JsonNode.Parse(Good)!;
        json[field] = System.Text.Json.Nodes.JsonNode.Parse(value);

        Assert.Contains(wrong, Wrong(json.ToJsonString())[field]);
    }

    [Fact]
    public void A_field_given_twice_is_an_error() =>
        Assert.Equal(["is given twice"], Wrong(Good.Replace("\"note\":\"ok\"", "\"note\":\"ok\",\"note\":\"no\"", StringComparison.Ordinal))["note"]);

    [Fact]
    public void Half_a_surrogate_pair_is_an_error_and_no_crash() => Assert.NotEmpty(Wrong(Good.Replace("\"ok\"", "\"\\ud800\"", StringComparison.Ordinal)));

    [Fact]
    public void Deep_nesting_is_an_error_and_no_crash() => Assert.NotEmpty(Wrong(new string('[', 5000)));
}
