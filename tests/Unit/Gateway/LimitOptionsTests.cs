using System.ComponentModel.DataAnnotations;
using System.Net;
using MedCor.Gateway.Limits;
using Microsoft.AspNetCore.Builder;

namespace MedCor.Tests.Unit.Gateway;

public sealed class LimitOptionsTests
{
    [Theory]
    [InlineData("10.0.0.0/8")]
    [InlineData("172.16.0.0/12")]
    [InlineData("192.168.0.0/16")]
    [InlineData("100.64.0.0/10")]
    [InlineData("0.0.0.0/0")]
    [InlineData("8.0.0.0/5")]
    [InlineData("fc00::/7")]
    [InlineData("fd00::/8")]
    [InlineData("::/0")]
    [InlineData("10.128.0.0/9")]
    [InlineData("10.244.0.0/15")]
    [InlineData("172.16.0.0/13")]
    [InlineData("fd12:3456::/32")]
    [InlineData("192.0.2.1, 10.0.0.0/8")]
    [InlineData("localhost")]
    [InlineData("10.0.0.0/33")]
    public void A_network_that_holds_others_than_proxies_is_refused_by_the_variables_name(string proxies) =>
        Assert.StartsWith("MCP_TRUSTED_PROXIES", Assert.Single(Wrongs(new() { TrustedProxies = proxies })), StringComparison.Ordinal);

    [Theory]
    [InlineData(null)]
    [InlineData("127.0.0.1")]
    [InlineData("10.244.7.0/24,192.0.2.1")]
    [InlineData("10.244.0.0/16")]
    [InlineData("fd12:3456:789a::/48")]
    [InlineData("fd12:3456:789a::/64")]
    [InlineData("203.0.113.0/24")]
    public void The_proxies_own_addresses_are_taken_and_one_of_them_is_believed_for_a_call(string? proxies)
    {
        var options = new LimitOptions { TrustedProxies = proxies };
        var forwarded = new ForwardedHeadersOptions();

        options.ConfigureForwardedHeaders(forwarded);

        Assert.Empty(Wrongs(options));
        Assert.Equal(1, forwarded.ForwardLimit);
    }

    [Fact]
    public void A_proxy_is_known_by_its_address_however_that_is_written()
    {
        var options = new LimitOptions { TrustedProxies = "10.244.7.0/24" };

        Assert.True(options.IsTrustedProxy(IPAddress.Parse("10.244.7.9")) && options.IsTrustedProxy(IPAddress.Parse("::ffff:10.244.7.9")));
        Assert.False(options.IsTrustedProxy(IPAddress.Parse("10.244.8.9")) || options.IsTrustedProxy(null));
    }

    private static string[] Wrongs(LimitOptions options) => [.. options.Validate(new ValidationContext(options)).Select(r => r.ErrorMessage!)];
}
