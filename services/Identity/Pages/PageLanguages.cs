using Microsoft.AspNetCore.Localization;

namespace MedCor.Identity.Pages;

/// <summary>Selects the language of a page: the first of the browser's that MedCor has, otherwise English.</summary>
internal static class PageLanguages
{
    private static readonly string[] Languages = ["en", "de"];

    internal static void Configure(RequestLocalizationOptions localization)
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
    }
}
