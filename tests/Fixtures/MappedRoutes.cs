using MedCor.Gateway;
using MedCor.Gateway.HttpPipeline;
using MedCor.Gateway.OpenApi;
using MedCor.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace MedCor.Tests.Fixtures;

/// <summary>Lists the routes that the gateway maps at startup, without starting it or connecting anything. Tests over the list cover new routes too.</summary>
internal static class MappedRoutes
{
    /// <summary>All of it, with what orchestrators ask.</summary>
    public static IReadOnlyList<RouteEndpoint> AllRoutes { get; } = MapAll();

    /// <summary>Gets the routes that clients can call.</summary>
    public static IReadOnlyList<RouteEndpoint> Routes { get; } = [.. AllRoutes.Where(r => r.RoutePattern.RawText is not ("/health" or "/alive"))];

    /// <summary>Gets a sample path of each route, with the methods that the path accepts: those of all routes that match it.</summary>
    public static IEnumerable<(string Path, string[] Methods)> SampleAddresses =>
        from path in Routes.Select(SampleAddressOf).Distinct()
        select (path, Routes.Where(r => Matches(r, path)).SelectMany(MethodsOf).Distinct().ToArray());

    /// <summary>The methods that a route takes.</summary>
    public static IReadOnlyList<string> MethodsOf(RouteEndpoint route) => route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"];

    /// <summary>An address of a route.</summary>
    public static string SampleAddressOf(RouteEndpoint route) => SampleAddressOf(route.RoutePattern);

    private static bool Matches(RouteEndpoint route, string path) =>
        new TemplateMatcher(new RouteTemplate(route.RoutePattern), []).TryMatch(path, []);

    private static string SampleAddressOf(RoutePattern pattern) =>
        "/" + string.Join('/', pattern.PathSegments.Select(segment => string.Concat(segment.Parts.Select(part => part switch
        {
            RoutePatternLiteralPart literal => literal.Content,
            RoutePatternParameterPart { Name: "tool" } => "get_current_user",
            RoutePatternParameterPart { IsCatchAll: true } => pattern.RawText!.Split('/')[1] switch
            {
                ".well-known" => "jwks.json",
                "oauth" => "login",
                _ => "refresh",
            },
            _ => "01980a3c-5d2e-7b41-9c07-3f6a1e8b2d54",
        }))));

    /// <summary>Creates the OpenAPI document of a gateway in the given environment and with the given settings.</summary>
    public static byte[] WriteOpenApiDocument(string environment = "Production", params (string Name, string Value)[] settings)
    {
        using var app = Build(environment, settings);
        return OpenApiDocumentCache.WriteAsync(app.Services.GetRequiredKeyedService<IOpenApiDocumentProvider>(OpenApiDocumentCache.DocumentName))
            .GetAwaiter().GetResult();
    }

    private static List<RouteEndpoint> MapAll()
    {
        var app = Build("Production", []);
        return [.. ((IEndpointRouteBuilder)app).DataSources.SelectMany(s => s.Endpoints).OfType<RouteEndpoint>()];
    }

    private static WebApplication Build(string environment, (string Name, string Value)[] settings)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = environment });
        builder.Configuration.AddInMemoryCollection(
        [
            new("ConnectionStrings:cache", "localhost:1"), new("ConnectionStrings:control", "localhost:1"),
            new("ConnectionStrings:messaging", "amqp://localhost:1"),
            new("MCP_STATE_SECRET", "9f8b1c7de02a4455a1d0c3b2e4f6a798"),
            .. settings.Select(s => KeyValuePair.Create(s.Name, (string?)s.Value)),
        ]);
        builder.AddMedCorDefaults();
        builder.AddGateway();
        builder.AddAllowedOrigins();
        var app = builder.Build();
        app.MapDefaultEndpoints();
        app.MapGroup("").WithHeadMethod().WithApiDescription().MapGatewayEndpoints();
        // As when the gateway starts: the API explorer sees no endpoints before.
        app.UseRouting();
        app.UseEndpoints(_ => { });
        return app;
    }
}
