using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace MedCor.Load.Calls;

/// <summary>Sends requests on several connections; each sends the next one when it has the response to the last.</summary>
internal static class ClosedLoop
{
    /// <summary>Returns the latency of each request, shortest first, and the time from the first request to the last response.</summary>
    /// <exception cref="MeasurementException">A request did not succeed.</exception>
    public static async Task<(TimeSpan[] Latencies, TimeSpan Duration)> Run(Gateway gateway, string token, Operation operation,
        int connections, TimeSpan duration)
    {
        using var http = new HttpClient(
            new SocketsHttpHandler { UseProxy = false, UseCookies = false, MaxConnectionsPerServer = connections, ActivityHeadersPropagator = null })
        {
            BaseAddress = gateway.Address
        };
        http.DefaultRequestHeaders.Authorization = new("Bearer", token);
        if (operation.NeedsApiKey)
        {
            http.DefaultRequestHeaders.Add("MCP-Protocol-Version", Operation.McpVersion);
            http.DefaultRequestHeaders.Accept.ParseAdd("application/json, text/event-stream");
        }
        var began = Stopwatch.GetTimestamp();
        var latencies = await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(async () =>
        {
            List<TimeSpan> mine = [];
            while (Stopwatch.GetElapsedTime(began) < duration)
            {
                using var body = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(operation.NextBody()))
                {
                    Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
                };
                var sentAt = Stopwatch.GetTimestamp();
                using var response = await http.PostAsync(operation.Path, body);
                var received = await response.Content.ReadAsByteArrayAsync();
                mine.Add(Stopwatch.GetElapsedTime(sentAt));
                // A batch succeeds as a whole when one of its calls does not.
                if (response.StatusCode != HttpStatusCode.OK || received.AsSpan().IndexOf("\"error\":{"u8) >= 0
                    || received.AsSpan().IndexOf("\"isError\":true"u8) >= 0)
                    throw new MeasurementException(
                        $"{operation.Name} was answered {(int)response.StatusCode}: {System.Text.Encoding.UTF8.GetString(received)}");
            }
            return mine;
        })));
        var took = Stopwatch.GetElapsedTime(began);
        return ([.. latencies.SelectMany(mine => mine).Order()], took);
    }
}
