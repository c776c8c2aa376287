using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.JsonWebTokens;

namespace MedCor.Tests.Services.Identity.Keys;

public class KeyRingTests
{
    [Fact]
    public async Task Only_public_parts_are_published_and_every_token_names_one_of_them()
    {
        using var http = await TestUser.CreateAnonymousClient();
        var published = (await http.GetFromJsonAsync<JsonNode>("/.well-known/jwks.json"))!["keys"]!.AsArray();
        var token = new JsonWebToken((await ApiClient.LogInShared(TestUser.HospitalAdminEmail)).AccessToken);

        Assert.Equal("ES256", token.Alg);
        Assert.Contains(published, k => (string?)k!["kid"] == token.Kid);
        Assert.All(published, k => Assert.Equal(["alg", "crv", "kid", "kty", "use", "x", "y"], k!.AsObject().Select(p => p.Key).Order()));
    }

    [Fact]
    public async Task The_discovery_document_names_the_issuer_and_where_the_keys_are()
    {
        using var http = await TestUser.CreateAnonymousClient();
        var discovery = (await http.GetFromJsonAsync<JsonNode>("/.well-known/openid-configuration"))!;
        var token = new JsonWebToken((await ApiClient.LogInShared(TestUser.HospitalAdminEmail)).AccessToken);

        Assert.Equal(token.Issuer, (string?)discovery["issuer"]);
        Assert.EndsWith("/.well-known/jwks.json", (string?)discovery["jwks_uri"]);
        var published = await http.GetFromJsonAsync<JsonNode>(new Uri((string)discovery["jwks_uri"]!));
        Assert.Contains(published!["keys"]!.AsArray(), key => (string?)key!["kid"] == token.Kid);
    }
}
