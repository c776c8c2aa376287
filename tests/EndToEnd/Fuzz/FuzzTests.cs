using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Hospital;
using Xunit.Abstractions;

namespace MedCor.Tests.EndToEnd.Fuzz;

/// <summary>
/// Tests that every request is answered in time, in the form of its endpoint, and never with a server fault. Valid requests of every endpoint are mutated, in
/// the same way for the same seed. <c>MEDCOR_FUZZ_REQUESTS</c> sets their number (2,000), <c>MEDCOR_FUZZ_SEED</c> the seed (1).
/// </summary>
public class FuzzTests(ITestOutputHelper output)
{
    private const int AtOnce = 4;

    /// <summary>One in this number of requests goes over a WebSocket.</summary>
    private const int RequestsOfMessage = 10;

    /// <summary>The statuses with which the web server itself answers, without a body, when it cannot parse the head of a request.</summary>
    private static readonly int[] OfTheWebServer = [400, 408, 411, 413, 414, 431, 501, 505];

    private static readonly string[] Readiness = ["/readyz", "/health"];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task No_spoilt_request_is_answered_with_a_fault()
    {
        var (count, seed) = (Setting("MEDCOR_FUZZ_REQUESTS", 2000), Setting("MEDCOR_FUZZ_SEED", 1));
        output.WriteLine($"{count} requests, seed {seed}: repeat with MEDCOR_FUZZ_REQUESTS={count} MEDCOR_FUZZ_SEED={seed}.");
        var valid = await ValidRequests.Create();
        var mutator = new Mutator(seed);
        var requests = Enumerable.Range(0, count - count / RequestsOfMessage).Select(_ => mutator.Mutate(mutator.Pick(valid.Requests))).ToArray();
        var messages = Enumerable.Range(0, count / RequestsOfMessage).Select(_ => mutator.Mutate(mutator.Pick(valid.Messages))).ToArray();
        var (faults, statuses, watch) = (new ConcurrentQueue<string>(), new ConcurrentDictionary<string, int>(), Stopwatch.StartNew());

        var gateways = (await MedCorFixture.Get()).Gateways;
        await Parallel.ForEachAsync(requests.Index(), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (numbered, _) =>
        {
            var (number, request) = numbered;
            var (answer, fault) = await Try(request, gateways[number % gateways.Count]);
            statuses.AddOrUpdate(answer is { Status: > 0, IsFromApplication: false } ? $"{answer.Status} (web server)" : $"{answer?.Status}", 1,
                (_, n) => n + 1);
            if (fault is not null) faults.Enqueue($"#{number} {fault}\n{request}\n→ {answer?.Status} {Short(answer?.Body)}\n");
        });
        await using (var talker = new WebSocketFuzzer(gateways[0], valid.Premises.Admin.AccessToken))
            foreach (var (number, message) in messages.Index())
                if (await talker.Send(message) is { } fault) faults.Enqueue($"message #{number} {fault}\n{Short(Encoding.Latin1.GetString(message))}\n");
        watch.Stop();

        output.WriteLine(
            $"{count} in {watch.Elapsed.TotalSeconds:0.0} s; {valid.Requests.Count} valid requests, {valid.Messages.Count} valid messages. "
                + $"Answers: {string.Join(", ", statuses.OrderBy(s => s.Key).Select(s => $"{s.Key}: {s.Value}"))}.");
        Assert.True(faults.IsEmpty, $"Seed {seed}: {faults.Count} faults.\n{string.Join('\n', faults.Take(20))}");
        await StillWorks(valid);
    }

    /// <summary>
    /// The longest head, in bytes, whose refusal must arrive. Of a longer one, some may be unread when it is refused, and the response can then be lost with
    /// the connection.
    /// </summary>
    private const int LongestHead = 4 * 1024;

    /// <summary>Sends a request and returns the response, with a description of what is wrong with it.</summary>
    private static async Task<(RawHttpResponse? Answer, string? Fault)> Try(RawHttpRequest request, Uri gateway)
    {
        for (var tries = 1; ; tries++)
        {
            RawHttpResponse answer;
            try
            {
                answer = await RawHttpResponse.Send(request, gateway, Patience);
            }
            catch (OperationCanceledException)
            {
                return (null, $"was not answered within {Patience.TotalSeconds} s");
            }
            // Identity refuses passwords beyond what it can hash at once.
            if (answer.Status == 503 && answer.Headers.ContainsKey("Retry-After") && tries < 5) continue;
            return (answer, FaultOf(request, answer));
        }
    }

    private static string? FaultOf(RawHttpRequest request, RawHttpResponse answer)
    {
        if (request.IsTruncated) return null;
        // The same holds for a request with a Content-Length header of its own, which may be invalid: the body is then unread.
        if (answer.Status == 0) return request.HeadLength > LongestHead || request.Headers.Any(h => h.Name == "Content-Length") ? null : "was not answered";
        if (!answer.IsFromApplication) return OfTheWebServer.Contains(answer.Status) ? null : "was answered by the web server";
        // A readiness endpoint answers 503 when the gateway is not ready.
        if (answer.Status >= 500)
            return answer.Status == 503 && Readiness.Any(path => request.Target.StartsWith(path, StringComparison.OrdinalIgnoreCase)) ? null : "is a fault";
        if (answer.Status < 400 || request.Method == "HEAD") return null;
        return IsEnvelope(answer.Body) ? null : "has no envelope";
    }

