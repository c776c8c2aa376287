using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace MedCor.Tests.EndToEnd.Limits;

/// <summary>
/// Tests a gateway with little memory against many hostile clients: they send slowly, send without end, request much and read none of it, or listen and do
/// nothing. Some are authenticated, others anonymous, and their addresses differ from that of the regular client. Every run is small;
/// <c>MEDCOR_HOSTILE=whole</c> runs the numbers of docs/limits.md.
/// </summary>
public sealed class HostileClientTests
{
    private const long MostMemory = 512L * 1024 * 1024;

    private const int LeastServed = 10;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(18);

    private static readonly bool IsWhole = Environment.GetEnvironmentVariable("MEDCOR_HOSTILE") == "whole";
    private static readonly (int Senders, int Sockets, int Streams, int Readers, int Silent, int Dribblers, int Doublers, TimeSpan For) Size =
        IsWhole ? (1000, 500, 3000, 100, 1000, 1000, 30, TimeSpan.FromSeconds(120)) : (150, 60, 1000, 24, 100, 100, 3, TimeSpan.FromSeconds(12));

    [Fact]
    public async Task A_gateway_of_little_memory_stays_up_and_serves_others_whatever_is_done_to_it()
    {
        var (admin, other) = (await LargeRecordsFixture.Create(IsWhole ? 100 : 40), await ApiClient.LogInShared("nurse@riverside.example"));
        await using var gateway = await ServiceProcess.Start(
            ("DOTNET_GCHeapHardLimit", "14000000"), ("MCP_MAX_STREAMS", "0"), ("MCP_MAX_SOCKETS", "0"), ("MCP_RATE_LIMIT", "0"));
        using var over = new CancellationTokenSource();
        var watch = Stopwatch.StartNew();
        var (served, late) = (0, new ConcurrentBag<string>());

        Task[] hostile =
        [
            .. Enumerable.Range(0, Size.Senders).Select(i => Quietly(() => SendSlowly(gateway, i, over.Token))),
            .. Enumerable.Range(0, Size.Sockets).Select(_ => Quietly(() => SendWithoutEnd(gateway, admin, over.Token))),
            .. Enumerable.Range(0, Size.Streams).Select(_ => Quietly(() => Listen(gateway, admin, over.Token))),
            .. Enumerable.Range(0, Size.Readers).Select(_ => Quietly(() => TakeNothing(gateway, admin, over.Token))),
            .. Enumerable.Range(0, Size.Silent).Select(i => Quietly(() => SayNothing(gateway, i, over.Token))),
            .. Enumerable.Range(0, Size.Dribblers).Select(i => Quietly(() => AskSlowly(gateway, i, over.Token))),
            .. Enumerable.Range(0, Size.Doublers).Select(i => Quietly(() => RepeatFields(gateway, i % 3 == 0 ? null : admin, i, over.Token))),
        ];
        // On a busy machine it takes longer to serve the required number of requests.
        while ((watch.Elapsed < Size.For || served <= LeastServed) && watch.Elapsed < Size.For + Grace && gateway.IsRunning)
        {
            // A client that is told to retry does so.
            HttpStatusCode status = 0;
            for (var tries = 0; tries < 20 && status != HttpStatusCode.OK; tries++)
            {
                using var answer = await gateway.Post(other, "/api/mcp/tools/invoke", new { tool = "list_departments" });
                status = answer.StatusCode;
                if (status is not (HttpStatusCode.OK or HttpStatusCode.ServiceUnavailable)) late.Add($"{(int)status}");
                if (status == HttpStatusCode.ServiceUnavailable) Assert.NotNull(answer.Headers.RetryAfter);
            }
            if (status == HttpStatusCode.OK) served++;
            else late.Add($"{(int)status}");
            if (served % 10 != 1) continue;
            // Also a client that authenticates by a message instead of a header.
            await using var socket = await EndToEnd.WebSocketClient.Connect(gateway.Http.BaseAddress!);
            await socket.Send(new { type = "auth", token = other.AccessToken });
            await socket.Next("auth_success");
        }
        await over.CancelAsync();
        await Task.WhenAll(hostile);

        Assert.True(gateway.IsRunning, gateway.Output);
        Assert.Empty(late);
        Assert.True(served > LeastServed, $"{served} calls were served.");
        Assert.InRange(gateway.PeakMemory, 1, MostMemory);
        Assert.False(gateway.Output.Contains("OutOfMemory", StringComparison.Ordinal), gateway.Output);
    }

