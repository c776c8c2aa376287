using System.ComponentModel.DataAnnotations;
using System.Text;
using MedCor.Contracts;
using MedCor.Validation;

namespace MedCor.Tests.Unit.Validation;

public class ParameterReaderTests
{
    public sealed record Item([property: Length(1, 10)] string Name, int Amount);

    public sealed record Stop(int Distance);

    public sealed record Order(
        Guid Id,
        [property: Alias("date")] DateOnly Day,
        TimeOnly At,
        Role For,
        [property: MaxLength(5), Multiline] string Note,
        IReadOnlyList<Item>? Items = null,
        IReadOnlyList<Stop>? Stops = null,
        [property: Range(1, 9)] int Priority = 5,
        bool? Urgent = null);

    private const string Good = """{"id":"0198c0de-0000-7000-8000-000000000001","day":"2026-02-01","at":"14:00:00","for":"DOCTOR","note":"ok"}""";

    private static Order Read(string json) => ParameterReader<Order>.Read(Encoding.UTF8.GetBytes(json));

    private static Dictionary<string, string[]> Wrong(string json) =>
        Assert.Throws<ValidationFailed>(() => Read(json)).Details.ToDictionary(d => d.Key, d => d.Value!.AsArray().Select(v => (string)v!).ToArray());

    [Fact]
    public void Valid_parameters_are_read_with_their_defaults()
    {
        var order = Read(Good);

        Assert.Equal(new TimeOnly(14, 0), order.At);
        Assert.Equal(Role.Doctor, order.For);
        Assert.Equal(5, order.Priority);
        Assert.Null(order.Items);
    }

    [Fact]
    public void A_text_of_nothing_but_marks_is_refused_and_not_put_in_order()
    {
        // Two alternating combining marks: normalization would have to move each one past all of the other kind.
        var marks = string.Concat(Enumerable.Repeat("\u0301\u0327", 250_000));
        Assert.Equal("must not have more than 30 accents or other marks in a row",
            Wrong(Good.Replace("\"ok\"", $"\"a{marks}\"", StringComparison.Ordinal))["note"][^1]);
        Assert.Equal("\u00E1\u0301", Read(Good.Replace("\"ok\"", "\"a\u0301\u0301\"", StringComparison.Ordinal)).Note);
    }

    [Fact]
    public void An_alias_is_accepted_unless_the_parameters_own_name_is_present()
    {
        Assert.Equal(Read(Good), Read(Good.Replace("day", "date", StringComparison.Ordinal)));

        Assert.Equal(["must be a date, yyyy-MM-dd"], Wrong(Good.Replace("\"day\":\"", "\"date\":\"x", StringComparison.Ordinal))["day"]);
        Assert.StartsWith("is not a parameter", Assert.Single(Wrong(Good.Insert(1, "\"date\":\"2026-02-01\","))["date"]), StringComparison.Ordinal);
    }

    [Fact]
    public void No_list_takes_null_for_one_of_its_entries() =>
        Assert.Equal(["must not be null"], Wrong(Good.Replace("}", ",\"stops\":[{\"distance\":1},null]}", StringComparison.Ordinal))["stops[1]"]);

