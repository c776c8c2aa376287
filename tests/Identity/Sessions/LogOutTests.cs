using System.Net;
using System.Net.Http.Json;
using MedCor.Tests.EndToEnd;

namespace MedCor.Tests.Identity.Sessions;

public class LogOutTests
{
    [Fact]
    public async Task With_the_access_token_alone_the_session_ends()
    {
        var client = await (await Somebody.New()).LogIn();

        using var response = await client.Http.PostAsync("/api/auth/logout/", null);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("AUTH_INVALID", (await Somebody.Refresh(client.RefreshToken)).Code);
        await Wait.Until(async () => (await client.Call("get_current_user")).Code == "AUTH_INVALID", "the access token stops", TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task With_the_refresh_token_alone_the_session_ends()
    {
        var client = await (await Somebody.New()).LogIn();

        Assert.Equal(HttpStatusCode.OK, (await Somebody.Post("/api/auth/logout/", new { refresh_token = client.RefreshToken })).Status);

        Assert.Equal("AUTH_INVALID", (await Somebody.Refresh(client.RefreshToken)).Code);
        await Wait.Until(async () => (await client.Call("get_current_user")).Code == "AUTH_INVALID", "the access token stops", TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_new_session_right_after_works()
    {
        var somebody = await Somebody.New();
        var client = await somebody.LogIn();
        await client.Http.PostAsJsonAsync("/api/auth/logout/", new { refresh_token = client.RefreshToken });

        await (await somebody.LogIn()).Do("get_current_user");
    }

    [Fact]
    public async Task With_neither_nobody_can_be_logged_out() =>
        Assert.Equal("AUTH_REQUIRED", (await Somebody.Post("/api/auth/logout/", new { })).Code);

    [Fact]
    public async Task Twice_is_as_good_as_once()
    {
        var client = await (await Somebody.New()).LogIn();

        for (var i = 0; i < 2; i++)
            Assert.Equal(HttpStatusCode.OK, (await Somebody.Post("/api/auth/logout/", new { refresh_token = client.RefreshToken })).Status);
    }
}
