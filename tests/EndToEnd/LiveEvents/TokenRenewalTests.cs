using System.Net.Http.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace MedCor.Tests.EndToEnd.LiveEvents;

public sealed class TokenRenewalTests
{
    [Fact]
    public async Task A_program_that_belongs_to_another_hospital_by_now_has_to_connect_anew()
    {
        var program = await ServiceAccountClient.Create();
        var user = await TestUser.Create();
        var elsewhere = await ApiClient.LogInShared(TestUser.OtherHospitalAdminEmail);
        // A second Identity on the same database, whose tokens live for seconds.
        await using var brief = await ServiceProcess.StartService("identity", ("MCP_JWT_EXPIRY", "20"));
        var exchanges = 0;
        using var real = new HttpClient { BaseAddress = (await MedCorFixture.Get()).GetAddress("identity") };
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var identity = builder.Build();
        identity.Run(async http =>
        {
            http.Response.ContentType = "application/json";
            if (http.Request.Path == "/api-keys/token")
            {
                var token = Interlocked.Increment(ref exchanges) == 1 ? await LogInBriefly() : elsewhere.AccessToken;
                await http.Response.WriteAsJsonAsync(new AccessToken(token), Json.Options);
            }
            else if (HttpMethods.IsGet(http.Request.Method))
                await http.Response.WriteAsync(await real.GetStringAsync(new Uri(http.Request.Path, UriKind.Relative)));
        });
        await identity.StartAsync();
        await using var gateway = await ServiceProcess.Start(("services__identity__http__0", identity.Urls.Single()), ("services__identity__http__1", null));
        var listening = new ApiClient(gateway.Http, program.Key.ApiKey, "", user.Id, user.User.HospitalId);
        await using var listener = await SseClient.Connect(listening, gateway.Http.BaseAddress!);

        // The token of the other hospital lives much longer.
        await listener.WaitUntilClosed(TimeSpan.FromSeconds(60));

        Assert.True(exchanges >= 2);

        async Task<string> LogInBriefly()
        {
            using var login = await brief.Post(null, "/api/auth/login", new { email = user.Email, password = user.Password });
            return (await login.Content.ReadFromJsonAsync<JsonNode>())!.AccessToken();
        }
    }
}
