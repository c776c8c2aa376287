using System.Text.Json.Nodes;

namespace MedCor.Tests.EndToEnd;

/// <summary>An event as a listener got it.</summary>
public sealed record Heard(string Type, string Id, JsonNode Data);

/// <summary>Somebody who listens at <c>/api/mcp/sse</c>, from the moment that <see cref="Open"/> returns.</summary>
public sealed class Listener : IAsyncDisposable
{
    private readonly HttpResponseMessage response;
    private readonly CancellationTokenSource stop = new();
    private readonly Lock gate = new();
    private readonly List<Heard> all = [];
    private readonly Task reading;

    private Listener(HttpResponseMessage response) => (this.response, reading) = (response, Read(response));

    /// <summary>All that was heard so far.</summary>
    public IReadOnlyList<Heard> All
    {
        get
        {
            lock (gate) return [.. all];
        }
    }

    /// <summary>Completes when the gateway ends the stream.</summary>
    public Task Ended => reading;

    /// <summary>Listens at a gateway replica.</summary>
    public static async Task<Listener> Open(Client somebody, int gateway = 0, string query = "")
    {
        var house = await RunningHouse.Get();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(house.Gateways[gateway % house.Gateways.Count], $"/api/mcp/sse{query}"));
        request.Headers.Authorization = new("Bearer", somebody.AccessToken);
        var response = await somebody.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return new(response);
    }

    /// <summary>The first event that matches, heard already or yet to come; fails when none does in time.</summary>
    public async Task<Heard> Next(Func<Heard, bool> matches, TimeSpan within)
    {
        Heard? found = null;
        await Wait.Until(() => Task.FromResult((found = All.FirstOrDefault(matches)) is not null), "the event was heard", within,
            () => $"Heard {All.Count} events: {string.Join(", ", All.GroupBy(e => e.Type).Select(g => $"{g.Count()} {g.Key}"))}");
        return found!;
    }

    private async Task Read(HttpResponseMessage from)
    {
        try
        {
            using var lines = new StreamReader(await from.Content.ReadAsStreamAsync(stop.Token));
            var (type, id, data) = ("message", "", "");
            while (await lines.ReadLineAsync(stop.Token) is { } line)
            {
                if (line.StartsWith("event: ", StringComparison.Ordinal)) type = line[7..];
                else if (line.StartsWith("id: ", StringComparison.Ordinal)) id = line[4..];
                else if (line.StartsWith("data: ", StringComparison.Ordinal)) data += line[6..];
                else if (line.Length == 0)
                {
                    if (data.Length > 0)
                        lock (gate) all.Add(new(type, id, JsonNode.Parse(data)!));
                    (type, data) = ("message", "");
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or HttpRequestException)
        {
            // The stream ended, from either side.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        response.Dispose();
        await reading;
        stop.Dispose();
    }
}
