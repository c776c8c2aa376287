using System.Diagnostics;
using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;

namespace MedCor.Tests.EndToEnd;

/// <summary>Somebody who listens to live events, as any client does. Connected once it exists: what happens from then on is heard.</summary>
public sealed class Listener : IAsyncDisposable
{
    private static readonly TimeSpan Usual = TimeSpan.FromSeconds(15);

    private readonly HttpResponseMessage response;
    private readonly CancellationTokenSource left = new();
    private readonly Lock turn = new();
    private readonly List<Heard> heard = [];
    private readonly HashSet<Heard> taken = new(ReferenceEqualityComparer.Instance);
    private readonly Task listening;
    private TaskCompletionSource more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Listener(HttpResponseMessage response)
    {
        this.response = response;
        listening = Listen();
    }

    /// <summary>All that was heard so far, in order.</summary>
    public IReadOnlyList<Heard> All
    {
        get
        {
            lock (turn) return [.. heard];
        }
    }

    public HttpResponseMessage Response => response;

    /// <summary>Listens as a client, with their token in the header.</summary>
    /// <param name="query">Such as <c>resources=appointments</c>.</param>
    /// <param name="gateway">The replica to listen at.</param>
    /// <param name="after">The id of the last event that they had.</param>
    public static async Task<Listener> Of(Client client, string query = "", int gateway = 0, string? after = null)
    {
        var house = await RunningHouse.Get();
        return await Of(client, house.Gateways[gateway % house.Gateways.Count], query, after);
    }

    /// <summary>Listens at a gateway of one's own.</summary>
    public static async Task<Listener> Of(Client client, Uri gateway, string query = "", string? after = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(gateway, $"/api/mcp/sse?{query}"));
        request.Headers.Authorization = new("Bearer", client.AccessToken);
        if (after is not null) request.Headers.Add("Last-Event-ID", after);
        return await Open(request);
    }

    /// <summary>Listens with a ticket, as a browser does.</summary>
    public static async Task<Listener> With(string ticket, int gateway = 0)
    {
        var house = await RunningHouse.Get();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(house.Gateways[gateway % house.Gateways.Count], $"/api/mcp/sse?ticket={ticket}"));
        return await Open(request);
    }

    private static async Task<Listener> Open(HttpRequestMessage request)
    {
        var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"Listening was answered {(int)response.StatusCode}.");
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return new(response);
    }

    /// <summary>The next event of which this holds, among those that no earlier call has given; waits for it, and fails when it does not come in time.</summary>
    public async Task<Heard> Next(Func<Heard, bool> predicate, TimeSpan? within = null)
    {
        var limit = within ?? Usual;
        var watch = Stopwatch.StartNew();
        while (true)
        {
            Task next;
            lock (turn)
            {
                if (heard.FirstOrDefault(h => !taken.Contains(h) && predicate(h)) is { } found)
                {
                    taken.Add(found);
                    return found;
                }
                next = more.Task;
            }
            var rest = limit - watch.Elapsed;
            if (rest <= TimeSpan.Zero || listening.IsCompleted)
                Assert.Fail($"Not heard {(listening.IsCompleted ? "before the connection ended" : $"within {limit.TotalSeconds:0} s")}. Heard: {string.Join(", ", All.Select(h => $"{h.Name} {h.Data["resource"]} {h.Data["action"]}"))}.");
            try
            {
                await Task.WhenAny(next, listening).WaitAsync(rest);
            }
            catch (TimeoutException)
            {
                // Said above, once round.
            }
        }
    }

    /// <summary>The next update of a resource's row.</summary>
    public Task<Heard> Next(string resource, string action, Guid id, TimeSpan? within = null) =>
        Next(h => h.Name == "resource_update" && (string?)h.Data["resource"] == resource && (string?)h.Data["action"] == action && (string?)h.Data["data"]?["id"] == id.ToString(), within);

    /// <summary>Waits until the other side has ended the connection; fails when it does not in time.</summary>
    public Task Ended(TimeSpan? within = null) => listening.WaitAsync(within ?? Usual);

    private async Task Listen()
    {
        try
        {
            var parser = SseParser.Create(await response.Content.ReadAsStreamAsync(left.Token));
            await foreach (var item in parser.EnumerateAsync(left.Token))
                lock (turn)
                {
                    heard.Add(new(item.EventType, parser.LastEventId, JsonNode.Parse(item.Data)!));
                    more.SetResult();
                    more = new(TaskCreationOptions.RunContinuationsAsynchronously);
                }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // We left, or the other side did without a word.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await left.CancelAsync();
        await listening;
        response.Dispose();
        left.Dispose();
    }
}

/// <summary>An event as it was heard.</summary>
public sealed record Heard(string Name, string Id, JsonNode Data);
