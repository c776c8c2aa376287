using System.Buffers;
using System.ComponentModel.DataAnnotations;
using System.Net;
using MedCor.Contracts;
using MedCor.Gateway.Limits;
using MedCor.ServiceDefaults.Telemetry;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace MedCor.Gateway.HttpPipeline;

/// <summary>
/// Determines which origins may call the gateway from a browser: those of <c>MCP_ALLOWED_ORIGINS</c> and, in Development, every origin on this machine. The
/// policy never allows credentials: no cookie opens anything here, so a page has only the rights of the token that a user gave it.
/// </summary>
internal sealed class AllowedOrigins(IOptions<AllowedOriginsOptions> options, IHostEnvironment environment)
{
    private readonly HashSet<string> _allowed = new(options.Value.Origins, StringComparer.OrdinalIgnoreCase);
    private readonly bool _isDevelopment = environment.IsDevelopment();

    /// <summary>Returns whether pages of an origin may call the gateway.</summary>
    /// <param name="origin">The origin as a browser sends it: <c>https://app.example</c>.</param>
    public bool IsAllowed(string origin) =>
        _allowed.Contains(origin)
        || _isDevelopment && Uri.TryCreate(origin, UriKind.Absolute, out var uri) && AllowedOriginsOptions.IsHttp(uri)
            && (uri.Host == "localhost" || IPAddress.TryParse(uri.Host, out var address) && IPAddress.IsLoopback(address));

    /// <summary>Returns whether pages of an origin may open a WebSocket at a request's address. Browsers leave this decision to the server.</summary>
    public bool IsAllowedForSocket(string origin, HttpRequest request) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Host.Equals(request.Host.Host, StringComparison.OrdinalIgnoreCase)
            && uri.Port == (request.Host.Port ?? (uri.Scheme == Uri.UriSchemeHttps ? 443 : 80))
        || IsAllowed(origin);
}

/// <summary>Configures the allowed origins.</summary>
internal sealed class AllowedOriginsOptions : IValidatableObject
{
    /// <summary>Gets or sets exact origins, comma-separated (<c>https://app.example,https://admin.example:8443</c>); none by default.</summary>
    [ConfigurationKeyName("MCP_ALLOWED_ORIGINS")]
    public string? Allowed { get; set; }

    /// <summary>Gets the origins as browsers write them.</summary>
    public IEnumerable<string> Origins => Entries.Select(Normalize).OfType<string>();

    private IEnumerable<string> Entries => (Allowed ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Entries.Any(part => Normalize(part) is null))
            yield return new(
                "MCP_ALLOWED_ORIGINS must be exact origins such as https://app.example or http://localhost:3000, comma-separated: without a path, without a "
                + "wildcard.");
    }

    internal static bool IsHttp(Uri uri) => uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps;

    /// <summary>Returns an origin as browsers write it: the host in ASCII, without the default port. Returns null when the text is no origin.</summary>
    private static string? Normalize(string text)
    {
        if (text.Contains('*', StringComparison.Ordinal) || !Uri.TryCreate(text, UriKind.Absolute, out var uri) || !IsHttp(uri)) return null;
        if (uri is not { PathAndQuery: "/", Fragment: "", UserInfo: "" } || text.EndsWith('/')) return null;
        var host = uri.HostNameType == UriHostNameType.IPv6 ? uri.Host : uri.IdnHost;
        return uri.IsDefaultPort ? $"{uri.Scheme}://{host}" : $"{uri.Scheme}://{host}:{uri.Port}";
    }
}

internal static class CorsExtensions
{
    /// <summary>Specifies the time for which browsers cache the result of a preflight request.</summary>
    private static readonly TimeSpan PreflightMaxAge = TimeSpan.FromHours(1);

    /// <summary>The methods that endpoints accept.</summary>
    private static readonly string[] AllowedMethods = [HttpMethods.Get, HttpMethods.Head, HttpMethods.Post, HttpMethods.Delete];

    /// <summary>The response headers that scripts of other origins may read, beside the CORS-safelisted ones.</summary>
    internal static readonly string[] ExposedHeaders =
    [
        RequestIds.Header, HeaderNames.TraceParent, HeaderNames.RetryAfter, Quota.Header, Quota.PolicyHeader, IdempotencyHeaders.Replayed, HeaderNames.ETag,
        HeaderNames.WWWAuthenticate, HeaderNames.Allow, HeaderNames.AcceptEncoding, HeaderNames.ContentEncoding, "MCP-Protocol-Version", "Mcp-Session-Id",
    ];

    /// <summary>The policy of what is public or needs a secret of its own, by which clients in browsers find and use the authorization server.</summary>
    private const string PublicPolicy = "public";

    private static readonly PathString AuthorizationServer = "/oauth";

    /// <summary>The paths of the authorization server that programs call. Browsers visit the others, and scripts of other pages do not read those.</summary>
    private static readonly PathString[] PublicPaths = ["/.well-known", "/oauth/token", "/oauth/register", "/oauth/revoke"];

    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    public static void AddAllowedOrigins(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<AllowedOriginsOptions>().Bind(builder.Configuration).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<AllowedOrigins>().AddCors();
        // Any header is allowed: without cookies there is none that a page could abuse, and tracing libraries add their own.
        services.AddOptions<CorsOptions>().Configure<AllowedOrigins>((cors, origins) =>
        {
            cors.AddDefaultPolicy(policy => Describe(policy.SetIsOriginAllowed(origins.IsAllowed)));
            cors.AddPolicy(PublicPolicy, policy => Describe(policy.AllowAnyOrigin()));
        });

        static void Describe(CorsPolicyBuilder policy) =>
            policy.WithMethods(AllowedMethods).AllowAnyHeader().WithExposedHeaders(ExposedHeaders).SetPreflightMaxAge(PreflightMaxAge);
    }

    /// <summary>
    /// Applies the CORS policies. The response repeats the header names of a preflight request, so invalid names, which cannot be written, are removed first.
    /// </summary>
    public static void UseAllowedOrigins(this WebApplication app)
    {
        app.Use((http, next) =>
        {
            var headers = http.Request.Headers;
            if (headers.AccessControlRequestHeaders.Count > 0)
                headers.AccessControlRequestHeaders = new([.. headers.GetCommaSeparatedValues(HeaderNames.AccessControlRequestHeaders).Where(IsHeaderName)]);
            return next(http);
        });
        app.UseWhen(http => IsPublic(http.Request.Path), known => known.UseCors(PublicPolicy));
        app.UseWhen(http => !http.Request.Path.StartsWithSegments(AuthorizationServer) && !IsPublic(http.Request.Path), other => other.UseCors());
    }

    private static bool IsPublic(PathString path) => PublicPaths.Any(known => path.StartsWithSegments(known));

    /// <summary>Returns whether a text is a valid header name: a token of RFC 9110.</summary>
    private static bool IsHeaderName(string text) => text.Length > 0 && !text.AsSpan().ContainsAnyExcept(TokenCharacters);

    /// <summary>Rejects WebSockets from pages of origins that are not allowed. Programs send no origin.</summary>
    public static void UseWebSocketOriginCheck(this WebApplication app)
    {
        var origins = app.Services.GetRequiredService<AllowedOrigins>();
        app.Use((http, next) => http.WebSockets.IsWebSocketRequest && http.Request.Headers.Origin.ToString() is { Length: > 0 } origin
            && !origins.IsAllowedForSocket(origin, http.Request)
            ? throw new Forbidden("Pages of this origin may not open a WebSocket here. MCP_ALLOWED_ORIGINS names those that may.")
            : next(http));
    }
}
