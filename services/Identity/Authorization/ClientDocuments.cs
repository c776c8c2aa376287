using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
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
/// <remarks>
/// Anyone can name any address, so a fetch must not reach what only this network can. The name is resolved once, all of its addresses must be public, and the
/// connection goes to one of them. There are no redirects, no proxy and no cookies; time, size, and the number of fetches at once are limited.
/// </remarks>
internal sealed class ClientDocuments(IOptions<ClientDocumentOptions> options, TimeProvider clock) : IDisposable
{
    /// <summary>The longest client ID, in characters.</summary>
    internal const int MaxIdLength = 500;

    internal static readonly TimeSpan ShortestLife = TimeSpan.FromMinutes(5);
    internal static readonly TimeSpan LongestLife = TimeSpan.FromHours(24);

    /// <summary>The time for which a document that could not be read is not asked for again, and the number of those that are remembered.</summary>
    private static readonly TimeSpan FailureTime = TimeSpan.FromMinutes(1);
    private const int MaxFailures = 1000;

    private const int MaxSize = 64 * 1024;
    private const int MaxFetches = 8;
    private static readonly TimeSpan FetchTimeout = TimeSpan.FromSeconds(5);

    private readonly MemoryCache _failures = new(new MemoryCacheOptions { SizeLimit = MaxFailures });
    private readonly ConcurrentDictionary<string, Lazy<Task<ClientDocument?>>> _fetches = new();
    private readonly SemaphoreSlim _slots = new(MaxFetches);
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        MaxResponseHeadersLength = 16,
        // Each fetch connects anew, and so is checked anew.
        PooledConnectionLifetime = TimeSpan.Zero,
        ActivityHeadersPropagator = null,
        ConnectCallback = (context, ct) => ConnectAsync(context.DnsEndPoint, options.Value.AllowLoopbackClients, ct),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Returns the address that a client ID is; null when the client ID is no address of a document.</summary>
    internal Uri? FindAddress(string clientId)
    {
        if (clientId.Length > MaxIdLength || !Uri.TryCreate(clientId, UriKind.Absolute, out var address)) return null;
        var isLoopback = options.Value.AllowLoopbackClients && address.Scheme == Uri.UriSchemeHttp && address.IsLoopback;
        if (!isLoopback && (address.Scheme != Uri.UriSchemeHttps || address.Port != 443)) return null;
        if (address.UserInfo.Length > 0 || clientId.Contains('#', StringComparison.Ordinal) || address.AbsolutePath.Length < 2) return null;
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
        _slots.Dispose();
    }

    private async Task<ClientDocument?> FetchAndForgetAsync(Uri address)
    {
        // The fetch is registered before it can end.
        await Task.Yield();
        var id = address.AbsoluteUri;
        try
        {
            using var timeout = new CancellationTokenSource(FetchTimeout, clock);
            await _slots.WaitAsync(timeout.Token);
            try
            {
                if (await ReadAsync(address, timeout.Token) is { } document) return document;
            }
            finally
            {
                _slots.Release();
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException or OperationCanceledException or JsonException
            or InvalidOperationException)
        {
            // Whoever asked learns only that the document cannot be used: a cause would describe this network.
        }
        finally
        {
            _fetches.TryRemove(id, out _);
        }
        return _failures.Set<ClientDocument?>(id, null, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = FailureTime });
    }

    private async Task<ClientDocument?> ReadAsync(Uri address, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address) { Headers = { Accept = { new("application/json") } } };
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        if (response.StatusCode != HttpStatusCode.OK || !IsJson(response.Content.Headers.ContentType)) return null;

        var buffer = new byte[MaxSize + 1];
        var length = await (await response.Content.ReadAsStreamAsync(ct)).ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct);
        if (length > MaxSize) return null;
        using var json = JsonDocument.Parse(buffer.AsMemory(0, length));
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
            : new(metadata, clock.GetUtcNow() + GetLife(response.Headers.CacheControl));
    }

    private static bool IsJson(MediaTypeHeaderValue? type) => type?.MediaType is { } media
        && (media.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || (media.StartsWith("application/", StringComparison.OrdinalIgnoreCase) && media.EndsWith("+json", StringComparison.OrdinalIgnoreCase)));

    private static TimeSpan GetLife(CacheControlHeaderValue? cache)
    {
        var asked = cache is null or { NoStore: true } or { NoCache: true } ? TimeSpan.Zero : cache.MaxAge ?? TimeSpan.Zero;
        return asked < ShortestLife ? ShortestLife : asked > LongestLife ? LongestLife : asked;
    }

    /// <summary>Connects to a host whose addresses are all permitted. TLS is still verified for the name of the host.</summary>
    internal static async ValueTask<Stream> ConnectAsync(DnsEndPoint host, bool allowLoopback, CancellationToken ct)
    {
        var addresses = await Dns.GetHostAddressesAsync(host.Host, ct);
        if (addresses.Length == 0 || !addresses.All(address => PublicAddresses.IsPublic(address) || (allowLoopback && IPAddress.IsLoopback(address))))
            throw new HttpRequestException("The host has an address that is not public.");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, host.Port, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
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
