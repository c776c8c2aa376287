using MedCor.Contracts;
using MedCor.Gateway.HttpPipeline;
using MedCor.Gateway.Limits;
using MedCor.ServiceDefaults;
using Microsoft.AspNetCore.Http.Metadata;

namespace MedCor.Gateway.Endpoints;

/// <summary>
/// Maps <c>/.well-known/*</c>: the documents that Identity publishes, from a cache in memory. A request refreshes a document that is older than a few
/// seconds, one refresh at a time, so that a revoked key disappears within seconds. While Identity is unavailable, the cached documents are served for up to
/// an hour.
/// </summary>
internal sealed partial class WellKnownEndpoints(ServiceHttpInvoker upstream, TimeProvider clock, ILogger<WellKnownEndpoints> log)
    : BackgroundService, IEndpoints
{
    /// <summary>The age at which a request refreshes a document.</summary>
    internal static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(5);

    /// <summary>The age at which a document is no longer served while Identity is unavailable.</summary>
    private static readonly TimeSpan MaxStaleAge = TimeSpan.FromHours(1);

    /// <summary>The delay before the next refresh after a failed one.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(2);
    private const int MaxDocumentSize = 256 * 1024;

    private readonly Document _keys = new("/.well-known/jwks.json"), _discovery = new("/.well-known/openid-configuration");

    /// <summary>The address of the same document in RFC 8414, which clients that know OAuth alone try.</summary>
    private const string OAuthDiscoveryPath = "/.well-known/oauth-authorization-server";

    public void Map(IEndpointRouteBuilder app)
    {
        Map(_keys.Path, http => HandleAsync(http, _keys)).DescribeSigningKeys();
        Map(_discovery.Path, http => HandleAsync(http, _discovery)).DescribeDiscovery();
        Map(OAuthDiscoveryPath, http => HandleAsync(http, _discovery)).ExcludeFromDescription();
        // Rate limits also apply to unknown paths.
        Map("/.well-known/{**rest}", _ => throw new NotFound("path")).ExcludeFromDescription();

        IEndpointConventionBuilder Map(string pattern, RequestDelegate handler) =>
            app.MapMethods(pattern, [HttpMethods.Get, HttpMethods.Head], handler).AllowAnonymous().WithRateLimit(RateLimitPolicy.Keys)
                .WithMetadata(new BodyLimit());
    }

    private async Task HandleAsync(HttpContext http, Document document)
    {
        var refresh = RefreshAsync(document);
        // While Identity is unavailable, requests do not wait for it as long as there is a cached document.
        if (document.Content is null || document.IsReachable) await refresh;
        if (document.Content is not { } content || clock.GetUtcNow() - content.FetchedAt > MaxStaleAge)
            throw new Unavailable("Identity is unavailable. Retry shortly.", retryAfter: 1);
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = content.Bytes.Length;
        http.Response.Headers.CacheControl = "public, max-age=5";
        await ResponseSender.SendAsync(http, content.Bytes);
    }

    /// <summary>Refreshes a document if it is due. Concurrent callers share one request.</summary>
    private Task RefreshAsync(Document document)
    {
        lock (document)
        {
            var now = clock.GetUtcNow();
            if (now - document.RequestedAt <= (document.LastRequestSucceeded ? RefreshInterval : RetryInterval)) return document.PendingRequest;
            document.RequestedAt = now;
            return document.PendingRequest = FetchAsync(document);
        }
    }

    /// <summary>Fetches a document from Identity. Never throws.</summary>
    private async Task FetchAsync(Document document)
    {
        try
        {
            document.LastRequestSucceeded = false;
            using var timeout = new CancellationTokenSource(RequestTimeout, clock);
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://identity{document.Path}");
            using var response = await upstream.SendAsync(request, timeout.Token);
            response.EnsureSuccessStatusCode();
            await response.Content.LoadIntoBufferAsync(MaxDocumentSize, timeout.Token);
            document.Content = new(await response.Content.ReadAsByteArrayAsync(timeout.Token), clock.GetUtcNow());
            document.LastRequestSucceeded = document.IsReachable = true;
        }
        catch (Exception e) // any exception: the cached document is served, or an error when there is none
        {
            document.IsReachable = false;
            LogFetchFailed(log, document.Path, e.GetType().Name);
        }
    }

    /// <summary>Fetches the documents at startup, so that they are cached before Identity becomes unavailable.</summary>
    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(RetryInterval, clock);
        do await Task.WhenAll(RefreshAsync(_keys), RefreshAsync(_discovery));
        while ((_keys.Content is null || _discovery.Content is null) && await timer.WaitForNextTickAsync(ct));
    }

    [LoggerMessage(6080, LogLevel.Debug, "Fetching {Path} from Identity failed; the cached document is served: {Kind}")]
    private static partial void LogFetchFailed(ILogger log, string path, string kind);

    private sealed class Document(string path)
    {
        public string Path => path;
        public DocumentContent? Content { get; set; }

        /// <summary>Gets or sets whether the last request has succeeded.</summary>
        public bool LastRequestSucceeded { get; set; }

        /// <summary>Gets or sets whether the last completed request succeeded.</summary>
        public bool IsReachable { get; set; }

        public DateTimeOffset RequestedAt { get; set; }
        public Task PendingRequest { get; set; } = Task.CompletedTask;
    }

    /// <summary>Rejects request bodies. A body that is sent anyway ends the connection.</summary>
    private sealed class BodyLimit : IRequestSizeLimitMetadata
    {
        public long? MaxRequestBodySize => 0;
    }

    private sealed record DocumentContent(byte[] Bytes, DateTimeOffset FetchedAt);
}
