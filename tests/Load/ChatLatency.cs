using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using MedCor.Tests.Fixtures;

namespace MedCor.Load;

/// <summary>
/// Measures the latency that MedCor adds between a model's token and its reader: reads the same answers directly from the model, and through MedCor by one
/// reader and by many.
/// </summary>
internal sealed class ChatLatency(MeasuredSystem system, string modelAddress, PacedAnswer answer, LoadUser account, LoadOptions options) : IDisposable
{
    private const int MaxAttempts = 10;

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false }) { Timeout = TimeSpan.FromMinutes(5) };
    private readonly Guid _run = Guid.NewGuid();
    private int _asked;

    /// <summary>Gets how many readers did not receive exactly the answer that the model wrote.</summary>
    public int Mistakes { get; private set; }

    public async Task Measure(Report report)
    {
        Console.WriteLine("Warming up");
        foreach (var atOnce in (int[])[1, options.AtOnce])
            foreach (var way in Routes) await MeasureRoute(way, 1, atOnce);

        await Compare(report, $"{options.Calls} answers of {options.Tokens} tokens, {options.TokensPerSecond} a second, one after the other", options.Calls, 1);
        await Compare(report, $"{options.AtOnce} such answers at once", 1, options.AtOnce);
    }

    public void Dispose() => _http.Dispose();

    private (string Name, Func<string, Task<ChatTranscript[]>> Read)[] Routes =>
    [
        ("directly", ReadDirectly),
        ("MedCor, 1 reader", question => ReadThrough(question, 1)),
        ($"MedCor, {options.Readers} readers", question => ReadThrough(question, options.Readers)),
    ];

    private async Task Compare(Report report, string what, int rounds, int atOnce)
    {
        Console.WriteLine(what);
        report.Begin($"{what}: from the model's write of a token to its reader, and from the question to the first token");
        LatencySample? directly = null;
        foreach (var way in Routes)
        {
            var delays = new LatencySample(await MeasureRoute(way, rounds, atOnce), answer);
            report.Add(way.Name, delays.ToString());
            if (directly is null) directly = delays;
            else report.Add("  adds", delays.Minus(directly));
        }
    }

    private async Task<ChatTranscript[]> MeasureRoute((string Name, Func<string, Task<ChatTranscript[]>> Read) way, int rounds, int atOnce)
    {
        List<ChatTranscript> all = [];
        for (var i = 0; i < rounds; i++)
            foreach (var readings in await Task.WhenAll(Enumerable.Range(0, atOnce)
                .Select(_ => way.Read(string.Create(CultureInfo.InvariantCulture, $"Question {Interlocked.Increment(ref _asked)}")))))
                all.AddRange(readings);
        Mistakes += all.RemoveAll(
            reading => reading.Text != answer.Text || (reading.Final ?? answer.Text) != answer.Text || reading.ReceivedAt.Count != options.Tokens);
        Console.WriteLine($"  {way.Name}");
        return all.Count > 0 ? [.. all] : throw new MeasurementException("Nobody had an answer.");
    }

    private async Task<ChatTranscript[]> ReadDirectly(string question)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{modelAddress}/chat/completions")
        {
            Headers = { Authorization = new("Bearer", StubModelServer.Key) },
            Content = JsonContent.Create(new { model = "load", stream = true, messages = Messages(question) })
        };
        return [await ChatTranscript.ReadFromModel(_http, request, question, Stopwatch.GetTimestamp())];
    }

    private async Task<ChatTranscript[]> ReadThrough(string question, int readers)
    {
        var askedAt = Stopwatch.GetTimestamp();
        var call = await Execute(question);
        return await Task.WhenAll(Enumerable.Range(0, readers).Select(async i =>
        {
            using var request = Request(HttpMethod.Get, system.Gateways[i % system.Gateways.Count], $"/mcp/stream/{call}");
            return await ChatTranscript.ReadFromMedCor(_http, request, question, askedAt);
        }));
    }

    /// <summary>Starts a chat run. A system that has just started may answer 503; the method then retries.</summary>
    private async Task<string> Execute(string question)
    {
        for (var tries = 1; ; tries++)
        {
            using var request = Request(HttpMethod.Post, system.Gateways[0], "/mcp/execute",
                JsonContent.Create(new { messages = Messages(question), request_id = $"{_run} {question}" }));
            using var response = await _http.SendAsync(request);
            if (response.StatusCode == HttpStatusCode.OK) return (string)(await response.Content.ReadFromJsonAsync<JsonNode>())!["call_id"]!;
            if (response.StatusCode != HttpStatusCode.ServiceUnavailable || tries == MaxAttempts)
                throw new MeasurementException($"A question was answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
            await Delay.For(TimeSpan.FromSeconds(1));
        }
    }

    private static object[] Messages(string question) => [new { role = "user", content = question }];

    private HttpRequestMessage Request(HttpMethod method, Gateway gateway, string path, HttpContent? content = null) =>
        new(method, new Uri(gateway.Address, path)) { Headers = { Authorization = new("Bearer", account.Token) }, Content = content };

    /// <summary>Represents a sample of token latencies and of the times until a reader's first token.</summary>
    private sealed class LatencySample(ChatTranscript[] readings, PacedAnswer answer)
    {
        private readonly TimeSpan[] _each =
            [.. readings.SelectMany(r => r.ReceivedAt.Zip(answer.SentAt(r.Question), (read, written) => Stopwatch.GetElapsedTime(written, read))).Order()];

        private TimeSpan Median => Report.Percentile(_each, 50);
        private TimeSpan Percentile99 => Report.Percentile(_each, 99);
        private TimeSpan FirstToken { get; } = TimeSpan.FromSeconds(Report.Median(readings.Select(r => r.TimeToFirstToken.TotalSeconds)));

        public override string ToString() =>
            $"median {Format(Median)}, 99th percentile {Format(Percentile99)}, most {Format(_each[^1])}; first token {Format(FirstToken)}";

        /// <summary>Describes by how much this sample exceeds another.</summary>
        public string Minus(LatencySample other) =>
            $"median {Format(Median - other.Median)}, 99th percentile {Format(Percentile99 - other.Percentile99)}; "
                + $"first token {Format(FirstToken - other.FirstToken)}; "
                + $"ratio of the medians {(Median / other.Median).ToString("N1", CultureInfo.InvariantCulture)}";

        private static string Format(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:N2} ms");
    }
}
