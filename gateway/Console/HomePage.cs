using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using MedCor.Gateway.HttpPipeline;
using MedCor.Gateway.OpenApi;
using MedCor.ServiceDefaults.Health;
using Microsoft.Net.Http.Headers;

namespace MedCor.Gateway.Console;

/// <summary>
/// Serves <c>GET /</c>: the name, version and readiness of MedCor and links to its endpoints, as a page for browsers and as JSON for other clients. In
/// Development it also lists the demo accounts and links to the dashboard. Also serves <c>/favicon.ico</c>, <c>/favicon.svg</c> and <c>/robots.txt</c>.
/// </summary>
internal sealed class HomePage : IEndpoints
{
    /// <summary>The environment variable with the URL of the host's dashboard, if the host sets it.</summary>
    private const string DashboardUrl = "MEDCOR_DASHBOARD_URL";

    private const string IconCacheControl = "public, max-age=86400";
    private static readonly MediaTypeHeaderValue Html = new("text/html"), Json = new("application/json");

    private static readonly Dictionary<string, string> Links = new()
    {
        ["openapi"] = "/api/openapi.json", ["docs"] = "/api/docs/", ["reference"] = "/api/redoc/", ["login"] = "/api/auth/login", ["tools"] = "/api/mcp/tools",
        ["prompts"] = "/api/mcp/prompts", ["events"] = "/api/mcp/sse", ["chat"] = "/mcp/manifest", ["health"] = "/healthz", ["readiness"] = "/readyz",
        ["keys"] = "/.well-known/jwks.json",
    };

    private readonly Readiness _readiness;
    private readonly string _page;
    private readonly string _policy;
    private readonly DemoLogins? _demo;
    private readonly string? _dashboard;

