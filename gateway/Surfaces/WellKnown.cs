using MedCor.Gateway.Limits;
using MedCor.Gateway.Tools;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Problems;
using Microsoft.AspNetCore.Http.Features;

namespace MedCor.Gateway.Surfaces;

/// <summary>
/// <c>/.well-known/*</c>: the two documents that Identity publishes, answered from this process' memory. Identity is asked for them when they are asked for here, by one at a time and every few
/// seconds at most, so that a key that was withdrawn is gone within seconds. While Identity is away they stay as they are, for an hour.
/// </summary>
internal sealed class WellKnown(Entrance entrance, Upstream upstream, TimeProvider clock, ILogger<WellKnown> log) : BackgroundService
{
    internal static readonly string[] Documents = ["/.well-known/jwks.json", "/.well-known/openid-configuration"];

    /// <summary>What is older is asked for anew.</summary>
    internal static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5);

    /// <summary>What is older, because Identity does not answer, is answered no more.</summary>
    private static readonly TimeSpan Stale = TimeSpan.FromHours(1);

    /// <summary>Who did not answer is asked again after this.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private const int Longest = 256 * 1024;

    private readonly Document[] documents = [.. Documents.Select(path => new Document(path))];

    public void Map(IEndpointRouteBuilder app)
    {
        foreach (var document in documents) app.MapMethods(document.Path, [HttpMethods.Get, HttpMethods.Head], http => Answer(http, document));
        app.MapMethods("/.well-known/{**rest}", [HttpMethods.Get, HttpMethods.Head], async http =>
        {
            await Admit(http);
            throw new Missing("path");
        });
    }

    private async ValueTask Admit(HttpContext http)
    {
        // Nobody reads a body here: one that is sent all the same ends the connection.
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } body) body.MaxRequestBodySize = 0;
        await entrance.AdmitLook(http);
    }

    private async Task Answer(HttpContext http, Document document)
    {
        await Admit(http);
        var asking = Refresh(document);
        // While Identity does not answer, who looks does not wait for it as long as there is something to answer.
        if (document.Known is null || document.HasAnswered) await asking;
        if (document.Known is not { } known || clock.GetUtcNow() - known.At > Stale) throw new Unavailable("Accounts are down at present. Try again shortly.", retryAfter: 1);
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = known.Bytes.Length;
        http.Response.Headers.CacheControl = "public, max-age=5";
        await ToolAnswer.Send(http, known.Bytes);
    }

    /// <summary>Completes when what is known is as new as can be: asked for by one, for all who wait.</summary>
    private Task Refresh(Document document)
    {
        lock (document)
        {
            var now = clock.GetUtcNow();
            if (now - document.AskedAt <= (document.IsAnswered ? Fresh : Again)) return document.Asking;
            document.AskedAt = now;
            return document.Asking = Ask(document);
        }
    }

    /// <summary>Asks Identity. Never throws.</summary>
    private async Task Ask(Document document)
    {
        try
        {
            document.IsAnswered = false;
            using var patience = new CancellationTokenSource(Patience, clock);
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://identity{document.Path}");
            using var response = await upstream.SendAsync(request, patience.Token);
            response.EnsureSuccessStatusCode();
            await response.Content.LoadIntoBufferAsync(Longest, patience.Token);
            document.Known = new(await response.Content.ReadAsByteArrayAsync(patience.Token), clock.GetUtcNow());
            document.IsAnswered = document.HasAnswered = true;
        }
        catch (Exception e) // whatever it is: what is known is answered, or that nothing is
        {
            document.HasAnswered = false;
            log.LogDebug("What Identity publishes was not read: {Kind}", e.GetType().Name);
        }
    }

    /// <summary>Asks before anybody does, so that something is known when Identity goes away.</summary>
    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(Again, clock);
        do await Task.WhenAll(documents.Select(Refresh));
        while (documents.Any(d => d.Known is null) && await timer.WaitForNextTickAsync(ct));
    }

    private sealed class Document(string path)
    {
        public string Path => path;
        public Published? Known { get; set; }

        /// <summary>Whether what was asked last is answered.</summary>
        public bool IsAnswered { get; set; }

        /// <summary>Whether Identity answered when it was last seen to answer or to fail.</summary>
        public bool HasAnswered { get; set; }

        public DateTimeOffset AskedAt { get; set; }
        public Task Asking { get; set; } = Task.CompletedTask;
    }

    private sealed record Published(byte[] Bytes, DateTimeOffset At);
}
