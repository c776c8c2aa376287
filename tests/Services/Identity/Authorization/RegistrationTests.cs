using System.Net;
using System.Text.Json.Nodes;

namespace MedCor.Tests.Services.Identity.Authorization;

/// <summary>Tests what strangers may send to register a client.</summary>
public sealed class RegistrationTests
{
    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"x\"")]
    [InlineData("")]
    [InlineData("""{"redirect_uris":[null]}""")]
    [InlineData("""{"redirect_uris":["https://app.example/",null]}""")]
    [InlineData("""{"redirect_uris":["https://app.example/"],"grant_types":[null]}""")]
    [InlineData("""{"redirect_uris":["https://app.example/"],"response_types":[null]}""")]
    [InlineData("""{"redirect_uris":["https://app.example/"],"client_name":"\ud83d"}""")]
    [InlineData("""{"redirect_uris":["https://app.example/\udc00"]}""")]
    public async Task A_registration_that_cannot_be_read_is_refused(string registration)
    {
        using var http = await TestUser.CreateAnonymousClient();

        using var answer = await http.PostAsync(new Uri("/oauth/register", UriKind.Relative), new StringContent(registration, null, "application/json"));

        var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_client_metadata"), (answer.StatusCode, body.OAuthError()));
    }

    [Fact]
    public async Task A_long_name_is_cut_between_characters()
    {
        var (letters, smile, redirects) = (new string('x', 99), "\U0001F600", new[] { "https://app.example/" });

        Assert.Equal(letters + smile, await Register(letters + smile + "y"));
        Assert.Equal(letters + "y", await Register(letters + "y" + smile));
        Assert.Equal("Planner", await Register("\u202ePlan\u0000ner\u200b "));
        Assert.Equal("A program without a name", await Register("\u200b"));

        async Task<string?> Register(string name)
        {
            var (status, body) = await OAuthClient.TryRegister(new { client_name = name, redirect_uris = redirects });
            Assert.Equal(HttpStatusCode.Created, status);
            return (string?)body["client_name"];
        }
    }
}