    public HomePage(Readiness readiness, IHostEnvironment environment, IConfiguration configuration)
    {
        _readiness = readiness;
        _demo = DemoLogins.Find(environment);
        _dashboard = environment.IsDevelopment()
            && Uri.TryCreate(configuration[DashboardUrl], UriKind.Absolute, out var address) && AllowedOriginsOptions.IsHttp(address)
            ? address.ToString()
            : null;
        _page = Encoding.UTF8.GetString(ReadResource("index.html"))
            .Replace("{{version}}", Version, StringComparison.Ordinal)
            .Replace("{{dashboard}}",
                _dashboard is null
                    ? ""
                    : RenderCard(_dashboard, "Watch it work",
                        "The dashboard: services, traces, logs and figures. The host prints its address with the token that opens it."),
                StringComparison.Ordinal)
            .Replace("{{accounts}}", _demo is null ? "" : RenderDemoAccounts(_demo), StringComparison.Ordinal);
        var style = _page[(_page.IndexOf("<style>", StringComparison.Ordinal) + "<style>".Length).._page.IndexOf("</style>", StringComparison.Ordinal)];
        var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(style)));
        _policy = $"default-src 'none'; style-src 'sha256-{hash}'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    }

    /// <summary>Gets the version of MedCor.</summary>
    public static string Version { get; } = typeof(HomePage).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion
        .Split('+')[0];

    public void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/", HandleAsync).AllowAnonymous().Describe(
            "describe_server", ApiTags.Operation, "Get server information",
            "Returns the name, version and readiness of MedCor and links to its endpoints: as JSON, or as a page for clients that prefer `text/html`.",
            _ => new()
            {
                ResponseDescription = "The server information.",
                ResponseContents = new()
                {
                    ["application/json"] = new(
                        SchemaBuilder.Object("Information about the server.",
                            ("name", SchemaBuilder.Text(50)), ("version", SchemaBuilder.Text(50)), ("description", SchemaBuilder.Text(500)),
                            ("ready", SchemaBuilder.Boolean("Whether all parts are available.")),
                            ("reasons", SchemaBuilder.ArrayOf(SchemaBuilder.Text(100), 20, "The reason for each unavailable part.")),
                            ("links", SchemaBuilder.AnyObject("The paths of the endpoints, by purpose.")),
                            ("demo?", SchemaBuilder.AnyObject("The demo accounts and their password; only in Development."))),
                        new JsonObject
                        {
                            ["name"] = "MedCor", ["version"] = "1.0.0", ["description"] = "A healthcare back end.", ["ready"] = true,
                            ["reasons"] = new JsonArray(), ["links"] = new JsonObject { ["openapi"] = "/api/openapi.json", ["docs"] = "/api/docs/" },
                        }),
                    ["text/html"] = new(SchemaBuilder.Text(100_000, "The server information as a page."), null),
                },
            });
        foreach (var (path, type, bytes) in new[]
        {
            ("/favicon.ico", "image/x-icon", ReadResource("favicon.ico")), ("/favicon.svg", "image/svg+xml", ReadResource("favicon.svg")),
            ("/robots.txt", "text/plain", "User-agent: *\nDisallow: /\n"u8.ToArray()),
        })
        {
            var file = new StaticResponse(bytes, type, IconCacheControl);
            app.MapGet(path, file.WriteToAsync).AllowAnonymous().ExcludeFromDescription();
        }
    }

    /// <summary>Returns whether the client prefers HTML to JSON. It must name <c>text/html</c>, as browsers do; <c>*/*</c> is not enough.</summary>
    internal static bool PrefersHtml(IList<MediaTypeHeaderValue> accepted) =>
        accepted.FirstOrDefault(a => a.MediaType.Equals(Html.MediaType, StringComparison.OrdinalIgnoreCase)) is { } html
        && GetQuality(html) > accepted.Where(a => Json.IsSubsetOf(a)).OrderBy(a => a.MatchesAllTypes).ThenBy(a => a.MatchesAllSubTypes)
            .Select(GetQuality).FirstOrDefault();

    private static double GetQuality(MediaTypeHeaderValue accepted) => accepted.Quality ?? 1;

    internal Task HandleAsync(HttpContext http)
    {
        var reasons = _readiness.GetReasons(requiredOnly: false);
        http.Response.Headers.Vary = HeaderNames.Accept;
        http.AllowCompression();
        if (!PrefersHtml(http.Request.GetTypedHeaders().Accept))
            return http.Response.WriteAsJsonAsync(CreateIndex(reasons), MedCor.Contracts.Json.Options, http.RequestAborted);

        http.Response.Headers.ContentSecurityPolicy = _policy;
        http.Response.ContentType = "text/html; charset=utf-8";
        return http.Response.WriteAsync(_page
            .Replace("{{state}}", RenderState(reasons), StringComparison.Ordinal)
            .Replace("{{call}}", RenderExample($"{http.Request.Scheme}://{http.Request.Host}"), StringComparison.Ordinal), http.RequestAborted);
    }

    private ServerIndex CreateIndex(IReadOnlyList<string> reasons) => new(
        "MedCor", Version, "A healthcare back end that people, programs and AI agents use through the same tools.", reasons.Count == 0, reasons, Links,
        _demo is null ? null : new { _demo.Password, Accounts = _demo.Accounts.Select(a => new { a.Email, Who = a.Description }), Dashboard = _dashboard });

    private static string RenderState(IReadOnlyList<string> reasons) => reasons.Count == 0
        ? "<p class=\"state good\">Ready: all parts run</p>"
        : $"<p class=\"state bad\">Not all parts run</p><ul class=\"reasons\">{string.Concat(reasons.Select(r => $"<li>{HtmlEncode(r)}</li>"))}</ul>";

    private string RenderExample(string address)
    {
        var (email, password) = _demo is null ? ("you@hospital.example", "…") : (_demo.Example, _demo.Password);
        return $$"""
            <pre><i># log in; the answer has an access_token</i>
            curl -s {{HtmlEncode(address)}}/api/auth/login -H 'Content-Type: application/json' \
              -d '{"email": "{{email}}", "password": "{{password}}"}'

            <i># then call a tool with it</i>
            curl -s {{HtmlEncode(address)}}/api/mcp/tools/list_doctors -H 'Content-Type: application/json' \
              -H 'Authorization: Bearer …' -d '{"limit": 3}'</pre>
            """;
    }

    private static string RenderDemoAccounts(DemoLogins demo) => $"""
        <h2>Sign in to the demo data</h2>
        <p class="note">Everybody’s password is <code>{demo.Password}</code>. These accounts are there in Development alone.</p>
        <div class="table"><table>
          <thead><tr><th>E-mail</th><th>Who</th></tr></thead>
          <tbody>{string.Concat(demo.Accounts.Select(a => $"<tr><td><code>{a.Email}</code></td><td>{HtmlEncode(a.Description)}</td></tr>"))}</tbody>
        </table></div>
        """;

    private static string RenderCard(string address, string title, string text) =>
        $"<li><a href=\"{HtmlEncode(address)}\"><b>{title}</b><span>{text}</span></a></li>";

    private static string HtmlEncode(string text) => HtmlEncoder.Default.Encode(text);

    private sealed record ServerIndex(
        string Name, string Version, string Description, bool Ready, IReadOnlyList<string> Reasons, IReadOnlyDictionary<string, string> Links,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] object? Demo);

    private static byte[] ReadResource(string name)
    {
        using var file = typeof(HomePage).Assembly.GetManifestResourceStream($"pages/{name}")!;
        using var bytes = new MemoryStream();
        file.CopyTo(bytes);
        return bytes.ToArray();
    }
}
