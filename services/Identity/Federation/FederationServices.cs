using MedCor.Identity.Authorization;
using MedCor.Identity.IdentityProviders;

namespace MedCor.Identity.Federation;

/// <summary>Registers what lets the staff of hospitals log in through their own OpenID Connect providers.</summary>
internal static class FederationServices
{
    internal static void AddFederation(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        ProviderAttempt.AddCookie(services.AddAuthentication(), builder.Environment);
        // Only Development has providers on the same machine.
        services.AddSingleton(provider => new PublicHttp(builder.Environment.IsDevelopment(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ProviderMetadata>().AddSingleton<ProviderClient>();
        services.AddScoped<ProviderSettings>().AddScoped<ProviderLogIn>();
    }
}
