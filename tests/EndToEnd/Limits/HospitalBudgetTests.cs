using MedCor.ChatStreams;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Gateway.Authentication;
using MedCor.Gateway.LiveEvents;
using MedCor.ServiceDefaults.Authentication;
using MedCor.Tests.EndToEnd.LiveEvents;
using StackExchange.Redis;

namespace MedCor.Tests.EndToEnd.Limits;

/// <summary>Tests that a hospital that stores in Redis as much as it can leaves room for another one.</summary>
public sealed class HospitalBudgetTests
{
    private const int Large = 100_000;

    /// <summary>What one hospital may have at most, with what Redis needs itself.</summary>
    private const string MaxMemory = "100mb";

    [Fact]
    public async Task A_hospital_that_fills_all_its_budgets_takes_nothing_from_another_one()
    {
        await using var server = new RedisServer();
        using var redis = await server.Start();
        await redis.GetDatabase().ExecuteAsync("CONFIG", "SET", "maxmemory", MaxMemory);
        var (events, chat, tickets) = (new LiveEventStore(redis), new ChatStreamStore(redis, TimeProvider.System), new TicketStore(redis));
        var greedy = Guid.CreateVersion7();

        for (var i = 1; i <= 400; i++) await new NumberedEvent(greedy, i, new string('x', Large)).AppendTo(events);
        for (var i = 0; i < 100; i++) await events.AppendToolResponseAsync(greedy, Answer(Guid.NewGuid(), new string('x', Large)));
        await Assert.ThrowsAsync<RateLimited>(async () =>
        {
            for (var i = 0; i < 10; i++) await FillChat(chat, new(greedy, Guid.NewGuid()));
        });
        await Assert.ThrowsAsync<RateLimited>(async () =>
        {
            for (var i = 0; i < 100; i++) await tickets.IssueAsync(new string('x', Large), User(greedy), path: null);
        });

        var other = Guid.CreateVersion7();
        await new NumberedEvent(other, 1, new string('x', Large)).AppendTo(events);
        await events.AppendToolResponseAsync(other, Answer(Guid.NewGuid(), "an answer"));
        var (call, _) = await chat.StartAsync(Guid.NewGuid(), new(other, Guid.NewGuid()), requestId: null, "a digest", "a worker");
        Assert.Equal(ChatRunState.Started, await chat.AppendAsync(call, "a worker", 1, [new("a piece")]));
        Assert.NotEmpty(await tickets.IssueAsync("a token", User(other), path: null));
        Assert.Single((await events.ReadAsync([(LiveEventStore.HospitalStream(other), default)], 10))[0].Entries);
        Assert.Single((await events.ReadAsync([(LiveEventStore.ToolResponseStream(other), default)], 10))[0].Entries);
    }

    [Fact]
    public async Task A_user_with_too_many_tickets_is_refused_and_the_others_of_the_hospital_are_not()
    {
        using var redis = await MedCorFixture.ConnectRedis();
        var (tickets, hospital) = (new TicketStore(redis), Guid.CreateVersion7());
        var (greedy, modest) = (User(hospital), User(hospital));
        for (var size = 0; size + Large + 200 < TicketStore.MaxUserBytes; size += Large + 200)
            await tickets.IssueAsync(new string('x', Large), greedy, path: null);

        var refused = await Assert.ThrowsAsync<RateLimited>(() => tickets.IssueAsync(new string('x', Large), greedy, path: null));
        Assert.Equal(TicketStore.LifetimeSeconds, refused.RetryAfter);
        Assert.Equal("a token", await tickets.RedeemAsync(await tickets.IssueAsync("a token", modest, path: null), "/api/mcp/sse"));
    }

    private static async Task FillChat(ChatStreamStore chat, ChatRunOwner owner)
    {
        var (call, _) = await chat.StartAsync(Guid.NewGuid(), owner, requestId: null, "a digest", "a worker");
        for (var piece = 1; piece <= 40; piece++) await chat.AppendAsync(call, "a worker", piece, [new(new string('x', Large))]);
    }

    private static Caller User(Guid hospital) =>
        new(Guid.NewGuid(), "", Role.Patient, hospital, Guid.NewGuid(), DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch);

    private static LiveEvent Answer(Guid person, string text) =>
        LiveEvent.ForToolResponse(person, "a_tool", System.Text.Encoding.UTF8.GetBytes($"\"{text}\""), "1", DateTimeOffset.UnixEpoch);
}
