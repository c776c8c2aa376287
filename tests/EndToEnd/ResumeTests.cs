using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using MedCor.Gateway.LiveEvents;
using MedCor.Tests.EndToEnd.Catalogue;
using MedCor.Tests.EndToEnd.LiveEvents;
using StackExchange.Redis;

namespace MedCor.Tests.EndToEnd;

/// <summary>
/// Tests a subscriber that is disconnected every few events and reconnects at the other gateway, while many events are published and each gateway is killed
/// once. Does not run in parallel with other tests, like <see cref="CrashTests"/>.
/// </summary>
[Collection(nameof(CrashCollection))]
public class ResumeTests
{
    [Fact]
    public async Task Reconnecting_clients_receive_every_event_in_order_and_once()
    {
        const int Events = 2000;
        var (system, fixture) = (await MedCorFixture.Get(), await CatalogueFixture.Foreign);
        using var redis = await ConnectionMultiplexer.ConnectAsync(system.RedisConnectionString);
        var streams = new LiveEventStore(redis);
        var listener = new ReconnectingClient(fixture.Admin, "patients");
        await listener.Connect();

        var happening = Task.Run(async () =>
        {
            for (var i = 1; i <= Events; i++) await new NumberedEvent(fixture.Hospital, i).AppendTo(streams);
        });
        var killed = new List<(string Name, int Pid)>();
        await foreach (var count in listener.ReadNumbers(data => (int?)data["number"], Events))
            if (count == Events / 4) killed.Add(("gateway-1", system.Kill("gateway-1")));
            else if (count == Events * 3 / 4) killed.Add(("gateway-2", system.Kill("gateway-2")));
        await happening;
        foreach (var (name, pid) in killed) await system.WaitUntilRecovered(name, pid);

        Assert.Equal(Enumerable.Range(1, Events), listener.Heard);
        Assert.Equal((0, 2), (listener.Reloads, killed.Count));
        Assert.True(listener.Reconnects > 100, $"They were cut off {listener.Reconnects} times.");
    }

    [Fact]
    public async Task Changes_made_in_sequence_are_delivered_in_that_order()
    {
        const int Calls = 150;
        var (system, fixture) = (await MedCorFixture.Get(), await CatalogueFixture.Foreign);
        var (admin, run) = (fixture.Admin, Guid.NewGuid().ToString("N"));
        var listener = new ReconnectingClient(admin, "departments");
        await listener.Connect();

        (string Name, int Pid)? killed = null;
        var doing = Task.Run(async () =>
        {
            for (var i = 1; i <= Calls; i++)
            {
                await Persistently(system, admin, i, new { name = $"{run} {i}", code = $"R{i}-{run[..8]}" }, $"{run}-{i}");
                if (i is not (Calls / 3 or Calls * 2 / 3)) continue;
                // One at a time, so that one gateway is always available.
                if (killed is var (name, pid)) await system.WaitUntilRecovered(name, pid);
                var victim = i == Calls / 3 ? "gateway-1" : "gateway-2";
                killed = (victim, system.Kill(victim));
            }
        });
        await foreach (var _ in listener.ReadNumbers(data => (string?)data["name"] is { } name
            && name.StartsWith(run, StringComparison.Ordinal) ? int.Parse(name[run.Length..], CultureInfo.InvariantCulture) : null, Calls)) { }
        await doing;
        await system.WaitUntilRecovered(killed!.Value.Name, killed.Value.Pid);

        Assert.Equal(Enumerable.Range(1, Calls), listener.Heard);
        Assert.Equal(0, listener.Reloads);
    }

    /// <summary>Retries at the other gateway until a call succeeds, as a client does.</summary>
    private static async Task Persistently(MedCorFixture system, ApiClient admin, int turn, object department, string key) => await Wait.Until(async () =>
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(system.Gateways[turn++ % 2], "/api/mcp/tools/create_department"))
        {
            Content = System.Net.Http.Json.JsonContent.Create(department), Headers = { { "Idempotency-Key", key } }
        };
        try
        {
            using var answer = await admin.Http.SendAsync(request);
            Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.ServiceUnavailable, await answer.Content.ReadAsStringAsync());
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }, "an answer", TimeSpan.FromSeconds(90));

    /// <summary>Subscribes as a simple client does, at both gateways in turn and never for long.</summary>
    private sealed class ReconnectingClient(ApiClient client, string resource)
    {
        private string? _place;

        public List<int> Heard { get; } = [];

        /// <summary>Gets how often the client was told that events may be missing.</summary>
        public int Reloads { get; private set; }

        /// <summary>Gets the number of reconnections.</summary>
        public int Reconnects { get; private set; }

        /// <summary>Connects for the first time and stores the resume token.</summary>
        public async Task Connect()
        {
            await foreach (var (id, _, _) in Listen((await MedCorFixture.Get()).Gateways[0]))
            {
                _place = id;
                return;
            }
        }

        /// <summary>Reads until the given number of numbered events has been received, and returns their count after each.</summary>
        public async IAsyncEnumerable<int> ReadNumbers(Func<JsonNode, int?> number, int most)
        {
            var gateways = (await MedCorFixture.Get()).Gateways;
            while (Heard.Count < most)
            {
                var stay = 1 + (Reconnects * 7 % 23);
                await foreach (var (id, name, data) in Patiently(Listen(gateways[Reconnects++ % 2])))
                {
                    _place = id;
                    if (name == "error_event") Reloads++;
                    if (name != "resource_update" || number(data!["data"]!) is not { } one) continue;
                    Heard.Add(one);
                    yield return Heard.Count;
                    if (--stay == 0 || Heard.Count == most) break;
                }
            }
        }

        /// <summary>Ends the sequence where the gateway is killed or not yet available, so that the client moves on to the other one.</summary>
        private static async IAsyncEnumerable<T> Patiently<T>(IAsyncEnumerable<T> events)
        {
            await using var each = events.GetAsyncEnumerator();
            while (true)
            {
                try
                {
                    if (!await each.MoveNextAsync()) break;
                }
                catch (Exception e) when (e is HttpRequestException or IOException)
                {
                    break;
                }
                yield return each.Current;
            }
        }

        private async IAsyncEnumerable<(string Id, string Name, JsonNode? Data)> Listen(Uri gateway, [EnumeratorCancellation] CancellationToken ct = default)
        {
            using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(gateway, $"/api/mcp/sse?resources={resource}"))
            {
                Headers = { Authorization = new("Bearer", client.AccessToken) }
            };
            if (_place is not null) request.Headers.Add("Last-Event-ID", _place);
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
            if (!response.IsSuccessStatusCode) throw new HttpRequestException($"Listening was answered {(int)response.StatusCode}.");
            using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(ct));
            var (id, name, data) = ("", "", (JsonNode?)null);
            while (await lines.ReadLineAsync(ct) is { } line)
            {
                if (line.StartsWith("id: ", StringComparison.Ordinal)) id = line[4..];
                else if (line.StartsWith("event: ", StringComparison.Ordinal)) name = line[7..];
                else if (line.StartsWith("data: ", StringComparison.Ordinal)) data = JsonNode.Parse(line[6..]);
                else if (line.Length == 0)
                {
                    yield return (id, name, data);
                    (name, data) = ("", null);
                }
            }
        }
    }
}
