using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace MedCor.ServiceDefaults.Errors;

/// <summary>Rejects request bodies that no endpoint reads: compressed bodies, and text in an encoding other than UTF-8.</summary>
public static class RequestBodyRules
{
    private const string IdentityEncoding = "identity";

    /// <summary>
    /// Rejects a request with a <c>Content-Encoding</c> other than <c>identity</c>, or a <c>charset</c> other than UTF-8, by throwing
    /// <see cref="UnsupportedContentEncoding"/> or <see cref="UnsupportedCharset"/>. Nothing is decompressed, so the body size limit applies to the bytes on
    /// the network, and a small body cannot expand into a large one.
    /// </summary>
    public static IApplicationBuilder UseRequestBodyRules(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        if (http.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false }) return next(http);
        var headers = http.Request.Headers;
        if (headers.ContentEncoding.Count > 0 && !headers.ContentEncoding.ToString().Trim().Equals(IdentityEncoding, StringComparison.OrdinalIgnoreCase))
        {
            // Set when the response starts, because writing an error clears earlier headers. The header lists the accepted codings (RFC 7694).
            http.Response.OnStarting(static state =>
            {
                ((HttpResponse)state).Headers.AcceptEncoding = IdentityEncoding;
                return Task.CompletedTask;
            }, http.Response);
            throw new UnsupportedContentEncoding();
        }
        return IsUtf8(http.Request.ContentType) ? next(http) : throw new UnsupportedCharset();
    });

    private static bool IsUtf8(string? contentType) =>
        contentType is null || !contentType.Contains("charset", StringComparison.OrdinalIgnoreCase) || !MediaTypeHeaderValue.TryParse(contentType, out var type)
        || HeaderUtilities.RemoveQuotes(type.Charset).ToString().ToLowerInvariant() is "" or "utf-8" or "utf8" or "us-ascii";
}
