using MedCor.Gateway.Mcp;
using MedCor.ServiceDefaults.Authentication;

namespace MedCor.Tests.Unit.Gateway;

public sealed class ResourceUriTests
{
    [Theory]
    [InlineData("medcor://patients", "patients", "", "")]
    [InlineData("medcor://patients?limit=1", "patients", "", "?limit=1")]
    [InlineData("medcor://patients/01980a3c-5d2e-7b41-9c07-3f6a1e8b2d54", "patients", "/01980a3c-5d2e-7b41-9c07-3f6a1e8b2d54", "")]
    [InlineData("medcor://patients/01980A3C-5D2E-7B41-9C07-3F6A1E8B2D54?fields=id", "patients", "/01980a3c-5d2e-7b41-9c07-3f6a1e8b2d54", "?fields=id")]
    [InlineData("medcor://analytics/dashboard", "analytics/dashboard", "", "")]
    public void An_address_names_a_resource_or_one_of_its_entities(string text, string resource, string path, string query)
    {
        var uri = ResourceUri.TryParse(text, Nurse)!;

        Assert.Equal((resource, path, query), (uri.Resource.Name, uri.Path, uri.Query.ToString()));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("patients")]
    [InlineData("medcor://")]
    [InlineData("medcor://nothing")]
    [InlineData("medcor://patients/")]
    [InlineData("medcor://patients/not-a-uuid")]
    [InlineData("medcor://patients/%2e%2e")]
    [InlineData("medcor://patients/01980a3c-5d2e-7b41-9c07-3f6a1e8b2d54/more")]
    [InlineData("medcor://patients#top")]
    [InlineData("https://patients")]
    public void Anything_else_is_no_address(string? text) => Assert.Null(ResourceUri.TryParse(text, Nurse));

    private static Caller Nurse { get; } = new(Guid.NewGuid(), "nurse@general.example", Role.Nurse, Guid.NewGuid(), Guid.NewGuid(),
        DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddHours(1));
}
