using System.Net.Http.Json;
using System.Text.Json.Nodes;
using MedCor.Identity.Keys;
using Microsoft.IdentityModel.JsonWebTokens;

namespace MedCor.Tests.Services.Identity.Keys;

public class KeyRingTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly KeyEncryption Encryption = new("a secret of at least 32 characters!");

    [Fact]
    public void The_first_key_signs_at_once() => Assert.Equal(Now, KeyRing.NextSignsFrom(null, [], Now));

    [Fact]
    public void No_key_is_created_while_the_current_one_is_young() => Assert.Null(KeyRing.NextSignsFrom(null, [Key(Now - KeyRing.SigningPeriod / 2)], Now));

    [Fact]
    public void The_next_key_is_published_before_it_signs()
    {
        var due = Now + KeyRing.PublishedBeforeSigning / 2;

        Assert.Equal(Now + KeyRing.PublishedBeforeSigning, KeyRing.NextSignsFrom(null, [Key(due - KeyRing.SigningPeriod)], Now));
        Assert.Null(KeyRing.NextSignsFrom(null, [Key(due - KeyRing.SigningPeriod), Key(Now + KeyRing.PublishedBeforeSigning)], Now));
    }

    [Fact]
    public void An_old_key_stays_until_its_last_token_has_ended()
    {
        var (old, young) = (Key(Now - KeyRing.SigningPeriod), Key(Now));

        Assert.Empty(KeyRing.FindRetired([old, young], Now + KeyRing.PublishedAfterSigning));
        Assert.Equal([old], KeyRing.FindRetired([old, young], Now + KeyRing.PublishedAfterSigning + TimeSpan.FromMinutes(1)));
    }

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

    private static SigningKey Key(DateTimeOffset signsFrom) => SigningKey.Create(Encryption, signsFrom, signsFrom);
}
