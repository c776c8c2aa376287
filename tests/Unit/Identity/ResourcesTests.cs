using MedCor.Identity.Authorization;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Options;

namespace MedCor.Tests.Unit.Identity;

/// <summary>Tests by which names clients may call a resource for which they ask a token.</summary>
public sealed class ResourcesTests
{
    [Theory]
    [InlineData("https://medcor.example/mcp", "https://medcor.example/mcp")]
    [InlineData("https://medcor.example/mcp/", "https://medcor.example/mcp")]
    [InlineData("https://medcor.example", "https://medcor.example/mcp")]
    [InlineData("https://medcor.example/", "https://medcor.example/mcp")]
    [InlineData("https://MedCor.example:443/mcp", "https://medcor.example/mcp")]
    [InlineData("https://medcor.example/mcp?areas=appointments,people&read_only=true", "https://medcor.example/mcp")]
    [InlineData("https://medcor.example/api/", "https://medcor.example/api")]
    [InlineData("https://medcor.example/mcp#fragment", null)]
    [InlineData("https://someone@medcor.example/mcp", null)]
    [InlineData("https://medcor.example:8443/mcp", null)]
    [InlineData("http://medcor.example/mcp", null)]
    [InlineData("https://medcor.example/MCP", null)]
    [InlineData("https://elsewhere.example/mcp", null)]
    [InlineData("http://localhost/mcp", null)]
    [InlineData("urn:medcor:mcp", null)]
    [InlineData("/mcp", null)]
    [InlineData("", null)]
    public void A_resource_is_known_by_every_way_to_write_its_address(string name, string? resource) =>
        Assert.Equal(resource ?? name, Of("https://medcor.example", "Production").Normalize(name));

    [Theory]
    [InlineData("Development", "http://127.0.0.1:8002/mcp", true)]
    [InlineData("Development", "http://[::1]:8002/mcp?read_only=true", true)]
    [InlineData("Development", "http://127.0.0.1:8002", true)]
    [InlineData("Development", "http://127.0.0.1:8003/mcp", false)]
    [InlineData("Development", "https://127.0.0.1:8002/mcp", false)]
    [InlineData("Development", "http://192.168.0.7:8002/mcp", false)]
    [InlineData("Production", "http://127.0.0.1:8002/mcp", false)]
    public void In_Development_the_names_of_this_machine_are_the_same(string environment, string name, bool isMcp) =>
        Assert.Equal(isMcp ? "http://localhost:8002/mcp" : name, Of("http://localhost:8002", environment).Normalize(name));

    private static Resources Of(string publicUrl, string environment) => new(
        Options.Create(new TokenOptions { PublicUrl = publicUrl }), new HostingEnvironment { EnvironmentName = environment });
}
