using System.Text;
using MedCor.Gateway.Mcp;
using Microsoft.AspNetCore.Http;

namespace MedCor.Tests.Unit.Gateway;

public sealed class McpResponseStreamTests
{
    private const string Message = """{"jsonrpc":"2.0","id":1,"result":{"text":"data: \n"}}""";

    [Fact]
    public async Task A_sign_of_life_is_written_once_an_event_stream_has_begun()
    {
        var (response, sent) = Create(McpResponseStream.EventStream);
        await using var stream = new McpResponseStream(response, sent, isJsonOnly: false);

        await stream.KeepAliveAsync();
        Assert.Equal("", Text(sent));
        await stream.FlushAsync();
        await stream.KeepAliveAsync();
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"event: message\ndata: {Message}\n\n"));
        await stream.CompleteAsync();

        Assert.Equal($": keep-alive\n\nevent: message\ndata: {Message}\n\n", Text(sent));
    }

    [Fact]
    public async Task A_client_of_JSON_alone_gets_the_last_message_as_the_response()
    {
        var (response, sent) = Create(McpResponseStream.EventStream);
        await using var stream = new McpResponseStream(response, sent, isJsonOnly: true);

        await stream.FlushAsync();
        await stream.WriteAsync(Encoding.UTF8.GetBytes("event: message\ndata: {\"method\":\"notifications/progress\"}\n\n"));
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"event: message\ndata: {Message}\n\n"));
        await stream.KeepAliveAsync();
        Assert.Equal("", Text(sent));
        await stream.CompleteAsync();

        Assert.Equal((Message, "application/json", Encoding.UTF8.GetByteCount(Message)), (Text(sent), response.ContentType, response.ContentLength));
    }

    [Fact]
    public async Task An_answer_that_is_JSON_already_passes_unchanged()
    {
        var (response, sent) = Create("application/json");
        await using var stream = new McpResponseStream(response, sent, isJsonOnly: true);

        await stream.WriteAsync(Encoding.UTF8.GetBytes(Message));
        await stream.FlushAsync();
        await stream.KeepAliveAsync();
        await stream.CompleteAsync();

        Assert.Equal(Message, Text(sent));
    }

    private static (HttpResponse Response, MemoryStream Sent) Create(string type)
    {
        var response = new DefaultHttpContext().Response;
        response.ContentType = type;
        return (response, new());
    }

    private static string Text(MemoryStream sent) => Encoding.UTF8.GetString(sent.ToArray());
}
