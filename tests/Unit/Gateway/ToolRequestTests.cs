using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Gateway.ToolInvocation;

namespace MedCor.Tests.Unit.Gateway;

public sealed class ToolRequestTests
{
    [Theory]
    [InlineData("""{"tool":"list_hospitals","params":{"limit":1}}""", """{"limit":1}""")]
    [InlineData("""{"params":{ "a" : [1, {"b":null}], "limit":1e0 },"tool":"list_hospitals"}""", """{ "a" : [1, {"b":null}], "limit":1e0 }""")]
    [InlineData(" \r\n{ \"tool\" : \"list_hospitals\" , \"params\" : {\"\\u0061\":\"\\ud83d\\ude00 é\"} } \t", "{\"\\u0061\":\"\\ud83d\\ude00 é\"}")]
    [InlineData("""{"tool":"list_\u0068ospitals","\u0070arams":{}}""", "{}")]
    [InlineData("""{"tool":"list_hospitals"}""", "{}")]
    public void The_parameters_are_the_very_bytes_that_were_sent(string envelope, string parameters)
    {
        var call = Read(envelope);

        Assert.Equal("list_hospitals", call.Tool.Name);
        Assert.Equal(parameters, Encoding.UTF8.GetString(call.Params));
    }

    [Fact]
    public void The_envelope_is_read_however_its_bytes_are_segmented()
    {
        var envelope = Encoding.UTF8.GetBytes("""{"params":{"search":"Größe \u00e9 😀","page":12345},"tool":"list_hospitals"}""");
        for (var cut = 1; cut < envelope.Length - 1; cut++)
        {
            var call = ToolRequest.Parse(InPieces(envelope[..cut], envelope[cut..(cut + 1)], envelope[(cut + 1)..]));

            Assert.Equal("list_hospitals", call.Tool.Name);
            Assert.Equal("""{"search":"Größe \u00e9 😀","page":12345}""", Encoding.UTF8.GetString(call.Params));
        }
    }

    [Theory]
    [InlineData("\"a\":0,", "a")]
    [InlineData("\"tool\":\"nothing\",", "tool")]
    [InlineData("\"params\":1,", "params")]
    public void At_most_ten_errors_are_reported_per_field(string field, string name)
    {
        var refused = Assert.Throws<ValidationFailed>(() => Read($"{{{string.Concat(Enumerable.Repeat(field, 50_000))}\"b\":0}}"));

        Assert.Equal(10, refused.Details[name]!.AsArray().Count);
        Assert.InRange(refused.Message.Length, 1, 1100);
    }

    [Fact]
    public void Every_bad_field_is_named_at_once()
    {
        var details = Refused("""{"tool":"no_such_tool","params":[],"parms":{"deep":[1,2]},"idempotency_key":1}""");

        Assert.Equal(["idempotency_key", "params", "parms", "tool"], details.Select(d => d.Key).Order());
    }

    [Theory]
    [InlineData("""{"params":{}}""", "tool", "is required")]
    [InlineData("""{"tool":null}""", "tool", "must be text")]
    [InlineData("""{"tool":{"tool":"list_hospitals"}}""", "tool", "must be text")]
    [InlineData("""{"tool":"LIST_HOSPITALS"}""", "tool", "is not a tool; GET /api/mcp/tools lists those that you may use. Did you mean list_hospitals?")]
    [InlineData("""{"tool":""}""", "tool", "is not a tool; GET /api/mcp/tools lists those that you may use")]
    [InlineData("""{"tool":"list_hospitals","params":"{}"}""", "params", "must be an object")]
    [InlineData("""{"tool":"list_hospitals","params":{},"params":{"page":2}}""", "params", "is given twice")]
    [InlineData("""{"tool":"list_hospitals","tool":"delete_hospital"}""", "tool", "is given twice")]
    [InlineData("""[]""", "body", "must be an object with the fields tool and params")]
    [InlineData("\"list_hospitals\"", "body", "must be an object with the fields tool and params")]
    public void Errors_name_the_field_that_is_wrong(string envelope, string field, string wrong) =>
        Assert.Contains(wrong, Refused(envelope)[field]!.AsArray().Select(w => (string)w!));

