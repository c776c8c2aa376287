using System.Buffers;
using MedCor.Contracts;
using MedCor.Gateway.HttpPipeline;
using MedCor.Gateway.Limits;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Telemetry;
using Yarp.ReverseProxy.Forwarder;

namespace MedCor.Gateway.Endpoints;

/// <summary><c>/api/auth/*</c>: Identity's own paths, passed through as they are.</summary>
internal sealed class IdentityProxyEndpoints(IHttpForwarder forwarder, ServiceHttpInvoker upstream) : IEndpoints
{
    /// <summary>The largest body here, in bytes: an address, a password or two, a token.</summary>
    internal const int MaxBodySize = 16 * 1024;

    private const string IdentityUrl = "http://identity";
    private static readonly ForwarderRequestConfig RequestConfig = new() { ActivityTimeout = TimeSpan.FromSeconds(15), Version = System.Net.HttpVersion.Version11 };
    private static readonly HttpTransformer Transformer = new TrustedHeadersTransformer();

    public void Map(IEndpointRouteBuilder app)
    {
        Map("/api/auth/login", RateLimitPolicy.LogIns);
        Map("/api/auth/{**rest}", RateLimitPolicy.Sessions);

        void Map(string pattern, string policy) => app.MapPost(pattern, ForwardAsync).AllowAnonymous().WithRateLimit(policy).WithMetadata(QueryParametersMetadata.None);
    }

    private async Task ForwardAsync(HttpContext http)
    {
        using (var body = await RequestBody.ReadAsync(http, MaxBodySize))
        {
            http.Request.Body = new MemoryStream(body.Bytes.ToArray(), writable: false);
            // Without the mark that some programs begin with, it is shorter than was said.
            if (http.Request.ContentLength is not null) http.Request.ContentLength = body.Bytes.Length;
        }

        var error = await forwarder.SendAsync(http, IdentityUrl, upstream, RequestConfig, Transformer);
        if (error != ForwarderError.None && !http.Response.HasStarted) throw new Unavailable("Accounts are down at present. Try again shortly.", retryAfter: 1);
    }

    /// <summary>Drops the headers by which one inside the network would be told who is calling and from where: from outside they are mere claims.</summary>
    private sealed class TrustedHeadersTransformer : HttpTransformer
    {
        private static readonly string[] UntrustedPrefixes = ["X-Forwarded-", "X-User-", "X-Hospital-", "X-Client-", "X-Real-IP", "Forwarded"];
        private static readonly string[] TraceHeaders = ["traceparent", "tracestate", "baggage"];

        public override async ValueTask TransformRequestAsync(HttpContext http, HttpRequestMessage request, string destination, CancellationToken ct)
        {
            await base.TransformRequestAsync(http, request, destination, ct);
            foreach (var (name, _) in http.Request.Headers)
                if (UntrustedPrefixes.Any(p => name.StartsWith(p, StringComparison.OrdinalIgnoreCase))) request.Headers.Remove(name);
            // The trace goes on from this process's own span, which the client handler writes where nothing stands.
            foreach (var name in TraceHeaders) request.Headers.Remove(name);
            request.Headers.Host = null;
            request.Headers.Remove(RequestIds.Header);
            request.Headers.TryAddWithoutValidation(RequestIds.Header, http.RequestId());
        }
    }
}
