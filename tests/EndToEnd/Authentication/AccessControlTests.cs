using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;

namespace MedCor.Tests.EndToEnd.Authentication;

/// <summary>Whatever is mapped asks who calls, unless it is listed here.</summary>
public sealed class AccessControlTests
{
    private static readonly string[] PublicRoutes =
    [
        "GET /", "GET /favicon.ico", "GET /favicon.svg", "GET /robots.txt",
        "GET /alive", "GET /health", "GET /healthz", "GET /readyz",
        "GET /.well-known/jwks.json", "GET /.well-known/oauth-authorization-server", "GET /.well-known/openid-configuration", "GET /.well-known/{**rest}",
        "GET /.well-known/oauth-protected-resource", "GET /.well-known/oauth-protected-resource/mcp",
        // Pages, and endpoints at which clients authenticate themselves.
        "GET /oauth/{**rest}", "GET /oauth/style.css", "GET /oauth/passkeys.js", "POST /oauth/login/{**rest}", "POST /oauth/forgot", "POST /oauth/set-password",
        "POST /oauth/token", "POST /oauth/revoke", "POST /oauth/introspect", "POST /oauth/register",
        "GET /api/openapi.json",
        "POST /api/auth/login", "POST /api/auth/logout", "POST /api/auth/switch", "POST /api/auth/refresh", "POST /api/auth/reset", "POST /api/auth/password",
        "POST /api/auth/{**rest}",
        // Who they are is told by the first message.
        "GET /api/mcp/ws",
    ];

    /// <summary>The routes that the gateway lets through and Identity refuses, since it needs the token in question.</summary>
    private static readonly string[] RefusedByIdentity = ["POST /api/auth/logout", "POST /api/auth/switch"];

    [Fact]
    public void Only_the_listed_routes_allow_strangers() =>
        Assert.Equal(PublicRoutes.Order(StringComparer.Ordinal),
            MappedRoutes.AllRoutes.Where(r => r.Metadata.GetMetadata<IAllowAnonymous>() is not null).Select(Name).Order(StringComparer.Ordinal));

    [Fact]
    public async Task Every_other_route_refuses_strangers()
    {
        using var http = await Anybody();
        var (refused, answered) = (0, 0);
        foreach (var route in MappedRoutes.AllRoutes)
            foreach (var method in MappedRoutes.MethodsOf(route))
            {
                using var answer = await Send(http, method, MappedRoutes.SampleAddressOf(route));

                var isPublic = PublicRoutes.Contains(Name(route)) && !RefusedByIdentity.Contains(Name(route));
                Assert.Equal($"{method} {route.RoutePattern.RawText} refuses: {!isPublic}",
                    $"{method} {route.RoutePattern.RawText} refuses: {answer.StatusCode == HttpStatusCode.Unauthorized}");
                if (isPublic) answered++;
                else refused++;
            }
        Assert.True(refused > 50 && answered > 20, $"{refused} and {answered}");
    }

    /// <summary>A client that sends its token with everything is not kept from renewing it.</summary>
    [Fact]
    public async Task A_token_that_is_not_valid_keeps_nobody_from_a_public_route()
    {
        using var http = await Anybody();
        foreach (var route in MappedRoutes.AllRoutes.Where(r => PublicRoutes.Contains(Name(r))))
        {
            using var without = await Send(http, MappedRoutes.MethodsOf(route)[0], MappedRoutes.SampleAddressOf(route));
            using var with = await Send(http, MappedRoutes.MethodsOf(route)[0], MappedRoutes.SampleAddressOf(route), "no.token.atall");

            Assert.Equal((route.RoutePattern.RawText, without.StatusCode), (route.RoutePattern.RawText, with.StatusCode));
        }
    }

    private static string Name(RouteEndpoint route) => $"{MappedRoutes.MethodsOf(route)[0]} {route.RoutePattern.RawText}";

    private static async Task<HttpResponseMessage> Send(HttpClient http, string method, string path, string? token = null)
    {
        using var request = new HttpRequestMessage(new(method), path) { Content = method == "POST" ? JsonContent.Create(new { }) : null };
        if (token is not null) request.Headers.Authorization = new("Bearer", token);
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private static async Task<HttpClient> Anybody() => new() { BaseAddress = (await MedCorFixture.Get()).Gateways[0] };
}
