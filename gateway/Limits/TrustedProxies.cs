using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Options;

namespace MedCor.Gateway.Limits;

/// <summary>Takes a caller's address from the proxies before the gateway, where the configuration names any, and from nobody else.</summary>
internal static class TrustedProxies
{
    public static void UseTrustedProxies(this WebApplication app)
    {
        var trusted = app.Services.GetRequiredService<IOptions<LimitOptions>>().Value.Proxies.ToArray();
        if (trusted.Length == 0) return;

        var forwarded = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor, ForwardLimit = null };
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var network in trusted) forwarded.KnownIPNetworks.Add(network);
        app.UseForwardedHeaders(forwarded);
    }
}
