using MedCor.Contracts;
using MedCor.Gateway.LiveEvents;
using MedCor.Gateway.Mcp;

namespace MedCor.Tests.Unit.Gateway;

public sealed class McpSubscriptionsTests
{
    private static readonly (string Resource, string Uri, string Id)[] Addresses =
    [
        ("departments", "medcor://departments", ""), ("departments", "medcor://departments/a", "a"), ("departments", "medcor://departments/b", "b"),
        ("users", "medcor://users/a", "a"),
    ];

    private static readonly ILookup<string, (string Uri, string Id)> Watched = Addresses.ToLookup(w => w.Resource, w => (w.Uri, w.Id));

    [Fact]
    public void A_change_concerns_the_list_and_the_entity() =>
        Assert.Equal(["medcor://departments", "medcor://departments/a"], McpSubscriptions.FindChanged(
            new(LiveEvent.ResourceUpdateEvent, "departments", new Audience(Callers.Everyone), """{"data":{"id":"a"}}"""u8), Watched));

    [Fact]
    public void A_gap_in_the_events_concerns_everything() =>
        Assert.Equal(["medcor://departments", "medcor://departments/a", "medcor://departments/b", "medcor://users/a"],
            McpSubscriptions.FindChanged(LiveEvent.Reload(DateTimeOffset.UnixEpoch), Watched).Order());

    [Fact]
    public void A_heartbeat_concerns_nothing() => Assert.Empty(McpSubscriptions.FindChanged(LiveEvent.Heartbeat(DateTimeOffset.UnixEpoch), Watched));
}
