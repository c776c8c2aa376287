using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using MedCor.Gateway.Limits;
using MedCor.ServiceDefaults.Authentication;

namespace MedCor.Tests.EndToEnd.Limits;

/// <summary>
/// Runs two gateways that allow ten calls a minute and three logins. They share their counts with every gateway, so the tests call from an address of their
/// own and each as a user of its own.
/// </summary>
public sealed class TwoStrictGateways : IAsyncLifetime
{
    public ServiceProcess One { get; private set; } = null!;
    public ServiceProcess Other { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var gateways = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => ServiceProcess.Start(("MCP_RATE_LIMIT", "10"), ("MCP_LOGIN_RATE_LIMIT", "3"))));
        (One, Other) = (gateways[0], gateways[1]);
        var address = new IPAddress([127, .. RandomNumberGenerator.GetBytes(2), 77]);
        foreach (var gateway in gateways) gateway.CallFrom(address);
    }

    public async Task DisposeAsync()
    {
        await One.DisposeAsync();
        await Other.DisposeAsync();
    }
}

public sealed partial class RateLimitPolicyTests(TwoStrictGateways gateways) : IClassFixture<TwoStrictGateways>
{
    private static readonly object ListHospitals = new { tool = "list_hospitals" };

    [Fact]
    public async Task The_eleventh_call_of_a_minute_is_refused_whichever_gateway_gets_it()
    {
        var nurse = await (await TestUser.Create("NURSE")).LogIn();
        for (var i = 0; i < 10; i++)
        {
            using var answer = await (i % 2 == 0 ? gateways.One : gateways.Other).Post(nurse, "/api/mcp/tools/invoke",
                i < 5 ? ListHospitals : new { tool = "no_such_tool" });
            Assert.Equal(i < 5 ? HttpStatusCode.OK : HttpStatusCode.BadRequest, answer.StatusCode);
            Assert.Equal(("\"calls\";q=10;w=60", 9 - i), Fields(answer) is var (policy, left, _) ? (policy, left) : default);
        }

        using var refused = await gateways.Other.Post(nurse, "/api/mcp/tools/invoke", ListHospitals);

        var error = await refused.ReadError();
        var retryAfter = error.RetryAfter!.Value;
        Assert.Equal((HttpStatusCode.TooManyRequests, "RATE_LIMIT"), (refused.StatusCode, error.Code));
        Assert.InRange(retryAfter, 1, 60);
        Assert.Equal(retryAfter.ToString(CultureInfo.InvariantCulture), Assert.Single(refused.Headers.GetValues("Retry-After")));
        Assert.Equal(("\"calls\";q=10;w=60", 0, retryAfter), Fields(refused));
        Assert.NotNull(error.Details["request_id"]);

        // Every endpoint is counted, and no caller is limited by another's calls.
        using var list = new HttpRequestMessage(HttpMethod.Get, "/api/mcp/tools") { Headers = { Authorization = new("Bearer", nurse.AccessToken) } };
        Assert.Equal(HttpStatusCode.TooManyRequests, (await gateways.One.Http.SendAsync(list)).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await gateways.One.Post(nurse, "/api/mcp/sse/ticket", new { })).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await gateways.One.Post(nurse, "/api/mcp/batch", new { requests = new[] { ListHospitals } })).StatusCode);
        var other = await (await TestUser.Create()).LogIn();
        Assert.Equal(HttpStatusCode.OK, (await gateways.One.Post(other, "/api/mcp/tools/invoke", ListHospitals)).StatusCode);
    }

    [Fact]
    public async Task A_batch_counts_each_of_its_calls()
    {
        var nurse = await (await TestUser.Create("NURSE")).LogIn();
        object Batch(int calls) => new { requests = Enumerable.Repeat(ListHospitals, calls) };

        using var eight = await gateways.One.Post(nurse, "/api/mcp/batch", Batch(8));
        Assert.Equal((HttpStatusCode.OK, 2), (eight.StatusCode, Fields(eight).Left));

        using var three = await gateways.Other.Post(nurse, "/api/mcp/batch", Batch(3));
        Assert.Equal(HttpStatusCode.TooManyRequests, three.StatusCode);

        using var eleven = await gateways.Other.Post(nurse, "/api/mcp/batch", Batch(11));
        Assert.Equal(HttpStatusCode.BadRequest, eleven.StatusCode);
    }

    [Fact]
    public async Task Without_a_token_it_is_the_address_that_is_counted()
    {
        for (var i = 0; i < 10; i++)
            Assert.Equal(HttpStatusCode.Unauthorized, (await gateways.One.Post(null, "/api/mcp/tools/invoke", ListHospitals)).StatusCode);

        using var refused = await gateways.Other.Post(null, "/api/mcp/tools/invoke", ListHospitals, ("Authorization", "Bearer nonsense"));

        Assert.Equal((HttpStatusCode.TooManyRequests, 0), (refused.StatusCode, Fields(refused).Left));
    }

    [Fact]
    public async Task Logging_in_has_a_stricter_bound_of_its_own_by_the_address_of_the_connection()
    {
        for (var i = 0; i < 3; i++)
        {
            using var wrong = await LogIn(i % 2 == 0 ? gateways.One : gateways.Other, $"203.0.113.{i}");
            Assert.Equal((HttpStatusCode.Unauthorized, "\"logins\";q=3;w=60", 2 - i), (wrong.StatusCode, Fields(wrong).Policy, Fields(wrong).Left));
        }

        using var refused = await LogIn(gateways.Other, "203.0.113.77");

        Assert.Equal((HttpStatusCode.TooManyRequests, "RATE_LIMIT"), (refused.StatusCode, (await refused.ReadError()).Code));
        Assert.NotNull(refused.Headers.RetryAfter);
    }

    [Fact]
    public async Task Logins_that_succeed_do_not_use_up_the_bound_of_those_that_fail()
    {
        await using var gateway = await ServiceProcess.Start(("MCP_LOGIN_RATE_LIMIT", "1"), ("MCP_TRUSTED_PROXIES", "127.0.0.1"));
        var address = $"2001:db8:{Random.Shared.Next(1, 0xffff):x}::1";
        var body = new { email = "nurse@general.example", password = "Demo-Medcor-2026" };

        for (var i = 0; i < 3; i++)
        {
            using var right = await gateway.Post(null, "/api/auth/login", body, ("X-Forwarded-For", address));
            Assert.Equal((HttpStatusCode.OK, 1), (right.StatusCode, Fields(right).Left));
        }
        Assert.Equal(HttpStatusCode.Unauthorized, (await LogIn(gateway, address)).StatusCode);
        using var refused = await gateway.Post(null, "/api/auth/login", body, ("X-Forwarded-For", address));
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
    }

    [Fact]
    public async Task Behind_a_trusted_proxy_it_is_the_address_that_the_proxy_tells()
    {
        await using var behind = await ServiceProcess.Start(("MCP_LOGIN_RATE_LIMIT", "1"), ("MCP_TRUSTED_PROXIES", "10.244.7.0/24, 127.0.0.1"));

        Assert.Equal(HttpStatusCode.Unauthorized, (await LogIn(behind, "203.0.113.1")).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await LogIn(behind, "203.0.113.1")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await LogIn(behind, "203.0.113.2")).StatusCode);
        // Entries before the one that the proxy added are claims of the client.
        Assert.Equal(HttpStatusCode.TooManyRequests, (await LogIn(behind, "198.51.100.9, 203.0.113.2")).StatusCode);
        // The same holds for an entry within the trusted addresses, because a call passes a single proxy.
        Assert.Equal(HttpStatusCode.Unauthorized, (await LogIn(behind, "203.0.113.3, 10.244.7.5")).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await LogIn(behind, "203.0.113.4, 10.244.7.5")).StatusCode);
    }

    [Fact]
    public async Task An_IPv6_64_network_counts_as_one_address_and_a_48_network_as_ten()
    {
        await using var behind = await ServiceProcess.Start(("MCP_LOGIN_RATE_LIMIT", "1"), ("MCP_TRUSTED_PROXIES", "127.0.0.1"));
        var (site, other) = ($"2001:db8:{Random.Shared.Next(1, 0xffff):x}", $"2001:db9:{Random.Shared.Next(1, 0xffff):x}");

        Assert.Equal(HttpStatusCode.Unauthorized, (await LogIn(behind, $"{site}:1::1")).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await LogIn(behind, $"{site}:1::2")).StatusCode);
        for (var household = 2; household <= NetworkKey.SiteMultiplier; household++)
            Assert.Equal(HttpStatusCode.Unauthorized, (await LogIn(behind, $"{site}:{household:x}::1")).StatusCode);

        Assert.Equal(HttpStatusCode.TooManyRequests, (await LogIn(behind, $"{site}:ffff::1")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await LogIn(behind, $"{other}:1::1")).StatusCode);
    }

    [Fact]
    public async Task A_WebSocket_is_counted_apart_from_calls_unless_its_handshake_presents_a_credential()
    {
        await using var behind = await ServiceProcess.Start(("MCP_RATE_LIMIT", "2"), ("MCP_TRUSTED_PROXIES", "127.0.0.1"));
        var address = $"2001:dba:{Random.Shared.Next(1, 0xffff):x}::1";

        Assert.Equal((HttpStatusCode.BadRequest, (string?)null, 0), await Open(isHandshake: false, "Bearer no.token.atall"));
        Assert.Equal((HttpStatusCode.SwitchingProtocols, "\"sockets\";q=2;w=60", 1), await Open(isHandshake: true, null));
        Assert.Equal((HttpStatusCode.SwitchingProtocols, "\"sockets\";q=2;w=60", 0), await Open(isHandshake: true, null));
        Assert.Equal((HttpStatusCode.TooManyRequests, "\"sockets\";q=2;w=60", 0), await Open(isHandshake: true, null));
        Assert.Equal((HttpStatusCode.Unauthorized, "\"calls\";q=2;w=60", 1), await Open(isHandshake: true, "Bearer no.token.atall"));
        Assert.Equal((HttpStatusCode.Unauthorized, "\"calls\";q=2;w=60", 0), await Open(isHandshake: true, ""));
        Assert.Equal((HttpStatusCode.TooManyRequests, "\"calls\";q=2;w=60", 0), await Open(isHandshake: true, "Bearer no.token.atall"));

        async Task<(HttpStatusCode, string?, int)> Open(bool isHandshake, string? authorization)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/mcp/ws") { Headers = { { "X-Forwarded-For", address } } };
            if (authorization is not null) request.Headers.TryAddWithoutValidation("Authorization", authorization);
            if (isHandshake)
            {
                request.Headers.Connection.Add("Upgrade");
                request.Headers.Upgrade.Add(new("websocket"));
                request.Headers.Add("Sec-WebSocket-Version", "13");
                request.Headers.Add("Sec-WebSocket-Key", Convert.ToBase64String(new byte[16]));
            }
            using var answer = await behind.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            return answer.Headers.Contains("RateLimit") && Fields(answer) is var (policy, left, _)
                ? (answer.StatusCode, policy, left)
                : (answer.StatusCode, null, 0);
        }
    }

    [Fact]
    public async Task Tokens_registrations_and_pages_of_an_address_are_counted_apart_and_tokens_only_when_they_fail()
    {
        await using var behind = await ServiceProcess.Start(("MCP_RATE_LIMIT", "2"), ("MCP_TRUSTED_PROXIES", "127.0.0.1"));
        var (program, address) = (await ServiceAccountClient.Create(), $"2001:dbb:{Random.Shared.Next(1, 0xffff):x}::1");

        foreach (var _ in Enumerable.Range(0, 4)) Assert.Equal(HttpStatusCode.OK, await GetToken(program.Key.ApiKey));
        foreach (var _ in Enumerable.Range(0, 2)) Assert.Equal(HttpStatusCode.Unauthorized, await GetToken(program.Key.ApiKey[..^1]));
        Assert.Equal(HttpStatusCode.TooManyRequests, await GetToken(program.Key.ApiKey));
        foreach (var _ in Enumerable.Range(0, 2)) Assert.Equal(HttpStatusCode.OK, await Open("/oauth/login"));
        Assert.Equal(HttpStatusCode.TooManyRequests, await Open("/oauth/login"));
        Assert.Equal(HttpStatusCode.BadRequest, await Register());
        Assert.Equal(HttpStatusCode.TooManyRequests, await Register());
        foreach (var file in new[] { "/oauth/style.css", "/oauth/passkeys.js", "/oauth/style.css", "/oauth/passkeys.js" })
            Assert.Equal(HttpStatusCode.OK, await Open(file));

        Task<HttpStatusCode> GetToken(string key) => Send(new(HttpMethod.Post, "/oauth/token")
        {
            Content = new FormUrlEncodedContent(new Dictionary<string, string>
            {
                ["grant_type"] = "client_credentials", ["client_id"] = program.Account.Id.ToString(), ["client_secret"] = key,
            }),
        });

        Task<HttpStatusCode> Open(string path) => Send(new(HttpMethod.Get, path));

        Task<HttpStatusCode> Register() => Send(new(HttpMethod.Post, "/oauth/register") { Content = JsonContent.Create(new { }) });

        async Task<HttpStatusCode> Send(HttpRequestMessage request)
        {
            using (request)
            {
                request.Headers.Add("X-Forwarded-For", address);
                using var answer = await behind.Http.SendAsync(request);
                return answer.StatusCode;
            }
        }
    }

    private static Task<HttpResponseMessage> LogIn(ServiceProcess gateway, string forwardedFor) =>
        gateway.Post(null, "/api/auth/login/", new { email = $"{Guid.NewGuid():N}@nobody.example", password = "wrong" }, ("X-Forwarded-For", forwardedFor));

    private static (string Policy, int Left, int Seconds) Fields(HttpResponseMessage answer)
    {
        var left = Left().Match(Assert.Single(answer.Headers.GetValues("RateLimit")));
        Assert.True(left.Success);
        return (Assert.Single(answer.Headers.GetValues("RateLimit-Policy")), Number(left.Groups[1]), Number(left.Groups[2]));
    }

    private static int Number(Group digits) => int.Parse(digits.ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex("^\"[a-z]+\";r=(\\d+);t=(\\d+)$")]
    private static partial Regex Left();
}