    /// <summary>Returns whether an error has one of the three forms: that of tools, that of chat, or that of MCP.</summary>
    private static bool IsEnvelope(string body)
    {
        try
        {
            var answer = JsonNode.Parse(body);
            if (answer?["error"] is not JsonObject error || (string?)error["message"] is not { Length: > 0 }) return false;
            if (answer["jsonrpc"] is not null) return (int?)error["code"] < 0 && error["data"]?["request_id"] is not null;
            return error["error_code"] is not null
                ? error["type"] is not null
                : error["code"] is not null && error["details"]?["request_id"] is not null && error["timestamp"] is not null;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Checks that everything can still be listed, by its tool and by its path, and that an entity can be created.</summary>
    private static async Task StillWorks(ValidRequests valid)
    {
        var (fixture, admin) = (valid.Premises, valid.Premises.Admin);
        foreach (var list in ToolCatalogue.All.Values.Where(
            t => t.Name.StartsWith("list_", StringComparison.Ordinal) && new ParameterGenerator(t).Required.Count == 0))
            if (fixture.CallersAllowed(list).Contains(admin)) await admin.Call(list.Name);
        foreach (var list in valid.Requests.Where(r => r.Method == "GET" && r.Target.StartsWith("/api/mcp/resources/", StringComparison.Ordinal)
            && !r.Target.Contains('?')).Select(r => r.Target).Distinct())
        {
            using var answer = await admin.Http.GetAsync(list);
            Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Forbidden or HttpStatusCode.NotFound,
                $"{list} is answered {answer.StatusCode}");
        }
        var department = (await fixture.CallSuccessfully(ToolCatalogue.All["create_department"])).Reply.Read<Department>().Id;
        Assert.Contains((await admin.Call<Page<Department>>("list_departments", new { limit = 100, sort = "-created_at" })).Results,
            d => d.Id == department);
    }

    private static int Setting(string variable, int usual) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } set ? int.Parse(set, CultureInfo.InvariantCulture) : usual;

    private static string Short(string? text) => text is null ? "" : text.Length > 600 ? $"{text[..600]}… ({text.Length} characters)" : text;

    /// <summary>Sends mutated messages over a WebSocket, and opens another one whenever it is closed.</summary>
    private sealed class WebSocketFuzzer(Uri gateway, string token) : IAsyncDisposable
    {
        private static readonly byte[] Question = Encoding.UTF8.GetBytes(
            """{"type":"tool_invoke","request_id":"afterwards","tool":"get_current_user","params":{}}""");
        private readonly byte[] _buffer = new byte[2 * 1024 * 1024];
        private ClientWebSocket? _socket;

        /// <summary>
        /// Sends a message, then calls a tool. Returns what is wrong when the tool call is not answered and the connection is not closed for a fault of the
        /// client.
        /// </summary>
        public async Task<string?> Send(byte[] message)
        {
            using var patience = new CancellationTokenSource(Patience);
            try
            {
                if (_socket is not { State: WebSocketState.Open }) await Open(patience.Token);
                await _socket!.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, patience.Token);
                await _socket.SendAsync(Question, WebSocketMessageType.Text, endOfMessage: true, patience.Token);
                return await ReadAnswer(patience.Token);
            }
            catch (OperationCanceledException)
            {
                return "was not answered";
            }
            catch (WebSocketException)
            {
                // The connection was cut because of an invalid frame. The next connection must be accepted.
                _socket?.Dispose();
                _socket = null;
                return null;
            }
        }

        private async Task Open(CancellationToken ct)
        {
            _socket?.Dispose();
            _socket = new();
            _socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
            await _socket.ConnectAsync(new UriBuilder(gateway) { Scheme = "ws", Path = "/api/mcp/ws" }.Uri, ct);
        }

        private async Task<string?> ReadAnswer(CancellationToken ct)
        {
            while (true)
            {
                var length = 0;
                ValueWebSocketReceiveResult part;
                do
                {
                    part = await _socket!.ReceiveAsync(_buffer.AsMemory(length), ct);
                    length += part.Count;
                } while (!part.EndOfMessage);
                if (part.MessageType == WebSocketMessageType.Close)
                    return _socket.CloseStatus is WebSocketCloseStatus.InternalServerError ? $"closed the connection: {_socket.CloseStatusDescription}" : null;
                var heard = JsonNode.Parse(_buffer.AsSpan(0, length))!;
                if ((string?)heard["code"] == ErrorCodes.ServerError) return $"is a fault: {heard.ToJsonString()}";
                if (heard["request_id"] is JsonValue id && id.TryGetValue<string>(
                    out var known) && known == "afterwards" && (string?)heard["type"] == "tool_response") return null;
            }
        }

        public async ValueTask DisposeAsync()
        {
            _socket?.Dispose();
            await Task.CompletedTask;
        }
    }
}