    /// <summary>Sends a body of one mebibyte slowly, and again when it is cut off.</summary>
    private static async Task SendSlowly(ServiceProcess gateway, int which, CancellationToken ct)
    {
        var path = which % 2 == 0 ? "/api/auth/login/" : "/api/mcp/tools/invoke";
        while (!ct.IsCancellationRequested)
        {
            using var connection = await Connect(gateway, ct);
            var stream = connection.GetStream();
            await stream.WriteAsync(
                Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1048576\r\n\r\n"), ct);
            var piece = new byte[which % 3 == 0 ? 50 : 20_000];
            await Quietly(async () =>
            {
                using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
                while (await timer.WaitForNextTickAsync(ct)) await stream.WriteAsync(piece, ct);
            });
        }
    }

    /// <summary>Sends a message without end, and again when it is cut off.</summary>
    private static async Task SendWithoutEnd(ServiceProcess gateway, ApiClient client, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
            await Quietly(async () =>
            {
                using var socket = new ClientWebSocket();
                socket.Options.SetRequestHeader("Authorization", $"Bearer {client.AccessToken}");
                await socket.ConnectAsync(new UriBuilder(gateway.Http.BaseAddress!) { Scheme = "ws", Path = "/api/mcp/ws" }.Uri, ct);
                using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
                while (await timer.WaitForNextTickAsync(ct)) await socket.SendAsync(new byte[10_000], WebSocketMessageType.Text, endOfMessage: false, ct);
            });
    }

    /// <summary>Opens a WebSocket without authenticating, and another one when it is closed or refused.</summary>
    private static async Task SayNothing(ServiceProcess gateway, int which, CancellationToken ct)
    {
        using var http = From(gateway, which);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(500));
        while (await timer.WaitForNextTickAsync(ct))
            await Quietly(async () =>
            {
                using var socket = new ClientWebSocket();
                await socket.ConnectAsync(new UriBuilder(gateway.Http.BaseAddress!) { Scheme = "ws", Path = "/api/mcp/ws" }.Uri, http, ct);
                await socket.ReceiveAsync(new byte[1024], ct);
            });
    }

    /// <summary>Sends the headers of a request slowly, and again when it is cut off.</summary>
    private static async Task AskSlowly(ServiceProcess gateway, int which, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            using var connection = await Connect(gateway, ct, which);
            var stream = connection.GetStream();
            await Quietly(async () =>
            {
                await stream.WriteAsync("GET /api/mcp/resources/departments HTTP/1.1\r\nHost: a\r\n"u8.ToArray(), ct);
                using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
                for (var i = 0; await timer.WaitForNextTickAsync(ct); i++)
                    await stream.WriteAsync(Encoding.ASCII.GetBytes(i % 8 == 0 ? $"X-{i}: " : i % 8 == 7 ? "\r\n" : "x"), ct);
            });
        }
    }

    /// <summary>Sends JSON with as many fields as a body holds, all of one name or each of its own.</summary>
    private static async Task RepeatFields(ServiceProcess gateway, ApiClient? client, int which, CancellationToken ct)
    {
        using var http = From(gateway, which);
        string Fields(int most) => string.Join(',', Enumerable.Range(0, most).Select(i => which % 2 == 0 ? "\"a\":0" : $"\"{i:x}\":0"));
        var (path, body) = client is null
            ? ("/api/auth/login/", $"{{{Fields(1_500)}}}")
            : ("/api/mcp/tools/invoke", $$$"""{"tool":"list_departments","params":{ {{{Fields(80_000)}}} }}""");
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(500));
        while (await timer.WaitForNextTickAsync(ct))
            await Quietly(async () =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(gateway.Http.BaseAddress!, path))
                {
                    Content = new StringContent(body, Encoding.UTF8, "application/json")
                };
                if (client is not null) request.Headers.Authorization = new("Bearer", client.AccessToken);
                using var answer = await http.SendAsync(request, ct);
                await answer.Content.ReadAsByteArrayAsync(ct);
            });
    }

    private static async Task Listen(ServiceProcess gateway, ApiClient client, CancellationToken ct)
    {
        using var connection = await Connect(gateway, ct);
        await connection.GetStream().WriteAsync(Request("/api/mcp/sse", client), ct);
        await new TaskCompletionSource().Task.WaitAsync(ct);
    }

    /// <summary>Repeatedly requests all records of a patient and reads no response.</summary>
    private static async Task TakeNothing(ServiceProcess gateway, ApiClient client, CancellationToken ct)
    {
        using var connection = await Connect(gateway, ct);
        connection.ReceiveBufferSize = 4096;
        for (var i = 0; i < 10; i++)
            await connection.GetStream().WriteAsync(Request(i % 2 == 0
                ? "/api/mcp/resources/medical_records?limit=100"
                : "/api/mcp/resources/medical_records?limit=100&expand=patient&fields=id,description", client), ct);
        await new TaskCompletionSource().Task.WaitAsync(ct);
    }

    private static byte[] Request(string path, ApiClient client) =>
        Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {client.AccessToken}\r\n\r\n");

    /// <param name="from">The index of the attacker's address; null for the usual address.</param>
    private static async Task<TcpClient> Connect(ServiceProcess gateway, CancellationToken ct, int? from = null)
    {
        var connection = from is { } which ? new TcpClient(new IPEndPoint(Address(which), 0)) : new TcpClient();
        await connection.ConnectAsync(gateway.Http.BaseAddress!.Host, gateway.Http.BaseAddress.Port, ct);
        return connection;
    }

    /// <summary>Creates a client at one of the attackers' addresses.</summary>
    private static HttpClient From(ServiceProcess gateway, int which) =>
        new(new SocketsHttpHandler { ConnectCallback = async (_, ct) => (await Connect(gateway, ct, which)).GetStream() });

    /// <summary>Returns one of eight loopback addresses. The regular client uses 127.0.0.1.</summary>
    private static IPAddress Address(int which) => new([127, 0, 0, (byte)(2 + which % 8)]);

    /// <summary>Runs an attack and ignores that it is cut off, which is expected.</summary>
    private static async Task Quietly(Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or WebSocketException or HttpRequestException)
        {
            // The attack ended or was cut off.
        }
    }
}
