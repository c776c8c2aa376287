using System.Globalization;
using System.Text.Unicode;
using MedCor.Contracts;
using MedCor.Validation;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.WebUtilities;

namespace MedCor.Gateway.HttpPipeline;

/// <summary>Declares what an endpoint does with its query. An endpoint without it reads no query: it rejects any or, if it is public, ignores it.</summary>
internal sealed class QueryParametersMetadata
{
    /// <summary>The endpoint reads parameters, and rejects unknown ones itself.</summary>
    public static readonly QueryParametersMetadata Read = new();

    /// <summary>The endpoint reads no parameters, and rejects any.</summary>
    public static readonly QueryParametersMetadata None = new();

    private QueryParametersMetadata()
    {
    }

    /// <summary>
    /// Rejects a request, by throwing <see cref="ValidationFailed"/>, whose query has parameters that the endpoint does not read, or parameters that are not
    /// UTF-8, which would be read with U+FFFD in their place. It runs after authorization, so that anonymous clients learn nothing about the query.
    /// </summary>
    internal static void ThrowIfInvalid(HttpContext http)
    {
        if (!http.Request.QueryString.HasValue || http.GetEndpoint() is not RouteEndpoint { Metadata: var metadata }) return;
        var declared = metadata.GetMetadata<QueryParametersMetadata>();
        if (declared is null && metadata.GetMetadata<IAllowAnonymous>() is not null) return;
        var isRead = declared == Read;
        var errors = new Dictionary<string, List<string>>();
        foreach (var parameter in new QueryStringEnumerable(http.Request.QueryString.Value))
        {
            var name = parameter.DecodeName().ToString();
            if (!isRead) errors.AddError(name, "is not a parameter here: this path has no query parameters");
            else if (!IsUtf8(parameter.EncodedName.Span) || !IsUtf8(parameter.EncodedValue.Span)) errors.AddError(name, ValidationErrors.NotUnicode);
        }
        if (errors.Count > 0) throw new ValidationFailed(errors);
    }

    /// <summary>Returns whether a percent-encoded text decodes to valid UTF-8. A percent sign without two hexadecimal digits stands for itself.</summary>
    private static bool IsUtf8(ReadOnlySpan<char> encoded)
    {
        if (!encoded.Contains('%')) return true;
        var bytes = new List<byte>(encoded.Length);
        for (var i = 0; i < encoded.Length; i++)
            if (encoded[i] == '%' && i + 2 < encoded.Length
                && byte.TryParse(encoded.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            {
                bytes.Add(value);
                i += 2;
            }
            else
            {
                // Kestrel accepts only ASCII characters in a URL.
                bytes.Add((byte)encoded[i]);
            }
        return Utf8.IsValid(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(bytes));
    }
}

internal static class QueryParametersExtensions
{
    /// <inheritdoc cref="QueryParametersMetadata.ThrowIfInvalid"/>
    public static IApplicationBuilder UseQueryParameterCheck(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        QueryParametersMetadata.ThrowIfInvalid(http);
        return next(http);
    });
}
