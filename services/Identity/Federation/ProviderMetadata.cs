using System.Net;
using MedCor.Identity.Authorization;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace MedCor.Identity.Federation;

/// <summary>Represents what a provider says of itself, with its keys.</summary>
/// <param name="ReadAt">When it was read.</param>
internal sealed record ProviderDescription(OpenIdConnectConfiguration Configuration, DateTimeOffset ReadAt);

/// <summary>
/// Reads the discovery documents and keys of providers, and keeps them for an hour. They are read again when a token has an unknown key, because providers
/// replace their keys.
/// </summary>
internal sealed class ProviderMetadata(PublicHttp http, TimeProvider clock) : IDocumentRetriever, IDisposable
{
    /// <summary>The time for which a description is kept.</summary>
    internal static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    /// <summary>The maximum number of descriptions that are kept.</summary>
    internal const int MaxKept = 1000;

    /// <summary>The age from which a description is read again for an unknown key: tokens with invented keys do not make MedCor ask all the time.</summary>
    private static readonly TimeSpan LeastAge = TimeSpan.FromMinutes(1);

    private readonly MemoryCache _known = new(new MemoryCacheOptions { SizeLimit = MaxKept });

    /// <summary>Returns the description of a provider. Throws when it cannot be read or used.</summary>
    internal async Task<ProviderDescription> GetAsync(string issuer, CancellationToken ct) =>
        _known.Get<ProviderDescription>(issuer) is { } known && clock.GetUtcNow() - known.ReadAt < Lifetime ? known : await ReadAsync(issuer, ct);

    /// <summary>Returns a description that is newer than one that lacks a key; null when that one is too new to be read again.</summary>
    internal async Task<ProviderDescription?> RefreshAsync(string issuer, ProviderDescription former, CancellationToken ct)
    {
        var known = await GetAsync(issuer, ct);
        if (known.ReadAt > former.ReadAt) return known;
        return clock.GetUtcNow() - known.ReadAt < LeastAge ? null : await ReadAsync(issuer, ct);
    }

    /// <inheritdoc/>
    public async Task<string> GetDocumentAsync(string address, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address) { Headers = { Accept = { new("application/json") } } };
        return await http.TrySendAsync(request, cancel) is { Status: HttpStatusCode.OK } response
            ? System.Text.Encoding.UTF8.GetString(response.Body.Span)
            : throw new ProviderFailure("a document was not answered");
    }

    public void Dispose() => _known.Dispose();

    private async Task<ProviderDescription> ReadAsync(string issuer, CancellationToken ct)
    {
        var read = await OpenIdConnectConfigurationRetriever.GetAsync($"{issuer.TrimEnd('/')}/.well-known/openid-configuration", this, ct);
        // Letter by letter: whoever controls one address must not speak for another (OpenID Connect Discovery 1.0, section 4.3).
        if (read.Issuer != issuer) throw new ProviderFailure("the discovery document is of another issuer");
        foreach (var address in (string[])[read.AuthorizationEndpoint, read.TokenEndpoint, read.JwksUri])
            if (!Uri.TryCreate(address, UriKind.Absolute, out var endpoint) || !http.Accepts(endpoint))
                throw new ProviderFailure("the discovery document has an endpoint without https");
        return _known.Set(issuer, new ProviderDescription(read, clock.GetUtcNow()), new MemoryCacheEntryOptions { Size = 1, SlidingExpiration = Lifetime });
    }
}

/// <summary>Represents an answer of a provider that cannot be used. The message is for the log of the operator, and has nothing of the answer.</summary>
internal sealed class ProviderFailure(string message) : Exception(message);
