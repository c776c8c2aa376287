using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace MedCor.Gateway.HttpPipeline;

/// <summary>Represents a response that does not change while the process runs. It is compressed once, and its ETag allows conditional requests.</summary>
internal sealed class StaticResponse
{
    private static readonly BrotliCompressionOptions Brotli = new() { Quality = 9 };

    private readonly string _contentType;
    private readonly string _cacheControl;
    private readonly EntityTagHeaderValue _tag;
    private readonly (string? Coding, byte[] Bytes)[] _encodings;

    /// <param name="cacheControl">The value of the <c>Cache-Control</c> header.</param>
    public StaticResponse(byte[] bytes, string contentType, string cacheControl = "no-cache")
    {
        (_contentType, _cacheControl) = (contentType, cacheControl);
        // Weak, because it identifies the content in any encoding.
        _tag = new($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes), 0, 16)}\"", isWeak: true);
        _encodings = bytes.Length < SelectiveCompressionProvider.MinLength
            ? [(null, bytes)]
            : [("br", Compress(bytes, to => new BrotliStream(to, Brotli))),
                ("gzip", Compress(bytes, to => new GZipStream(to, CompressionLevel.Optimal))), (null, bytes)];
    }

    /// <summary>Writes the response in the smallest encoding that the client accepts, or 304 when the client already has it.</summary>
    public async Task WriteToAsync(HttpContext http)
    {
        var (request, response) = (http.Request, http.Response);
        response.Headers.CacheControl = _cacheControl;
        response.Headers.ETag = _tag.ToString();
        if (_encodings.Length > 1) response.Headers.Append(HeaderNames.Vary, HeaderNames.AcceptEncoding);
        if (request.GetTypedHeaders().IfNoneMatch.Any(tag => tag.Equals(EntityTagHeaderValue.Any) || tag.Compare(_tag, useStrongComparison: false)))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        var (coding, bytes) = _encodings.First(encoding => encoding.Coding is null || AcceptsEncoding(request.Headers.AcceptEncoding, encoding.Coding));
        response.ContentType = _contentType;
        response.ContentLength = bytes.Length;
        if (coding is not null) response.Headers.ContentEncoding = coding;
        await ResponseSender.SendAsync(http, bytes);
    }

    private static bool AcceptsEncoding(StringValues accepted, string coding) =>
        StringWithQualityHeaderValue.TryParseList(accepted, out var codings)
        && codings.FirstOrDefault(c => c.Value.Equals(coding, StringComparison.OrdinalIgnoreCase)) is { } match && match.Quality is null or > 0;

    private static byte[] Compress(byte[] bytes, Func<Stream, Stream> compressor)
    {
        using var compressed = new MemoryStream();
        using (var stream = compressor(compressed)) stream.Write(bytes);
        return compressed.ToArray();
    }
}
