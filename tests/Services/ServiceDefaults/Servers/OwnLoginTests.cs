using MedCor.ChatStreams;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.ServiceDefaults;
using StackExchange.Redis;

namespace MedCor.Tests.Services.ServiceDefaults.Servers;

/// <summary>Tests that a login may do in Redis what its program does there, where the program goes on when it is refused.</summary>
public sealed class OwnLoginTests
{
    [Fact]
    public async Task Chat_and_the_gateway_can_do_with_runs_what_each_does()
    {
        var house = await MedCorFixture.Get();
        using var chatRedis = await Connect(house, "chat");
        using var gatewayRedis = await Connect(house, ServiceCatalogue.Gateway);
        var (chat, gateway) = (new ChatStreamStore(chatRedis, TimeProvider.System), new ChatStreamStore(gatewayRedis, TimeProvider.System));
        var (owner, worker) = (new ChatRunOwner(Guid.NewGuid(), Guid.NewGuid()), Guid.NewGuid().ToString("N"));

        await chat.SubscribeToRunEndsAsync(worker, _ => { });
        var (saved, _) = await chat.StartAsync(Guid.NewGuid(), owner, "a request", "a digest", worker);
        await chat.RenewLeaseAsync(worker);
        using (await gateway.SubscribeAsync(saved, () => { })) await chat.AppendAsync(saved, worker, 1, [new("a piece")]);
        Assert.Single(await gateway.ReadAsync(saved, 0, 10));
        await chat.EndAsync(saved, ChatRunState.Finished, null, 1);
        await chat.MarkSavedAsync(saved);
        await chat.DiscardAsync(saved, owner, "a request");

        var (orphaned, _) = await chat.StartAsync(Guid.NewGuid(), owner, requestId: null, "a digest", worker);
        Assert.Equal(ChatRunState.Started, (await gateway.FailIfOrphanedAsync(orphaned)).State);
        await chat.ReleaseLeaseAsync(worker);
        Assert.True((await gateway.FailIfOrphanedAsync(orphaned)).EndedByThisCall);
        await chat.DiscardAsync(orphaned, owner, requestId: null);
        Assert.Null(await gateway.FindAsync(orphaned));
    }

    private static async Task<ConnectionMultiplexer> Connect(MedCorFixture house, string program)
    {
        var address = $"{house.GetRedisAddress("cache")},user={program},password={house.GetPassword(program)}";
        var redis = await ConnectionMultiplexer.ConnectAsync(MedCorDefaults.ConfigureRedis(ConfigurationOptions.Parse(address)));
        // The connection for subscriptions is another one, which may be ready later; a call fails at once before that.
        await Wait.Until(() => Task.FromResult(redis.GetSubscriber().IsConnected()), "the subscriber is connected");
        return redis;
    }
}
