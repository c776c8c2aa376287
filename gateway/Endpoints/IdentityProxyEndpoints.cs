using System.Buffers;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Gateway.HttpPipeline;
using MedCor.Gateway.Limits;
using MedCor.Gateway.OpenApi;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Telemetry;
using Yarp.ReverseProxy.Forwarder;

namespace MedCor.Gateway.Endpoints;

/// <summary>Maps <c>/api/auth/*</c>, which is forwarded to Identity.</summary>
internal sealed class IdentityProxyEndpoints(IHttpForwarder forwarder, ServiceHttpInvoker upstream, IHostEnvironment environment) : IEndpoints
{
    /// <summary>The maximum body size in bytes. Bodies contain an e-mail address, up to two passwords or a token.</summary>
    internal const int MaxBodySize = 16 * 1024;

    private const string IdentityUrl = "http://identity";
    private static readonly ForwarderRequestConfig RequestConfig = new() { ActivityTimeout = TimeSpan.FromSeconds(15), Version = System.Net.HttpVersion.Version11 };
    private static readonly HttpTransformer Transformer = new TrustedHeadersTransformer();

    public void Map(IEndpointRouteBuilder app)
    {
        var demo = DemoLogins.Find(environment) is { } logins ? new JsonObject { ["email"] = logins.Example, ["password"] = logins.Password } : null;
        Map("/api/auth/login", RateLimitPolicy.LogIns).DescribeLogIn(demo);
        Map("/api/auth/refresh", RateLimitPolicy.Sessions).DescribeRefreshSession();
        Map("/api/auth/logout", RateLimitPolicy.Sessions).DescribeLogOut();
        // Unknown paths are counted as well.
        Map("/api/auth/{**rest}", RateLimitPolicy.Sessions).ExcludeFromDescription();

        IEndpointConventionBuilder Map(string pattern, string policy) => app.MapPost(pattern, ForwardAsync).AllowAnonymous().WithRateLimit(policy).WithMetadata(QueryParametersMetadata.None);
    }

    private async Task ForwardAsync(HttpContext http)
    {
        using (var body = await RequestBody.ReadAsync(http, MaxBodySize))
        {
            http.Request.Body = new MemoryStream(body.Bytes.ToArray(), writable: false);
            // The byte order mark has been removed, so the body can be shorter than its Content-Length.
            if (http.Request.ContentLength is not null) http.Request.ContentLength = body.Bytes.Length;
        }

        var error = await forwarder.SendAsync(http, IdentityUrl, upstream, RequestConfig, Transformer);
        if (error != ForwarderError.None && !http.Response.HasStarted) throw new Unavailable("Identity is unavailable. Retry shortly.", retryAfter: 1);
    }

    /// <summary>Removes headers that name the caller or the caller's address inside the network. From outside they are not trustworthy.</summary>
    private sealed class TrustedHeadersTransformer : HttpTransformer
    {
        private static readonly string[] UntrustedPrefixes = ["X-Forwarded-", "X-User-", "X-Hospital-", "X-Client-", "X-Real-IP", "Forwarded"];
        private static readonly string[] TraceHeaders = ["traceparent", "tracestate", "baggage"];

        public override async ValueTask TransformRequestAsync(HttpContext http, HttpRequestMessage request, string destination, CancellationToken ct)
        {
            await base.TransformRequestAsync(http, request, destination, ct);
            foreach (var (name, _) in http.Request.Headers)
                if (UntrustedPrefixes.Any(p => name.StartsWith(p, StringComparison.OrdinalIgnoreCase))) request.Headers.Remove(name);
            // The trace continues from the span of this process, which the client handler writes when the headers are absent.
            foreach (var name in TraceHeaders) request.Headers.Remove(name);
            request.Headers.Host = null;
            request.Headers.Remove(RequestIds.Header);
            request.Headers.TryAddWithoutValidation(RequestIds.Header, http.RequestId());
        }
    }
}
