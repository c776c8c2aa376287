using MedCor.Contracts;
using MedCor.Gateway.HttpPipeline;
using MedCor.Gateway.Limits;
using MedCor.ServiceDefaults;
using Microsoft.AspNetCore.Http.Metadata;

namespace MedCor.Gateway.Endpoints;

/// <summary>
/// <c>/.well-known/*</c>: the two documents that Identity publishes, answered from this process' memory. Identity is asked for them when they are asked for here, by one at a time and every few
/// seconds at most, so that a key that was withdrawn is gone within seconds. While Identity is away they stay as they are, for an hour.
/// </summary>
internal sealed class WellKnownEndpoints(ServiceHttpInvoker upstream, TimeProvider clock, ILogger<WellKnownEndpoints> log) : BackgroundService, IEndpoints
{
    internal static readonly string[] DocumentPaths = ["/.well-known/jwks.json", "/.well-known/openid-configuration"];

    /// <summary>What is older is asked for anew.</summary>
    internal static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(5);

    /// <summary>What is older, because Identity does not answer, is answered no more.</summary>
    private static readonly TimeSpan MaxStaleAge = TimeSpan.FromHours(1);

    /// <summary>Who did not answer is asked again after this.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(2);
    private const int MaxDocumentSize = 256 * 1024;

    private readonly Document[] _documents = [.. DocumentPaths.Select(path => new Document(path))];

    public void Map(IEndpointRouteBuilder app)
    {
        foreach (var document in _documents) Map(document.Path, http => HandleAsync(http, document));
        Map("/.well-known/{**rest}", _ => throw new NotFound("path"));

        void Map(string pattern, RequestDelegate handler) =>
            app.MapMethods(pattern, [HttpMethods.Get, HttpMethods.Head], handler).AllowAnonymous().WithRateLimit(RateLimitPolicy.Keys).WithMetadata(new BodyLimit());
    }

    private async Task HandleAsync(HttpContext http, Document document)
    {
        var asking = RefreshAsync(document);
        // While Identity does not answer, who looks does not wait for it as long as there is something to answer.
        if (document.Content is null || document.IsReachable) await asking;
        if (document.Content is not { } known || clock.GetUtcNow() - known.FetchedAt > MaxStaleAge) throw new Unavailable("Accounts are down at present. Try again shortly.", retryAfter: 1);
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = known.Bytes.Length;
        http.Response.Headers.CacheControl = "public, max-age=5";
        await ResponseSender.SendAsync(http, known.Bytes);
    }

    /// <summary>Completes when what is known is as new as can be: asked for by one, for all who wait.</summary>
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

    /// <summary>Asks Identity. Never throws.</summary>
    private async Task FetchAsync(Document document)
    {
        try
        {
            document.LastRequestSucceeded = false;
            using var patience = new CancellationTokenSource(RequestTimeout, clock);
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://identity{document.Path}");
            using var response = await upstream.SendAsync(request, patience.Token);
            response.EnsureSuccessStatusCode();
            await response.Content.LoadIntoBufferAsync(MaxDocumentSize, patience.Token);
            document.Content = new(await response.Content.ReadAsByteArrayAsync(patience.Token), clock.GetUtcNow());
            document.LastRequestSucceeded = document.IsReachable = true;
        }
        catch (Exception e) // whatever it is: what is known is answered, or that nothing is
        {
            document.IsReachable = false;
            log.LogDebug("What Identity publishes was not read: {Kind}", e.GetType().Name);
        }
    }

    /// <summary>Asks before anybody does, so that something is known when Identity goes away.</summary>
    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(RetryInterval, clock);
        do await Task.WhenAll(_documents.Select(RefreshAsync));
        while (_documents.Any(d => d.Content is null) && await timer.WaitForNextTickAsync(ct));
    }

    private sealed class Document(string path)
    {
        public string Path => path;
        public DocumentContent? Content { get; set; }

        /// <summary>Whether what was asked last is answered.</summary>
        public bool LastRequestSucceeded { get; set; }

        /// <summary>Whether Identity answered when it was last seen to answer or to fail.</summary>
        public bool IsReachable { get; set; }

        public DateTimeOffset RequestedAt { get; set; }
        public Task PendingRequest { get; set; } = Task.CompletedTask;
    }

    /// <summary>No body is read here. A body that is sent anyway ends the connection.</summary>
    private sealed class BodyLimit : IRequestSizeLimitMetadata
    {
        public long? MaxRequestBodySize => 0;
    }

    private sealed record DocumentContent(byte[] Bytes, DateTimeOffset FetchedAt);
}
