using MedCor.ServiceDefaults.Authentication;

namespace MedCor.Tests.Unit.ServiceDefaults;

public sealed class TokenOptionsTests
{
    /// <summary>Clients compare issuers and resources letter by letter with what the authorization server writes.</summary>
    [Theory]
    [InlineData(null, "http://localhost:8002")]
    [InlineData("https://medcor.example", "https://medcor.example")]
    [InlineData("https://medcor.example/", "https://medcor.example")]
    [InlineData("https://MedCor.example:443", "https://medcor.example")]
    [InlineData("https://clinic.example/medcor/", "https://clinic.example/medcor")]
    public void The_authorization_server_has_one_name(string? publicUrl, string name)
    {
        var options = new TokenOptions { PublicUrl = publicUrl };

        Assert.Equal((name, $"{name}/mcp"), (options.ServerUrl, options.McpAudience));
    }
}
