using System.Net.Sockets;
using System.Text;

namespace MedCor.Tests.EndToEnd.HttpPipeline;

/// <summary>Tests that disconnecting clients, which are routine and can occur at any moment, cause no warnings or errors in the log.</summary>
public class ClientDisconnectTests
{
    private const string Read = """{"tool": "list_appointments", "params": {"limit": 100}}""";

    private static readonly (string Method, string Path)[] Bodies =
    [
        ("POST", "/api/mcp/tools/invoke"), ("POST", "/api/mcp/tools/get_current_user"), ("POST", "/api/mcp/batch"), ("POST", "/api/mcp/prompts/invoke"),
        ("POST", "/api/mcp/sse/ticket"), ("POST", "/mcp/execute"), ("POST", "/api/auth/login/"), ("POST", "/api/auth/refresh/"),
    ];

    private static readonly (string Method, string Path, string Body)[] Whole =
    [
        ("POST", "/api/mcp/tools/invoke", Read), ("POST", "/api/mcp/batch", $$"""{"requests": [{{string.Join(',', Enumerable.Repeat(Read, 50))}}]}"""),
        ("GET", "/api/mcp/resources/appointments?limit=100", ""),
        ("GET", "/api/openapi.json", ""), ("POST", "/api/auth/login/", """{"email": "nobody@general.example", "password": "no such password"}"""),
        ("POST", "/mcp/execute", """{"messages": [{"role": "user", "content": "What is anemia?"}]}"""),
    ];

    /// <summary>The number of pipelined requests on a connection whose responses are not read: together they exceed the connection's buffers.</summary>
    private const int Pipelined = 30;

    /// <summary>Requests with long responses.</summary>
    private static readonly (string Method, string Path, string Body)[] Long = [("POST", "/api/mcp/batch",
        $$"""{"requests": [{{string.Join(',', Enumerable.Repeat(Read, 50))}}]}""")];

    [Fact]
    public async Task Client_disconnects_log_no_warnings_or_errors()
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");
        await using var gateway = await ServiceProcess.Start();
        var call = await new ChatStreamClient(gateway.Http, nurse.AccessToken).Start("What is anemia?");
        var before = gateway.Output.Length;
        var traces = new List<string>();

        foreach (var isReset in new[] { false, true })
        {
            // While the client is subscribed, and while a response is produced or written.
            foreach (var path in new[] { "/api/mcp/sse", $"/mcp/stream/{call}", "/api/mcp/ws" })
                await HangUp("GET", path,
                    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n", "",
                    isReset, hears: "HTTP/1.1 ");
            foreach (var (method, path, body) in Whole)
                for (var i = 0; i < 3; i++) await HangUp(method, path, $"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n", body, isReset);
            // While the client reads the beginning of responses whose rest exceeds the connection's buffers and waits.
            foreach (var (method, path, body) in Long)
                traces.Add(await HangUp(method, path, $"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n", body, isReset,
                    hears: "HTTP/1.1 200", takesLittle: true));
            // While the gateway reads a body, of known or unknown length.
            foreach (var (method, path) in Bodies)
                foreach (var length in new[] { "Content-Length: 1000\r\n", "Transfer-Encoding: chunked\r\n" })
                    traces.Add(await HangUp(method, path, $"Expect: 100-continue\r\n{length}",
                        length.StartsWith('T') ? "a\r\n{\"tool\": \"\r\n" : "{\"tool\": \"", isReset, hears: "HTTP/1.1 100"));
        }
        // Responses that waited for the client are discarded, so that the next request of this size is answered.
        foreach (var (_, path, body) in Long)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path)
            {
                Content = new StringContent(body, Encoding.UTF8, "application/json"), Headers = { Authorization = new("Bearer", nurse.AccessToken) },
            };
            using var answer = await gateway.Http.SendAsync(request);
            var length = (await answer.Content.ReadAsByteArrayAsync()).Length;
            Assert.True(answer.IsSuccessStatusCode && length * Pipelined > 8_000_000, $"{answer.StatusCode}, {length} bytes");
        }
        // The traced requests were the last ones.
        var telemetry = (await MedCorFixture.Get()).Telemetry;
        await Wait.Until(
            () => Task.FromResult(telemetry.Spans.Where(s => s.Kind == 2 && s.Service == "gateway").SelectMany(s => s.Links).ToHashSet().IsSupersetOf(traces)),
            "all requests have ended", TimeSpan.FromSeconds(60));
        await nurse.Call("get_current_user");

        var said = gateway.Output[before..].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.DoesNotContain(said, line => line.Contains("fail:", StringComparison.Ordinal) || line.Contains("crit:", StringComparison.Ordinal)
            || line.TrimStart().StartsWith("at ", StringComparison.Ordinal));
        Assert.True(said.Length <= 10, string.Join('\n', said));

        async Task<string> HangUp(string method, string path, string headers, string body, bool isReset, string? hears = null, bool takesLittle = false)
        {
            using var client = new TcpClient();
            if (takesLittle) client.ReceiveBufferSize = 4096;
            await client.ConnectAsync(gateway.Http.BaseAddress!.Host, gateway.Http.BaseAddress.Port);
            var trace = Guid.NewGuid().ToString("N");
            var request =
                $"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {nurse.AccessToken}\r\n"
                    + $"traceparent: 00-{trace}-00f067aa0ba902b7-01\r\nContent-Type: application/json\r\n{headers}\r\n{body}";
            await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(takesLittle ? string.Concat(Enumerable.Repeat(request, Pipelined)) : request));
            if (hears is not null)
            {
                var heard = new byte[4096];
                Assert.StartsWith(hears, Encoding.UTF8.GetString(heard, 0, await client.GetStream().ReadAsync(heard)), StringComparison.Ordinal);
            }
            // As when a process crashes, or as when it ends in order.
            if (isReset) client.LingerState = new(enable: true, 0);
            return trace;
        }
    }
}
