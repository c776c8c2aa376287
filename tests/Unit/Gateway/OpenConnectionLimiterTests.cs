using System.Net;
using MedCor.Contracts;
using MedCor.Gateway.Limits;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace MedCor.Tests.Unit.Gateway;

public sealed class OpenConnectionLimiterTests
{
    [Fact]
    public void Anonymous_connections_take_no_slot_of_authenticated_ones()
    {
        var standing = new OpenConnectionLimiter(Options.Create(new LimitOptions { MaxListeners = 1 }));
        for (var i = 0; i < OpenConnectionLimiter.MaxAnonymous; i++) standing.AcquireAnonymousSocket(From($"198.51.{i / 100}.7"));

        Assert.Throws<Unavailable>(() => standing.AcquireAnonymousSocket(From("203.0.113.1")));
        using (standing.AcquireSocket(Somebody())) Assert.Throws<Unavailable>(() => standing.AcquireSocket(Somebody()));
        standing.AcquireStream(Somebody()).Dispose();
    }

    [Fact]
    public void An_address_has_a_limit_that_frees_up_when_a_connection_ends()
    {
        var standing = new OpenConnectionLimiter(Options.Create(new LimitOptions()));
        var places = Enumerable.Range(0, OpenConnectionLimiter.MaxAnonymousPerAddress)
            .Select(_ => standing.AcquireAnonymousSocket(From("203.0.113.1"))).ToArray();

        Assert.Throws<RateLimited>(() => standing.AcquireAnonymousSocket(From("203.0.113.1")));
        standing.AcquireAnonymousSocket(From("203.0.113.2")).Dispose();
        places[0].Dispose();
        places[0].Dispose();

        standing.AcquireAnonymousSocket(From("203.0.113.1"));
        Assert.Throws<RateLimited>(() => standing.AcquireAnonymousSocket(From("203.0.113.1")));
    }

    [Fact]
    public void An_IPv6_64_network_counts_as_one_and_a_48_network_as_ten()
    {
        var standing = new OpenConnectionLimiter(Options.Create(new LimitOptions()));
        for (var i = 0; i < OpenConnectionLimiter.MaxAnonymousPerAddress; i++) standing.AcquireAnonymousSocket(From($"2001:db8:1:1::{i + 1:x}"));
        Assert.Throws<RateLimited>(() => standing.AcquireAnonymousSocket(From("2001:db8:1:1:ffff::1")));
        for (var i = OpenConnectionLimiter.MaxAnonymousPerAddress; i < OpenConnectionLimiter.MaxAnonymousPerAddress * NetworkKey.SiteMultiplier; i++)
            standing.AcquireAnonymousSocket(From($"2001:db8:1:{i + 1:x}::1"));

        Assert.Throws<RateLimited>(() => standing.AcquireAnonymousSocket(From("2001:db8:1:ffff::1")));

        standing.AcquireAnonymousSocket(From("2001:db8:2:1::1"));
    }

    [Fact]
    public void Subscriptions_of_agents_take_no_event_stream_of_their_user()
    {
        var standing = new OpenConnectionLimiter(Options.Create(new LimitOptions { MaxStreamsPerUser = 1 }));
        var user = Somebody();
        var places = Enumerable.Range(0, OpenConnectionLimiter.MaxSubscriptionsPerUser).Select(_ => standing.AcquireSubscription(user)).ToArray();

        Assert.Throws<RateLimited>(() => standing.AcquireSubscription(user));
        standing.AcquireSubscription(Somebody()).Dispose();
        using (standing.AcquireStream(user)) Assert.Throws<RateLimited>(() => standing.AcquireStream(user));

        places[0].Dispose();
        standing.AcquireSubscription(user).Dispose();
    }

    private static DefaultHttpContext From(string address) => new() { Connection = { RemoteIpAddress = IPAddress.Parse(address) } };

    private static Caller Somebody() =>
        new(Guid.CreateVersion7(), "a@b.example", Role.Nurse, Guid.CreateVersion7(), Guid.CreateVersion7(), DateTimeOffset.UtcNow,
            DateTimeOffset.UtcNow.AddHours(1));
}
