using System.Text;
using MedCor.Gateway.Mcp;
using ModelContextProtocol;

namespace MedCor.Tests.Unit.Gateway;

public sealed class McpPromptsTests
{
    private const string List =
        """{"prompts":[{"name":"appointment_booking","description":"Book.","callers":["PLATFORM"],"initial_data_schema":{},"steps":[]}]}""";

    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public async Task The_prompts_of_a_role_are_read_once_in_five_minutes()
    {
        using var chat = new ToolInvokerTests.RawService(_ => Respond("200 OK", List));
        var prompts = Create(chat);
        foreach (var hospital in (Guid?[])[null, null, Guid.NewGuid(), Guid.NewGuid()])
            Assert.Equal("appointment_booking", Assert.Single(await prompts.GetPromptsAsync(ToolInvokerTests.Somebody(hospital), default)).Name);
        Assert.Equal(2, chat.Requests.Count);

        _clock.Now += TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(1);
        await prompts.GetPromptsAsync(ToolInvokerTests.Somebody(null), default);
        Assert.Equal(2, chat.Requests.Count);
        _clock.Now += TimeSpan.FromSeconds(1);
        await prompts.GetPromptsAsync(ToolInvokerTests.Somebody(null), default);

        Assert.Equal(3, chat.Requests.Count);
    }

    [Fact]
    public async Task A_failure_is_not_kept()
    {
        var isAvailable = false;
        using var chat = new ToolInvokerTests.RawService(_ => isAvailable ? Respond("200 OK", List) : Respond("503 Service Unavailable", "{}"));
        var prompts = Create(chat);
        await Assert.ThrowsAsync<McpProtocolException>(() => prompts.GetPromptsAsync(ToolInvokerTests.Somebody(null), default));

        isAvailable = true;

        Assert.Single(await prompts.GetPromptsAsync(ToolInvokerTests.Somebody(null), default));
    }

    private McpPrompts Create(ToolInvokerTests.RawService chat) =>
        new(ToolInvokerTests.Door(ToolInvokerTests.UpstreamOf("chat", chat.Address)), _clock);

    private static string Respond(string status, string json) =>
        $"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {Encoding.UTF8.GetByteCount(json)}\r\n\r\n{json}";
}
