using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;

namespace MedCor.Identity.Authorization;

/// <summary>Represents what a client says of itself at the address that is its ID, and until when that is current.</summary>
internal sealed record ClientDocument(ClientMetadata Metadata, DateTimeOffset ExpiresAt);

/// <summary>
/// Fetches Client ID Metadata Documents (draft-ietf-oauth-client-id-metadata-document): a client ID can be an https address at which the client describes
/// itself.
/// </summary>
internal sealed class ClientDocuments(IOptions<ClientDocumentOptions> options, TimeProvider clock) : IDisposable
{
    /// <summary>The longest client ID, in characters.</summary>
    internal const int MaxIdLength = 500;

    internal static readonly TimeSpan ShortestLife = TimeSpan.FromMinutes(5);
    internal static readonly TimeSpan LongestLife = TimeSpan.FromHours(24);

    /// <summary>The time for which a document that could not be read is not asked for again, and the number of those that are remembered.</summary>
    private static readonly TimeSpan FailureTime = TimeSpan.FromMinutes(1);
    private const int MaxFailures = 1000;

    private readonly MemoryCache _failures = new(new MemoryCacheOptions { SizeLimit = MaxFailures });
    private readonly ConcurrentDictionary<string, Lazy<Task<ClientDocument?>>> _fetches = new();
    private readonly PublicHttp _http = new(options.Value.AllowLoopbackClients, clock);

    /// <summary>Returns the address that a client ID is; null when the client ID is no address of a document.</summary>
    internal Uri? FindAddress(string clientId)
    {
        if (clientId.Length > MaxIdLength || !Uri.TryCreate(clientId, UriKind.Absolute, out var address)) return null;
        if (!_http.Accepts(address) || address.UserInfo.Length > 0) return null;
        if (clientId.Contains('#', StringComparison.Ordinal) || address.AbsolutePath.Length < 2) return null;
        // Uri removes dot segments, so an address that has any, or is written in another unusual way, is not what was sent.
        return address.AbsoluteUri == clientId ? address : null;
    }

    /// <summary>Returns the document at an address; null when there is none that can be used. Requests for the same address at once share one fetch.</summary>
    internal async Task<ClientDocument?> FetchAsync(Uri address, CancellationToken ct)
    {
        var id = address.AbsoluteUri;
        if (_failures.TryGetValue(id, out _)) return null;
        return await _fetches.GetOrAdd(id, _ => new(() => FetchAndForgetAsync(address))).Value.WaitAsync(ct);
    }

    public void Dispose()
    {
        _http.Dispose();
        _failures.Dispose();
    }

    private async Task<ClientDocument?> FetchAndForgetAsync(Uri address)
    {
        // The fetch is registered before it can end.
        await Task.Yield();
        var id = address.AbsoluteUri;
        try
        {
            if (await ReadAsync(address) is { } document) return document;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Whoever asked learns only that the document cannot be used.
        }
        finally
        {
            _fetches.TryRemove(id, out _);
        }
        return _failures.Set<ClientDocument?>(id, null, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = FailureTime });
    }

    private async Task<ClientDocument?> ReadAsync(Uri address)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address) { Headers = { Accept = { new("application/json") } } };
        // The fetch is shared, so nobody's end cancels it.
        if (await _http.TrySendAsync(request, CancellationToken.None) is not { Status: HttpStatusCode.OK } response || !IsJson(response.MediaType)) return null;

        using var json = JsonDocument.Parse(response.Body);
        // Byte for byte: whoever controls one address must not speak for another.
        if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("client_id", out var id)
            || id.ValueKind != JsonValueKind.String || id.GetString() != address.AbsoluteUri)
            return null;
        var metadata = json.Deserialize(ClientMetadataJson.Default.ClientMetadata)!;
        // A published document keeps no secret.
        if (metadata.TokenEndpointAuthMethod is not (null or "none")) return null;
        metadata = metadata with { TokenEndpointAuthMethod = "none" };
        return string.IsNullOrWhiteSpace(metadata.ClientName) || metadata.FindError() is not null
            ? null
            : new(metadata, clock.GetUtcNow() + GetLife(response.CacheControl));
    }

    private static bool IsJson(string? media) => media is not null
        && (media.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || (media.StartsWith("application/", StringComparison.OrdinalIgnoreCase) && media.EndsWith("+json", StringComparison.OrdinalIgnoreCase)));

    private static TimeSpan GetLife(CacheControlHeaderValue? cache)
    {
        var asked = cache is null or { NoStore: true } or { NoCache: true } ? TimeSpan.Zero : cache.MaxAge ?? TimeSpan.Zero;
        return asked < ShortestLife ? ShortestLife : asked > LongestLife ? LongestLife : asked;
    }
}

/// <summary>Configures the documents in which clients describe themselves. Section <c>Identity</c>.</summary>
internal sealed class ClientDocumentOptions
{
    /// <summary>Gets or sets whether documents on this machine are read over http, so that clients can be developed.</summary>
    public bool AllowLoopbackClients { get; set; }
}

/// <summary>Rejects documents on this machine outside Development: there, anyone could have the server call itself.</summary>
internal sealed class ClientDocumentOptionsValidator(IHostEnvironment environment) : IValidateOptions<ClientDocumentOptions>
{
    public ValidateOptionsResult Validate(string? name, ClientDocumentOptions options) =>
        options.AllowLoopbackClients && !environment.IsDevelopment()
            ? ValidateOptionsResult.Fail("Identity__AllowLoopbackClients is for Development alone. Remove it.")
            : ValidateOptionsResult.Success;
}
