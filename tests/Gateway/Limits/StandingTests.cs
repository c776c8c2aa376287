using System.Net;
using MedCor.Contracts;
using MedCor.Gateway.Limits;
using MedCor.ServiceDefaults.Access;
using MedCor.ServiceDefaults.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace MedCor.Tests.Gateway.Limits;

public sealed class StandingTests
{
    [Fact]
    public void Whoever_has_no_token_takes_no_listener_s_place()
    {
        var standing = new Standing(Options.Create(new LimitOptions { Listeners = 1 }));
        for (var i = 0; i < Standing.MostStrangersOfAll; i++) standing.Stranger(From($"198.51.{i / 100}.7"));

        Assert.Throws<Unavailable>(() => standing.Stranger(From("203.0.113.1")));
        using (standing.Socket(Somebody())) Assert.Throws<Unavailable>(() => standing.Socket(Somebody()));
        standing.Stream(Somebody()).Dispose();
    }

    [Fact]
    public void An_address_has_so_many_and_another_when_one_is_gone()
    {
        var standing = new Standing(Options.Create(new LimitOptions()));
        var places = Enumerable.Range(0, Standing.MostStrangers).Select(_ => standing.Stranger(From("203.0.113.1"))).ToArray();

        Assert.Throws<TooMany>(() => standing.Stranger(From("203.0.113.1")));
        standing.Stranger(From("203.0.113.2")).Dispose();
        places[0].Dispose();
        places[0].Dispose();

        standing.Stranger(From("203.0.113.1"));
        Assert.Throws<TooMany>(() => standing.Stranger(From("203.0.113.1")));
    }

    [Fact]
    public void Of_IPv6_a_household_is_counted_as_one_and_a_site_of_many_households_as_ten()
    {
        var standing = new Standing(Options.Create(new LimitOptions()));
        for (var i = 0; i < Standing.MostStrangers; i++) standing.Stranger(From($"2001:db8:1:1::{i + 1:x}"));
        Assert.Throws<TooMany>(() => standing.Stranger(From("2001:db8:1:1:ffff::1")));
        for (var i = Standing.MostStrangers; i < Standing.MostStrangers * Address.SharesOfSite; i++) standing.Stranger(From($"2001:db8:1:{i + 1:x}::1"));

        Assert.Throws<TooMany>(() => standing.Stranger(From("2001:db8:1:ffff::1")));

        standing.Stranger(From("2001:db8:2:1::1"));
    }

    private static DefaultHttpContext From(string address) => new() { Connection = { RemoteIpAddress = IPAddress.Parse(address) } };

    private static Caller Somebody() => new(Guid.CreateVersion7(), "a@b.example", Role.Nurse, Guid.CreateVersion7(), Guid.CreateVersion7(), DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddHours(1));
}
