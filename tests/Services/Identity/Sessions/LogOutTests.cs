using System.Net;
using System.Net.Http.Json;

namespace MedCor.Tests.Services.Identity.Sessions;

public class LogOutTests
{
    [Fact]
    public async Task With_the_access_token_alone_the_session_ends()
    {
        var client = await (await TestUser.Create()).LogIn();

        using var response = await client.Http.PostAsync("/api/auth/logout/", null);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("AUTH_INVALID", (await TestUser.PostRefresh(client.RefreshToken)).Code);
        await Wait.Until(async () => (await client.TryCall("get_current_user")).Code == "AUTH_INVALID", "the access token stops", TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task With_the_refresh_token_alone_the_session_ends()
    {
        var client = await (await TestUser.Create()).LogIn();

        Assert.Equal(HttpStatusCode.OK, (await TestUser.Post("/api/auth/logout/", new { refresh_token = client.RefreshToken })).Status);

        Assert.Equal("AUTH_INVALID", (await TestUser.PostRefresh(client.RefreshToken)).Code);
        await Wait.Until(async () => (await client.TryCall("get_current_user")).Code == "AUTH_INVALID", "the access token stops", TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_new_session_right_after_works()
    {
        var somebody = await TestUser.Create();
        var client = await somebody.LogIn();
        await client.Http.PostAsJsonAsync("/api/auth/logout/", new { refresh_token = client.RefreshToken });

        await (await somebody.LogIn()).Call("get_current_user");
    }

    [Fact]
    public async Task Logging_out_requires_a_token() =>
        Assert.Equal("AUTH_REQUIRED", (await TestUser.Post("/api/auth/logout/", new { })).Code);

    [Fact]
    public async Task Logging_out_is_idempotent()
    {
        var client = await (await TestUser.Create()).LogIn();

        for (var i = 0; i < 2; i++)
            Assert.Equal(HttpStatusCode.OK, (await TestUser.Post("/api/auth/logout/", new { refresh_token = client.RefreshToken })).Status);
    }

    [Fact]
    public async Task A_form_is_refused_and_ends_no_session()
    {
        var client = await (await TestUser.Create()).LogIn();
        using var form = new FormUrlEncodedContent([KeyValuePair.Create("refresh_token", client.RefreshToken)]);

        using var answer = await client.Http.PostAsync(new Uri("/api/auth/logout", UriKind.Relative), form);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await TestUser.PostRefresh(client.RefreshToken)).Status);
    }
}