    [Fact]
    public void A_name_that_no_tool_could_have_is_refused_whatever_its_length() =>
        Assert.NotNull(Refused($$"""{"tool":"{{new string('x', 100_000)}}"}""")["tool"]);

    public static TheoryData<string> Malformed =>
    [
        "", " ", "{", "{}}", "{\"tool\":\"list_hospitals\"", "{\"tool\":\"list_hospitals\"} x", "{\"tool\":\"list_hospitals\",}", "{'tool':'list_hospitals'}",
        "{\"tool\":\"list_hospitals\"}{}", "{\"tool\":\"list_hospitals\",\"params\":{\"a\":01}}",
        "{\"tool\":\"list_hospitals\",\"params\":{}", "tool=list_hospitals", "{\"tool\":\"list_hospitals\" /* */}", "\uFEFF{\"tool\":\"list_hospitals\"}",
    ];

    [Theory, MemberData(nameof(Malformed))]
    public void Malformed_JSON_is_refused(string body) =>
        Assert.Equal("must be well-formed JSON", (string?)Refused(body)["body"]![0]);

    [Theory]
    [InlineData(64)]
    [InlineData(100)]
    [InlineData(500_000)]
    public void What_is_deeper_than_is_read_is_told_how_deep_it_may_be(int levels) =>
        Assert.Equal("must be at most 32 levels deep",
            (string?)Refused($"{{\"tool\":\"list_hospitals\",\"params\":{new string('[', levels)}{new string(']', levels)}}}")["body"]![0]);

    [Fact]
    public void A_name_that_is_not_UTF8_is_refused() =>
        Assert.Equal("must be valid Unicode",
            (string?)Assert.Throws<ValidationFailed>(() => ToolRequest.Parse(new([.. "{\"tool\":\""u8, 0xFF, 0xFE, .. "\"}"u8]))).Details["tool"]![0]);

    [Theory]
    [InlineData("""{"tool":"\ud800"}""", "tool")]
    [InlineData("""{"tool":"x\udc00"}""", "tool")]
    [InlineData("""{"tool":"list_hospitals","idempotency_key":"\ud800"}""", "idempotency_key")]
    [InlineData("""{"\ud800":1}""", "body")]
    [InlineData("""{"an unknown field \ud800":1}""", "body")]
    public void Half_a_surrogate_pair_is_refused_as_no_Unicode_where_it_stands(string envelope, string field)
    {
        var wrong = Assert.Throws<ValidationFailed>(() => ToolRequest.Parse(new(Encoding.UTF8.GetBytes(envelope)), out _)).Details;
        Assert.Equal(["must be valid Unicode"], wrong[field]!.AsArray().Select(w => (string?)w));
    }

    [Fact]
    public void Null_parameters_are_none() =>
        Assert.Equal("{}", Encoding.UTF8.GetString(Read("""{"tool":"list_hospitals","params":null}""").Params.ToArray()));

    [Fact]
    public void A_field_that_does_not_exist_is_told_from_all_that_may_be_sent()
    {
        var message = """{"type": "tool_invoke", "request_id": "1", "tool": "list_doctors", "request_ids": 1}"""u8.ToArray();

        var wrong = Assert.Throws<ValidationFailed>(() => ToolRequest.Parse(new(message), out _, "type", "request_id")).Details;

        Assert.Equal("is not a field here; there are type, request_id, tool, params and idempotency_key. Did you mean request_id?",
            (string?)Assert.Single(wrong["request_ids"]!.AsArray()));
    }

    private static ToolRequest Read(string json) => ToolRequest.Parse(new(Encoding.UTF8.GetBytes(json)));

    private static JsonObject Refused(string json) => Assert.Throws<ValidationFailed>(() => Read(json)).Details;

    private static ReadOnlySequence<byte> InPieces(params byte[][] pieces)
    {
        var first = new Segment(pieces[0], null);
        var last = pieces[1..].Aggregate(first, (before, bytes) => new Segment(bytes, before));
        return new(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes, Segment? before)
        {
            Memory = bytes;
            if (before is null) return;
            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }
    }
}