    [Fact]
    public void At_most_ten_errors_are_reported_per_field()
    {
        var wrong = Wrong($"{{{string.Concat(Enumerable.Repeat("\"a\":0,", 50_000))}\"b\":0}}");

        Assert.Equal(10, wrong["a"].Length);
        Assert.Single(wrong["b"]);
    }

    [Theory]
    [InlineData("[]", "must be an object, not a list")]
    [InlineData("null", "must be an object, not null")]
    [InlineData("\"text\"", "must be an object, not text")]
    [InlineData("", "is empty, and must be an object")]
    [InlineData("{", "must be well-formed JSON")]
    [InlineData("{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}", "must be at most 32 levels deep")]
    [InlineData("{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "must be at most 32 levels deep")]
    [InlineData("{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "must be well-formed JSON")]
    public void A_body_that_is_no_object_is_refused_naming_its_kind(string json, string wrong) => Assert.Equal([wrong], Wrong(json)["body"]);

    [Fact]
    public void A_number_beyond_what_is_read_is_told_its_bounds()
    {
        Assert.Equal(["must be between -2147483648 and 2147483647"],
            Wrong(Good.Replace("}", ",\"items\":[{\"name\":\"a\",\"amount\":2147483648}]}", StringComparison.Ordinal))["items[0].amount"]);
        Assert.Equal("must be between -9007199254740991 and 9007199254740991", (string?)Assert.Throws<ValidationFailed>(
            () => ParameterReader<Keyed>.Read("""{"code":"x","secret":"s","version":9007199254740993}"""u8.ToArray())).Details["version"]![0]);
    }

    [Theory]
    [InlineData("a\\nb", "must be one line, without the character U+000A")]
    [InlineData("a\\tb", "must be one line, without the character U+0009")]
    [InlineData("a\\u2028b", "must be one line, without the character U+2028")]
    [InlineData("a\\u0085", "must not contain the character U+0085")]
    public void A_text_of_one_line_takes_no_line_ends_and_tabs_inside(string text, string wrong) =>
        Assert.Equal([wrong], Wrong(Good.Replace("}", $",\"items\":[{{\"name\":\"{text}\",\"amount\":1}}]}}", StringComparison.Ordinal))["items[0].name"]);

    [Theory]
    [InlineData("ab\\r\\n")]
    [InlineData("\\u2028ab")]
    [InlineData("\\t ab\\n \\n")]
    public void Around_a_text_of_one_line_blanks_tabs_and_line_ends_are_left_out(string text) =>
        Assert.Equal("ab", Read(Good.Replace("}", $",\"items\":[{{\"name\":\"{text}\",\"amount\":1}}]}}", StringComparison.Ordinal)).Items![0].Name);

    [Theory]
    [InlineData("""{"id":"x","note":"ok"}""", "at day for id note", "doctors say more")]
    [InlineData("""{"note":"ok","note":"ok"}""", "at day for id note", null)]
    [InlineData("""{"for":"COOK","note":"too long","unknown":1}""", "at day for id note unknown", null)]
    public async Task A_rule_sees_what_is_right_also_where_the_rest_could_not_be_read(string json, string named, string? said)
    {
        static Task Rule(Order order, ParameterErrors errors)
        {
            if (errors.AreRight("for")) throw new InvalidOperationException("Nobody said for whom.");
            if (errors.AreRight("note") && order.Note == "ok") errors.Add("note", "doctors say more");
            errors.Add("for", "is never heard");
            return Task.CompletedTask;
        }

        var wrong = await Assert.ThrowsAsync<ValidationFailed>(() => ParameterReader<Order>.ReadAsync(Encoding.UTF8.GetBytes(json), rules: Rule));

        Assert.Equal(named, string.Join(' ', wrong.Details.Select(d => d.Key).Order()));
        if (said is not null) Assert.Equal([said], wrong.Details.Strings("note"));
        Assert.DoesNotContain("is never heard", wrong.Details.Strings("for"));
    }

    [Theory]
    [InlineData("\"\\ud800\"")]
    [InlineData("\"a\\udc00b\"")]
    public void Text_with_half_a_surrogate_pair_is_told_to_be_no_Unicode(string text) =>
        Assert.Equal(["must be valid Unicode"], Wrong(Good.Replace("\"ok\"", text, StringComparison.Ordinal))["note"]);

    [Theory]
    [InlineData("day")]
    [InlineData("date")]
    public void Bytes_that_are_no_UTF_8_are_told_to_be_no_Unicode(string day)
    {
        var bytes = Encoding.UTF8.GetBytes(Good.Replace("day", day, StringComparison.Ordinal));
        bytes[^4] = 0xFF;

        Assert.Equal("must be valid Unicode", (string?)Assert.Throws<ValidationFailed>(() => ParameterReader<Order>.Read(bytes)).Details["note"]![0]);
    }

    private sealed record Labels([property: UniqueItems] IReadOnlyList<string> Names);

    [Theory]
    [InlineData("a,a,b", "a,a,b", null)]
    [InlineData("a,a,b", "b,a,a,c", null)]
    [InlineData("a,a,b", "a,a,b,a", "names[3]")]
    [InlineData("a,b", "a,b,b", "names[2]")]
    [InlineData("a,a", "a,a,c,c", "names[3]")]
    public async Task What_stood_twice_in_a_list_may_stay_and_nothing_more_may(string shown, string sent, string? refused)
    {
        static string[] Names(string list) => list.Split(',');
        var change = ParameterReader<Labels>.ReadAsync(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new { names = Names(sent) }),
            _ => Task.FromResult<object?>(new Labels(Names(shown))));

        if (refused is null) Assert.Equal(Names(sent), (await change).Names);
        else Assert.Equal([refused], (await Assert.ThrowsAsync<ValidationFailed>(() => change)).Details.Select(d => d.Key));
    }

    [Fact]
    public void Every_bad_field_is_named_at_once()
    {
        var wrong = Wrong(
            """{"id":"x","day":"2026-02-30","at":"25:00","for":"COOK","prority":1,"priority":99"""
                + ""","items":[{"name":"a","amount":"2"},{"amount":1}],"urgent":"yes"}""");

        Assert.Equal(["must be a UUID"], wrong["id"]);
        Assert.Equal(["must be a date, yyyy-MM-dd"], wrong["day"]);
        Assert.Equal(["must be a time of day, HH:mm:ss"], wrong["at"]);
        Assert.Equal(["must be one of ADMIN, DOCTOR, NURSE, PATIENT, RECEPTIONIST"], wrong["for"]);
        Assert.Equal(["is required"], wrong["note"]);
        Assert.StartsWith("is not a parameter; there are id, day", wrong["prority"][0], StringComparison.Ordinal);
        Assert.Equal(["must be a whole number, not text"], wrong["items[0].amount"]);
        Assert.Equal(["is required"], wrong["items[1].name"]);
        Assert.Equal(["must be true or false, not text"], wrong["urgent"]);
        Assert.Equal(["must be between 1 and 9"], wrong["priority"]);
    }

    [Fact]
    public void Annotations_are_held_inside_lists_too()
    {
        var wrong = Wrong(Good.Replace("\"ok\"", "\"too long\"", StringComparison.Ordinal).Replace("}",
            ",\"priority\":10,\"items\":[{\"name\":\"\",\"amount\":1}]}", StringComparison.Ordinal));

        Assert.Equal(["items[0].name", "note", "priority"], wrong.Keys.Order());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("12")]
    public void A_body_that_cannot_be_read_is_refused(string json) => Assert.Contains("body", Wrong(json).Keys);

    [Theory]
    [InlineData("note", "null", "must not be null")]
    [InlineData("note", "\"a\\u0000b\"", "must not contain the character U+0000")]
    [InlineData("note", "{}", "must be text, not an object")]
    [InlineData("day", "null", "must not be null")]
    [InlineData("items", "{}", "must be a list, not an object")]
    public void A_value_that_does_not_fit_is_told(string field, string value, string wrong)
    {
        var json = System.Text.Json.Nodes.JsonNode.Parse(Good)!;
        json[field] = System.Text.Json.Nodes.JsonNode.Parse(value);

        Assert.Contains(wrong, Wrong(json.ToJsonString())[field]);
    }

    [Theory]
    [InlineData("DOCTOR,NURSE")]
    [InlineData("DOCTOR, NURSE")]
    [InlineData("doctor")]
    [InlineData(" DOCTOR")]
    [InlineData("1")]
    [InlineData("")]
    public void A_choice_is_exactly_one_of_its_words(string word) =>
        Assert.StartsWith("must be one of ADMIN, DOCTOR, NURSE, PATIENT, RECEPTIONIST",
            Assert.Single(Wrong(Good.Replace("DOCTOR", word, StringComparison.Ordinal))["for"]), StringComparison.Ordinal);

    [Theory]
    [InlineData("7.0", 7)]
    [InlineData("0.7e1", 7)]
    [InlineData("70E-1", 7)]
    [InlineData("9.000", 9)]
    public void A_whole_number_may_be_written_in_any_way(string written, int read) =>
        Assert.Equal(read, Read(Good.Replace("}", $",\"priority\":{written}}}", StringComparison.Ordinal)).Priority);

    [Theory]
    [InlineData("7.00000000000000000000000000000001", "must be a whole number")]
    [InlineData("7e-400", "must be a whole number")]
    [InlineData("7.5e99999999999999999999", "must be between 1 and 9")]
    [InlineData("7e99999999999", "must be between 1 and 9")]
    [InlineData("1000000000000000000000", "must be between 1 and 9")]
    [InlineData("0", "must be between 1 and 9")]
    [InlineData("\"7\"", "must be a whole number, not text")]
    [InlineData("[7]", "must be a whole number, not a list")]
    public void A_number_that_is_not_whole_or_too_large_is_not_rounded(string written, string wrong) =>
        Assert.Equal([wrong], Wrong(Good.Replace("}", $",\"priority\":{written}}}", StringComparison.Ordinal))["priority"]);

    private sealed record Keyed([property: RegularExpression("[a-z]*x")] string Code, [property: Opaque, Length(1, 9)] string Secret,
        [property: EmailAddress] string? Email = null, long? Version = null, DateTimeOffset? Since = null);

    [Fact]
    public void An_empty_text_is_held_against_its_pattern_and_a_secret_is_read_as_it_was_sent()
    {
        var wrong = Assert.Throws<ValidationFailed>(() => ParameterReader<Keyed>.Read("""{"code":"","secret":" "}"""u8.ToArray()));
        Assert.Contains("code", wrong.Details.Select(d => d.Key));

        Assert.Equal(" e\u0301 ", ParameterReader<Keyed>.Read(Encoding.UTF8.GetBytes("{\"code\":\"x\",\"secret\":\" e\u0301 \"}")).Secret);
        Assert.Equal("x", ParameterReader<Keyed>.Read("{\"code\":\" x\\n\",\"secret\":\"s\"}"u8.ToArray()).Code);
        Assert.Throws<ValidationFailed>(() => ParameterReader<Keyed>.Read("{\"code\":\"x\\nx\",\"secret\":\"s\"}"u8.ToArray()));
    }

    [Theory]
    [InlineData("2026-02-01T14:00:00Z", true)]
    [InlineData("2026-02-01t14:00:00.123456789z", true)]
    [InlineData("2026-02-01T14:00:00+05:30", true)]
    [InlineData("2026-02-01T14:00:00", false)]
    [InlineData("2026-02-01T14:00Z", false)]
    [InlineData("2026-02-01", false)]
    [InlineData("2026-02-01T14:00:00+05", false)]
    [InlineData("0001-01-01T00:00:00+14:00", false)]
    public void An_instant_says_its_offset(string instant, bool isRight)
    {
        var json = Encoding.UTF8.GetBytes($$"""{"code":"x","secret":"s","since":"{{instant}}"}""");
        if (isRight) Assert.NotNull(ParameterReader<Keyed>.Read(json).Since);
        else Assert.Contains("since", Assert.Throws<ValidationFailed>(() => ParameterReader<Keyed>.Read(json)).Details.Select(d => d.Key));
    }

    [Fact]
    public void A_large_number_is_kept_exactly_or_refused()
    {
        Assert.Equal(9_007_199_254_740_991, ParameterReader<Keyed>.Read("""{"code":"x","secret":"s","version":9007199254740991.0}"""u8.ToArray()).Version);
        Assert.Throws<ValidationFailed>(() => ParameterReader<Keyed>.Read("""{"code":"x","secret":"s","version":9007199254740993}"""u8.ToArray()));
    }

    [Fact]
    public void Text_is_read_without_blanks_around_it_and_in_one_normalization_form()
    {
        Assert.Equal("M\u00FC", Read(Good.Replace("\"ok\"", "\" Mu\u0308\\r\\n\"", StringComparison.Ordinal)).Note);
        Assert.Equal("a\nb", Read(Good.Replace("\"ok\"", "\"a\\r\\nb\"", StringComparison.Ordinal)).Note);
        Assert.Equal(5, Read(Good.Replace("\"ok\"", "\"😀😀😀😀😀\"", StringComparison.Ordinal)).Note.EnumerateRunes().Count());
    }

    [Theory]
    [InlineData("\\u00a0", "must not be blank")]
    [InlineData("\\u200b", "must hold a letter, a digit or a symbol, which U+200B is not")]
    [InlineData("\\u0301", "must hold a letter, a digit or a symbol, which U+0301 is not")]
    [InlineData("a\\u202e", "must not contain the character U+202E")]
    [InlineData("\\u0001", "must not contain the character U+0001")]
    public void Text_that_shows_nothing_or_hides_something_is_refused_by_character(string text, string wrong) =>
        Assert.Contains(wrong, Wrong(Good.Replace("\"ok\"", $"\"{text}\"", StringComparison.Ordinal))["note"]);

    [Fact]
    public void The_message_says_what_is_wrong_and_what_may_have_been_meant()
    {
        var refused = Assert.Throws<ValidationFailed>(() => Read(Good.Replace("}", ",\"prority\":1,\"urgent\":\"yes\"}", StringComparison.Ordinal)));

        Assert.StartsWith(
            "Not valid: prority is not a parameter; there are id, day, at, for, note, items, stops, priority, urgent. Did you mean priority?; urgent must be "
            + "true or false, not text.",
            refused.Message, StringComparison.Ordinal);
        Assert.EndsWith(". Did you mean DOCTOR?", Wrong(Good.Replace("DOCTOR", "DOKTOR", StringComparison.Ordinal))["for"][0], StringComparison.Ordinal);
        Assert.DoesNotContain("Did you mean", Wrong(Good.Replace("}", ",\"colour\":1}", StringComparison.Ordinal))["colour"][0], StringComparison.Ordinal);
    }

    [Fact]
    public void The_message_stays_short_with_many_errors()
    {
        var refused = Assert.Throws<ValidationFailed>(
            () => Read($"{{{string.Join(',', Enumerable.Range(0, 90).Select(i => $"\"{new string('x', 90)}{i}\":1"))}}}"));

        Assert.InRange(refused.Message.Length, 500, 1100);
        Assert.EndsWith(" more, see details.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_field_given_twice_is_an_error() =>
        Assert.Equal(["is given twice"], Wrong(Good.Replace("\"note\":\"ok\"", "\"note\":\"ok\",\"note\":\"no\"", StringComparison.Ordinal))["note"]);

    [Fact]
    public void A_tool_without_parameters_is_said_to_have_none() =>
        Assert.Equal(["is not a parameter; there are none"],
            Assert.Throws<ValidationFailed>(() => ParameterReader<MedCor.Contracts.Identity.GetCurrentUser>.Read("""{"x":1}"""u8.ToArray())).Details["x"]!
                .AsArray().Select(w => (string?)w));

    [Fact]
    public void Half_a_surrogate_pair_is_an_error_and_no_crash() => Assert.NotEmpty(Wrong(Good.Replace("\"ok\"", "\"\\ud800\"", StringComparison.Ordinal)));

    [Fact]
    public void Deep_nesting_is_an_error_and_no_crash() => Assert.NotEmpty(Wrong(new string('[', 5000)));
}
