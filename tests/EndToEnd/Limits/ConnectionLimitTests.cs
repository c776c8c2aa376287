using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using MedCor.Gateway.Limits;

namespace MedCor.Tests.EndToEnd.Limits;

/// <summary>Runs a gateway with low connection limits.</summary>
public sealed class StrictGateway : IAsyncLifetime
{
    public const int Sockets = 2;
    public const int Streams = 3;
    public const int Connections = 60;

    public ServiceProcess Gateway { get; private set; } = null!;

    public Uri Address => Gateway.Http.BaseAddress!;

    public async Task InitializeAsync() => Gateway = await ServiceProcess.Start(
        ("MCP_MAX_SOCKETS", $"{Sockets}"), ("MCP_MAX_STREAMS", $"{Streams}"), ("MCP_MAX_CONNECTIONS_PER_ADDRESS", $"{Connections}"));

    public async Task DisposeAsync() => await Gateway.DisposeAsync();
}

public sealed class ConnectionLimitTests(StrictGateway strict) : IClassFixture<StrictGateway>
{
    [Fact]
    public async Task A_gateway_has_as_many_connections_as_its_memory_holds()
    {
        const int Memory = 96 * 1024 * 1024, Most = Memory / 2 / LimitOptions.MemoryOfConnection;
        await using var gateway = await ServiceProcess.Start(("DOTNET_GCHeapHardLimit", $"{Memory:X}"), ("MCP_MAX_WAITING_BYTES", null));
        var open = new List<TcpClient>();
        try
        {
            var isRefused = false;
            for (var i = 0; i <= Most; i++)
            {
                open.Add(new());
                try
                {
                    await open[i].ConnectAsync(gateway.Http.BaseAddress!.Host, gateway.Http.BaseAddress.Port);
                }
                catch (SocketException) when (i >= Most - 1)
                {
                    // The reset can arrive before the connection is used. The health check of the start may hold one place.
                    isRefused = true;
                }
            }
            if (!isRefused)
            {
                using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
                var closed = await Task.WhenAny(open.Select(c => c.GetStream().ReadAsync(new byte[1], patience.Token).AsTask()));
                Assert.True(closed.IsFaulted || await closed == 0);
            }

            open.ForEach(c => c.Dispose());
            await Wait.Until(async () => (await gateway.GetReadiness("/health")).Status == HttpStatusCode.OK, "there is room again");
        }
        finally
        {
            open.ForEach(c => c.Dispose());
        }
    }

    [Fact]
    public async Task A_user_has_so_many_streams_at_once_and_another_when_one_has_ended()
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");
        var open = new List<SseClient>();
        for (var i = 0; i < StrictGateway.Streams; i++) open.Add(await SseClient.Connect(nurse, strict.Address));

        using (var refused = await Get("/api/mcp/sse", nurse)) await Expect(HttpStatusCode.TooManyRequests, "RATE_LIMIT", refused);
        await using (var others = await SseClient.Connect(await ApiClient.LogInShared("doctor@general.example"), strict.Address)) { }
        await open[0].DisposeAsync();

