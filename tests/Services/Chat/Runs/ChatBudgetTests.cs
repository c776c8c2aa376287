using MedCor.ChatStreams;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using StackExchange.Redis;

namespace MedCor.Tests.Services.Chat.Runs;

/// <summary>Tests how much of Redis the runs of a user and of a hospital may take.</summary>
public sealed class ChatBudgetTests : IAsyncLifetime
{
    private const int Large = 900_000;
    private const string Worker = "a worker";
    private readonly Guid _hospital = Guid.NewGuid();
    private ConnectionMultiplexer _redis = null!;
    private ChatStreamStore _streams = null!;

    public async Task InitializeAsync()
    {
        _redis = await MedCorFixture.ConnectRedis();
        _streams = new(_redis, TimeProvider.System);
    }

    public Task DisposeAsync()
    {
        _redis.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task The_oldest_saved_runs_of_a_user_make_room_for_the_users_further_ones()
    {
        var (greedy, modest) = (NewOwner(), NewOwner());
        var other = await Save(modest, Large);
        var runs = new List<Guid>();
        for (var i = 0; i < 7; i++) runs.Add(await Save(greedy, Large));

        Assert.Equal([false, false, false, true, true, true, true], (await Task.WhenAll(runs.Select(Exists))).AsEnumerable());
        Assert.True(await Exists(other));
        Assert.Empty(await _streams.ReadAsync(runs[0], 0, 10));
        Assert.InRange(await Counted(greedy.Key), 4 * Large, ChatStreamStore.MaxUserBytes);
        Assert.Equal(await Counted(greedy.Key) + await Counted(modest.Key), await Counted("all"));
    }

    [Fact]
    public async Task Runs_that_are_not_saved_yet_are_kept_and_further_pieces_and_runs_of_their_user_are_refused()
    {
        var owner = NewOwner();
        var run = await Start(owner);
        for (var piece = 1; piece <= 4; piece++) await Append(run, piece, Large);

        await Assert.ThrowsAsync<RateLimited>(() => Append(run, 5, Large));
        await Append(run, 5, ChatStreamStore.MaxUserBytes - (int)await Counted(owner.Key) - 32);
        await Assert.ThrowsAsync<RateLimited>(() => Start(owner));
        Assert.Equal(5, (await _streams.FindAsync(run))!.Value.EventCount);

        // The end is always published, and once the answer is saved there is room again.
        await _streams.EndAsync(run, ChatRunState.Finished, null, 5);
        await _streams.MarkSavedAsync(run);
        await Start(owner);
        Assert.False(await Exists(run));
    }

    [Fact]
    public async Task A_hospital_that_takes_all_it_may_leaves_room_for_another_one()
    {
        for (var user = 0; user < 4; user++)
        {
            var run = await Start(NewOwner());
            for (var piece = 1; piece <= 4; piece++) await Append(run, piece, Large);
        }

        var last = await Start(NewOwner());
        await Append(last, 1, Large);
        await Append(last, 2, Large);
        await Assert.ThrowsAsync<RateLimited>(() => Append(last, 3, Large));

        var other = await Start(new(Guid.NewGuid(), Guid.NewGuid()));
        Assert.Equal(ChatRunState.Started, await Append(other, 1, Large));
    }

    [Fact]
    public async Task A_request_id_counts_until_it_is_dropped_which_Chats_database_makes_up_for()
    {
        var owner = NewOwner();
        var (run, _) = await _streams.StartAsync(Guid.NewGuid(), owner, "a request", "a digest", Worker);
        var started = await Counted(owner.Key);
        await _streams.DiscardAsync(run, owner, "a request");
        Assert.Equal(0, await Counted(owner.Key));

        var again = (await _streams.StartAsync(Guid.NewGuid(), owner, "a request", "a digest", Worker)).Call;
        Assert.NotEqual(run, again);
        Assert.Equal(started, await Counted(owner.Key));
        await _streams.EndAsync(again, ChatRunState.Finished, null, 0);
        await _streams.MarkSavedAsync(again);
        for (var i = 0; i < 5; i++) await Save(owner, Large);

        Assert.False(await _redis.GetDatabase().KeyExistsAsync($"medcor:chat:call:{again}"));
        Assert.NotEqual(again, (await _streams.StartAsync(Guid.NewGuid(), owner, "a request", "a digest", Worker)).Call);
    }

    [Fact]
    public async Task A_run_that_is_not_counted_any_more_or_never_was_can_be_discarded()
    {
        var owner = NewOwner();
        await _streams.DiscardAsync(Guid.NewGuid(), owner, "a request");
        var run = await Start(owner);
        var other = await Start(owner);

        await _streams.DiscardAsync(run, owner, requestId: null);
        await _streams.DiscardAsync(run, owner, requestId: null);

        Assert.False(await Exists(run));
        Assert.True(await Exists(other));
        Assert.Equal(await Counted(owner.Key), await Counted("all"));
        Assert.True(await Counted(owner.Key) > 0);
    }

    [Fact]
    public async Task Programs_with_the_server_token_have_the_budget_of_a_hospital()
    {
        var run = await Start(ChatRunOwner.Server);
        for (var piece = 1; piece <= 17; piece++) await Append(run, piece, Large);

        await Assert.ThrowsAsync<RateLimited>(async () =>
        {
            await Append(run, 18, Large);
            await Append(run, 19, Large);
        });
    }

    private ChatRunOwner NewOwner() => new(_hospital, Guid.NewGuid());

    private async Task<Guid> Start(ChatRunOwner owner) => (await _streams.StartAsync(Guid.NewGuid(), owner, requestId: null, "a digest", Worker)).Call;

    private Task<ChatRunState?> Append(Guid run, int number, int size) => _streams.AppendAsync(run, Worker, number, [new(new string('x', size))]);

    private async Task<Guid> Save(ChatRunOwner owner, int size)
    {
        var run = await Start(owner);
        await Append(run, 1, size);
        await _streams.EndAsync(run, ChatRunState.Finished, null, 1);
        await _streams.MarkSavedAsync(run);
        return run;
    }

    private async Task<bool> Exists(Guid run) => await _streams.FindAsync(run) is not null;

    private async Task<long> Counted(string whose) => (long)await _redis.GetDatabase().HashGetAsync($"medcor:chat:budget:{_hospital:N}:bytes", whose);
}
