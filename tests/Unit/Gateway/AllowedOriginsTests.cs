using System.ComponentModel.DataAnnotations;
using MedCor.Gateway.HttpPipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Options;

namespace MedCor.Tests.Unit.Gateway;

public sealed class AllowedOriginsTests
{
    [Theory]
    [InlineData("https://app.example", "https://app.example", true)]
    [InlineData("https://app.example,https://admin.example:8443", "https://admin.example:8443", true)]
    [InlineData("https://APP.example:443", "https://app.example", true)]
    [InlineData("https://münchen.example", "https://xn--mnchen-3ya.example", true)]
    [InlineData("https://app.example", "http://app.example", false)]
    [InlineData("https://app.example", "https://app.example:8443", false)]
    [InlineData("https://app.example", "https://app.example.elsewhere.example", false)]
    [InlineData("https://app.example", "null", false)]
    [InlineData("", "http://localhost:3000", false)]
    [InlineData(null, "https://app.example", false)]
    public void In_production_only_configured_origins_are_allowed(string? allowed, string origin, bool isAllowed) =>
        Assert.Equal(isAllowed, Of(allowed, "Production").IsAllowed(origin));

    [Theory]
    [InlineData("http://localhost:3000", true)]
    [InlineData("https://localhost", true)]
    [InlineData("http://127.0.0.1:5173", true)]
    [InlineData("http://[::1]:5173", true)]
    [InlineData("http://localhost.example", false)]
    [InlineData("http://192.168.0.7:3000", false)]
    [InlineData("null", false)]
    [InlineData("file://", false)]
    public void In_development_local_origins_are_allowed_too(string origin, bool isAllowed) =>
        Assert.Equal(isAllowed, Of(null, "Development").IsAllowed(origin));

    [Theory]
    [InlineData("https://gateway.example", "gateway.example", true)]
    [InlineData("http://gateway.example:8002", "gateway.example:8002", true)]
    [InlineData("http://gateway.example:8003", "gateway.example:8002", false)]
    [InlineData("https://elsewhere.example", "gateway.example", false)]
    public void The_gateways_own_pages_may_open_WebSockets(string origin, string host, bool isAllowed)
    {
        var request = new DefaultHttpContext().Request;
        request.Host = new(host);

        Assert.Equal(isAllowed, Of(null, "Production").IsAllowedForSocket(origin, request));
    }

    [Theory]
    [InlineData("*")]
    [InlineData("https://*.example")]
    [InlineData("https://app.example/")]
    [InlineData("https://app.example/page")]
    [InlineData("https://user@app.example")]
    [InlineData("app.example")]
    [InlineData("ftp://app.example")]
    [InlineData("https://app.example;https://admin.example")]
    public void An_invalid_origin_is_refused_naming_the_variable(string allowed)
    {
        var wrong = Assert.Single(new AllowedOriginsOptions { Allowed = allowed }.Validate(new ValidationContext(this)));

        Assert.StartsWith("MCP_ALLOWED_ORIGINS must be ", wrong.ErrorMessage, StringComparison.Ordinal);
    }

    private static AllowedOrigins Of(string? allowed, string environment) =>
        new(Options.Create(new AllowedOriginsOptions { Allowed = allowed }), new HostingEnvironment { EnvironmentName = environment });
}
