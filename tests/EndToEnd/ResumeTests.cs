using System.Globalization;
using MedCor.Gateway.Events;
using MedCor.Tests.EndToEnd.Catalogue;
using MedCor.Tests.Gateway.Events;
using StackExchange.Redis;

namespace MedCor.Tests.EndToEnd;

/// <summary>Runs when nothing else does, as <see cref="CrashTests"/> do.</summary>
[Collection(nameof(CrashTests))]
public class ResumeTests
{
    [Fact]
    public async Task Whoever_is_cut_off_again_and_again_and_comes_back_elsewhere_has_all_in_order_and_once_though_every_gateway_is_killed()
    {
        const int Events = 2000;
        var house = await RunningHouse.Get();
        var premises = await Premises.Foreign;
        using var redis = await ConnectionMultiplexer.ConnectAsync(house.RedisAddress);
        var streams = new LiveStreams(redis);
        var (heard, place, turn, reloads) = (new List<int>(), (string?)null, 0, 0);
        var victims = new Queue<(int At, string Name)>([(Events / 4, "gateway-1"), (Events * 3 / 4, "gateway-2")]);
        var killed = new List<(string Name, int Pid)>();
        Task? happening = null;

        while (heard.Count < Events)
        {
            var wanted = 1 + (turn * 7 % 23);
            var got = 0;
            try
            {
                await foreach (var (id, name, number) in Listen(house.Gateways[turn++ % 2], premises.Admin, place))
                {
                    place = id;
                    happening ??= Happen(streams, premises.Hospital, Events);
                    if (name == "error_event") reloads++;
                    if (number is not { } one) continue;
                    heard.Add(one);
                    if (victims.TryPeek(out var victim) && heard.Count >= victim.At)
                    {
                        victims.Dequeue();
                        killed.Add((victim.Name, house.Kill(victim.Name)));
                    }
                    if (++got == wanted || heard.Count == Events) break;
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                // Killed, or not up again yet: on to the other one.
            }
        }
        await happening!;
        foreach (var (name, pid) in killed) await house.Recovered(name, pid);

        Assert.Equal(Enumerable.Range(1, Events), heard);
        Assert.Equal((0, 2), (reloads, killed.Count));
        Assert.True(turn > 100, $"They were cut off {turn} times.");
    }

    private static async Task Happen(LiveStreams streams, Guid hospital, int events)
    {
        for (var i = 1; i <= events; i++) await new Noted(hospital, i).Tell(streams);
    }

    /// <summary>Listens as a client of few lines does: the id of each event, its name, and its number where it has one.</summary>
    private static async IAsyncEnumerable<(string Id, string Name, int? Number)> Listen(Uri gateway, Client client, string? after)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(gateway, "/api/mcp/sse?resources=patients")) { Headers = { Authorization = new("Bearer", client.AccessToken) } };
        if (after is not null) request.Headers.Add("Last-Event-ID", after);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        if (!response.IsSuccessStatusCode) throw new HttpRequestException($"Listening was answered {(int)response.StatusCode}.");
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
        var (id, name, number) = ("", "", (int?)null);
        while (await lines.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal)) id = line[4..];
            else if (line.StartsWith("event: ", StringComparison.Ordinal)) name = line[7..];
            else if (line.Split("\"number\":") is [_, var rest]) number = int.Parse(rest.AsSpan(0, rest.IndexOfAny([',', '}'])), CultureInfo.InvariantCulture);
            else if (line.Length == 0)
            {
                yield return (id, name, number);
                (name, number) = ("", null);
            }
        }
    }
}
