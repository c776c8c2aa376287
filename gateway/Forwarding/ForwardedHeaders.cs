using System.Net;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Gateway.Authentication;
using MedCor.ServiceDefaults.Authentication;
using MedCor.ServiceDefaults.Telemetry;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Transforms;
using Yarp.ReverseProxy.Transforms.Builder;

namespace MedCor.Gateway.Forwarding;

/// <summary>
/// Removes headers by which a client could forge its identity or address. A request to an endpoint that authenticates its caller contains none of the client's
/// headers except the credential. Its response is passed on if it is successful; an error is thrown, so that it has the format of the gateway's own errors.
/// </summary>
internal sealed class ForwardedHeaders : ITransformProvider
{
    private static readonly string[] UntrustedPrefixes = ["X-Forwarded-", "X-User-", "X-Hospital-", "X-Client-", "X-Acting-", "X-Real-IP", "Forwarded"];
    private static readonly string[] TraceHeaders = ["traceparent", "tracestate", "baggage"];

    public void ValidateRoute(TransformRouteValidationContext context)
    {
        // The routes are constants.
    }

    public void ValidateCluster(TransformClusterValidationContext context)
    {
        // The clusters are constants.
    }

    public void Apply(TransformBuilderContext context)
    {
        context.UseDefaultForwarders = false;
        context.AddRequestTransform(transform =>
        {
            var (http, headers) = (transform.HttpContext, transform.ProxyRequest.Headers);
            if (http.FindCallerIdentity() is { } caller)
            {
                headers.Clear();
                transform.ProxyRequest.Content?.Headers.Clear();
                headers.TryAddWithoutValidation(HeaderNames.Authorization, caller.Authorization);
            }
            else
            {
                foreach (var (name, _) in http.Request.Headers)
                    if (UntrustedPrefixes.Any(p => name.StartsWith(p, StringComparison.OrdinalIgnoreCase))) headers.Remove(name);
                // The trace continues from the span of this process, which the client handler writes when the headers are absent.
                foreach (var name in TraceHeaders) headers.Remove(name);
            }
            headers.TryAddWithoutValidation(ClientAddress.Header, http.PeerAddress());
            headers.Remove(RequestIds.Header);
            headers.TryAddWithoutValidation(RequestIds.Header, http.RequestId());
            return ValueTask.CompletedTask;
        });
        context.AddResponseTransform(async transform =>
        {
            if (transform.ProxyResponse is not { StatusCode: not HttpStatusCode.OK } response || transform.HttpContext.FindCallerIdentity() is null) return;
            var envelope = await response.Content.ReadFromJsonAsync<ErrorEnvelope>(Json.Options, transform.CancellationToken);
            transform.HttpContext.Features.Set(new Refused((int)response.StatusCode, envelope!.Error));
            transform.SuppressResponseBody = true;
        });
    }
}
