using Microsoft.AspNetCore.Localization;

namespace MedCor.Identity.Pages;

/// <summary>Registers and maps the pages, in the language of the browser.</summary>
internal static class PageEndpoints
{
    private const string StylePath = "/oauth/style.css";
    private const string ScriptPath = "/oauth/passkeys.js";
    private static readonly string[] Languages = ["en", "de"];

    internal static void AddPages(this WebApplicationBuilder builder)
    {
        builder.Services.AddLocalization();
        builder.Services.AddRazorPages();
    }

    internal static void MapPages(this WebApplication app)
    {
        app.MapRazorPages();
        MapFile(app, StylePath, "style.css", "text/css");
        MapFile(app, ScriptPath, "passkeys.js", "text/javascript");
    }

    private static void MapFile(WebApplication app, string path, string name, string type) =>
        app.MapMethods(path, [HttpMethods.Get, HttpMethods.Head], (HttpContext http) =>
        {
            http.Response.Headers.CacheControl = "public, max-age=3600";
            return Results.File(typeof(PageEndpoints).Assembly.GetManifestResourceStream(name)!, type);
        });

    /// <summary>Selects the language of a page: the first of the browser's that MedCor has, otherwise English.</summary>
    internal static IApplicationBuilder UsePageLanguages(this IApplicationBuilder app) =>
        app.UseWhen(http => http.Request.Path.StartsWithSegments("/oauth"), pages => pages.UseRequestLocalization(localization =>
        {
            localization.SetDefaultCulture(Languages[0]).AddSupportedUICultures(Languages);
            // By language alone: de-AT is German, of which only a full installation of cultures would know.
            localization.RequestCultureProviders =
            [
                new CustomRequestCultureProvider(http => Task.FromResult<ProviderCultureResult?>(
                    http.Request.GetTypedHeaders().AcceptLanguage.OrderByDescending(language => language.Quality ?? 1)
                        .Select(language => language.Value.ToString().Split('-')[0].ToLowerInvariant()).FirstOrDefault(Languages.Contains) is { } language
                            ? new(Languages[0], language)
                            : null)),
            ];
        }));
}