        await Wait.Until(async () =>
        {
            using var answer = await Get("/api/mcp/sse", nurse);
            return answer.StatusCode == HttpStatusCode.OK;
        }, "a stream is let in");
        foreach (var listener in open.Skip(1)) await listener.DisposeAsync();
    }

    [Fact]
    public async Task A_user_has_so_many_sockets_at_once_whichever_way_they_say_who_they_are()
    {
        var doctor = await ApiClient.LogInShared("doctor@general.example");
        void WithHeader(ClientWebSocketOptions options) => options.SetRequestHeader("Authorization", $"Bearer {doctor.AccessToken}");
        await using WebSocketClient first = await WebSocketClient.Connect(strict.Address, options: WithHeader), second =
            await WebSocketClient.Connect(strict.Address);
        await second.Send(new { type = "auth", token = doctor.AccessToken });
        await second.Next("auth_success");

        // Before the upgrade, the error is an ordinary response.
        using var third = new ClientWebSocket();
        third.Options.CollectHttpResponseDetails = true;
        WithHeader(third.Options);
        await Assert.ThrowsAsync<WebSocketException>(
            () => third.ConnectAsync(new UriBuilder(strict.Address) { Scheme = "ws", Path = "/api/mcp/ws" }.Uri, CancellationToken.None));
        Assert.Equal(HttpStatusCode.TooManyRequests, third.HttpStatusCode);
        await using var fourth = await WebSocketClient.Connect(strict.Address);
        await fourth.Send(new { type = "auth", token = doctor.AccessToken });
        Assert.Equal("RATE_LIMIT", (string?)(await fourth.Next("error"))["code"]);
        Assert.Equal(4429, (await fourth.WaitUntilClosed()).Code);

        await first.DisposeAsync();
        await Wait.Until(async () =>
        {
            await using var again = await WebSocketClient.Connect(strict.Address);
            await again.Send(new { type = "auth", token = doctor.AccessToken });
            return (string?)(await again.Next(m => (string?)m["type"] is "auth_success" or "error"))["type"] == "auth_success";
        }, "a socket is let in");
    }

    [Fact]
    public async Task Slow_and_endless_requests_are_cut_off_without_delaying_others()
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");
        var watch = Stopwatch.StartNew();
        var slow = Enumerable.Range(0, 10).Select(_ => SlowBody(bytesPerSecond: 200)).ToArray();
        var headers = SlowHeaders();
        await using WebSocketClient endless = await WebSocketClient.Connect(strict.Address), silent = await WebSocketClient.Connect(strict.Address);
        foreach (var socket in (WebSocketClient[])[endless, silent])
        {
            await socket.Send(new { type = "auth", token = nurse.AccessToken });
            await socket.Next("auth_success");
        }
        await silent.SendBytes("{"u8.ToArray(), endOfMessage: false);
        var sending = Endless(endless);

        using (var answer = await strict.Gateway.Post(nurse, "/api/mcp/tools/invoke", new { tool = "get_current_user" }))
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.All(await Task.WhenAll(slow), answer => Assert.Contains(" 408 ", answer, StringComparison.Ordinal));
        await headers;
        foreach (var socket in (WebSocketClient[])[endless, silent])
            Assert.Equal((int)WebSocketCloseStatus.PolicyViolation, (await socket.WaitUntilClosed(TimeSpan.FromSeconds(30))).Code);
        await sending;
        // Ten seconds, and what a busy machine adds.
        Assert.InRange(watch.Elapsed.TotalSeconds, 5, 40);
    }

    [Fact]
    public async Task An_address_has_so_many_connections_at_once()
    {
        var open = new List<TcpClient>();
        try
        {
            var reset = 0;
            for (var i = 0; i < StrictGateway.Connections + 20; i++)
                try
                {
                    open.Add(await Connect());
                }
                catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
                {
                    // The gateway closed the connection before the client saw it open.
                    reset++;
                }
            await Wait.Until(() => Task.FromResult(reset + open.Count(IsClosed) >= 20), "those beyond are closed");
            Assert.Contains(open, c => !IsClosed(c));
        }
        finally
        {
            foreach (var connection in open) connection.Dispose();
        }
        await Wait.Until(async () =>
        {
            try
            {
                using var http = new HttpClient { BaseAddress = strict.Address };
                using var answer = await http.GetAsync(new Uri("/healthz", UriKind.Relative));
                return answer.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, "there is room again");
    }

    private async Task<TcpClient> Connect()
    {
        var connection = new TcpClient();
        await connection.ConnectAsync(strict.Address.Host, strict.Address.Port);
        return connection;
    }

    private static bool IsClosed(TcpClient connection) => connection.Client.Poll(0, SelectMode.SelectRead) && connection.Client.Available == 0;

    /// <summary>Sends a request body slowly until the gateway responds, and returns the response.</summary>
    private async Task<string> SlowBody(int bytesPerSecond)
    {
        using var connection = await Connect();
        var stream = connection.GetStream();
        await stream.WriteAsync("POST /api/auth/refresh/ HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 15000\r\n\r\n"u8.ToArray());
        return await Drip(stream, new byte[bytesPerSecond / 10]);
    }

    /// <summary>Sends headers without end until the gateway responds.</summary>
    private async Task<string> SlowHeaders()
    {
        using var connection = await Connect();
        var stream = connection.GetStream();
        await stream.WriteAsync("GET /healthz HTTP/1.1\r\nHost: a\r\nX: "u8.ToArray());
        return await Drip(stream, "a"u8.ToArray());
    }

    private static async Task<string> Drip(NetworkStream stream, byte[] drop)
    {
        var buffer = new byte[4096];
        var answer = stream.ReadAsync(buffer).AsTask();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        try
        {
            while (!answer.IsCompleted && await timer.WaitForNextTickAsync()) await stream.WriteAsync(drop);
            return Encoding.ASCII.GetString(buffer, 0, await answer);
        }
        catch (IOException)
        {
            return answer.IsCompletedSuccessfully ? Encoding.ASCII.GetString(buffer, 0, await answer) : "";
        }
    }

    private static async Task Endless(WebSocketClient socket)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        try
        {
            while (await timer.WaitForNextTickAsync()) await socket.SendBytes("    "u8.ToArray(), endOfMessage: false);
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The socket was closed.
        }
    }

    private async Task<HttpResponseMessage> Get(string path, ApiClient client)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Authorization = new("Bearer", client.AccessToken) } };
        return await strict.Gateway.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private static async Task Expect(HttpStatusCode status, string code, HttpResponseMessage answer)
    {
        Assert.Equal(status, answer.StatusCode);
        var error = await answer.ReadError();
        Assert.Equal(code, error.Code);
        Assert.InRange(error.RetryAfter!.Value, 1, 60);
        Assert.NotNull(answer.Headers.RetryAfter);
    }
}
