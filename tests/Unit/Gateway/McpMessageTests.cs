using System.Diagnostics.Metrics;
using System.Text;
using MedCor.Gateway.Mcp;
using Microsoft.AspNetCore.Http;

namespace MedCor.Tests.Unit.Gateway;

public sealed class McpMessageTests
{
    private const string Modern = "2026-07-28";

    [Theory]
    [InlineData(Modern, """{"jsonrpc":"2.0","method":"ping"}""", true)]
    [InlineData("2025-11-25", """{"jsonrpc":"2.0","method":"ping"}""", false)]
    [InlineData(null, """{"jsonrpc":"2.0","method":"ping"}""", false)]
    [InlineData(null, """{"jsonrpc":"2.0","method":"server/discover"}""", true)]
    [InlineData(null, """{"jsonrpc":"2.0","method":"ping","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}""", true)]
    [InlineData(null, """{"jsonrpc":"2.0","method":"ping","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2025-06-18"}}}""", false)]
    public void The_era_is_told_by_the_header_by_the_message_or_by_the_method(string? header, string json, bool isModern) =>
        Assert.Equal(isModern, Read(json, header).IsModern);

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","method":"a","params":{"name":"a","name":"b"},"id":"x"}""", "\"x\"")]
    [InlineData("""{"method":"a","params":[],"other":{"id":2},"id":9007199254740993}""", "9007199254740993")]
    [InlineData("""{"jsonrpc":"2.0","method":7,"id":1.5}""", "")]
    [InlineData("""{"jsonrpc":"2.0","method":7,"a":{"id":1}}""", "")]
    [InlineData("""{"jsonrpc":"2.0","method":7,"a":}""", "")]
    [InlineData("""{"jsonrpc":"2.0","id":3,"method":"a","a":}""", "3")]
    [InlineData("""[{"id":1}]""", "")]
    public void The_ID_of_a_refused_message_is_found_wherever_it_can_be_read(string json, string id)
    {
        var http = new DefaultHttpContext();

        Assert.Throws<McpRejection>(() => McpMessage.Read(http, Encoding.UTF8.GetBytes(json)));

        Assert.Equal(id, Encoding.UTF8.GetString(http.Features.Get<McpMessage>()!.Id.Span));
    }

    [Fact]
    public void The_subscribed_addresses_are_a_list_of_text()
    {
        Assert.Equal(["a", "b"], Watched("""{"resourceSubscriptions":["a","b"],"toolsListChanged":true}"""));
        Assert.Equal([], Watched("{}"));
        Assert.Equal([], Watched("""{"resourceSubscriptions":null}"""));
        foreach (var wrong in (string[])["[]", "null", """{"resourceSubscriptions":"a"}""", """{"resourceSubscriptions":["a",["b"],{"c":1}]}"""])
            Assert.Null(Watched(wrong));

        static IReadOnlyList<string>? Watched(string notifications) =>
            Read($$"""{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{{notifications}}} }""").Watched;
    }

    [Theory]
    [InlineData("""{"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"}""", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")]
    [InlineData("""{"traceparent":{"a":1}}""", null)]
    [InlineData("{}", null)]
    public void The_trace_of_a_message_is_a_text_among_what_describes_it(string meta, string? trace) =>
        Assert.Equal(trace, Read($$"""{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":{{meta}}} }""").TraceParent);

    [Fact]
    public void Requests_are_counted_by_era_method_and_outcome_and_by_no_text_of_the_client()
    {
        var outcome = Guid.NewGuid().ToString();
        var counted = new List<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Name == "medcor.mcp.requests") self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, count, labels, _) =>
        {
            var text = string.Join(' ', labels.ToArray().Select(label => $"{label.Key}={label.Value}"));
            if (!text.Contains(outcome, StringComparison.Ordinal)) return;
            lock (counted) counted.Add($"{count} {text}");
        });
        listener.Start();

        McpMetrics.Record(Read("""{"jsonrpc":"2.0","id":1,"method":"tools/call"}""", Modern), outcome);
        McpMetrics.Record(Read("""{"jsonrpc":"2.0","id":1,"method":"Alice"}"""), outcome);

        Assert.Equal([$"1 era=modern method=tools/call outcome={outcome}", $"1 era=legacy method=other outcome={outcome}"], counted);
    }

    private static McpMessage Read(string json, string? version = null)
    {
        var http = new DefaultHttpContext();
        if (version is not null) http.Request.Headers["MCP-Protocol-Version"] = version;
        return McpMessage.Read(http, Encoding.UTF8.GetBytes(json));
    }
}
