using System.Globalization;
using System.Text.Unicode;
using MedCor.Contracts;
using MedCor.Validation;
using Microsoft.AspNetCore.WebUtilities;

namespace MedCor.Gateway.HttpPipeline;

/// <summary>A path that reads parameters from its query, and refuses those that it does not know itself. Of any other path nothing is read from there.</summary>
internal sealed class QueryParametersMetadata
{
    public static readonly QueryParametersMetadata Instance = new();

    /// <summary>Throws <see cref="ValidationFailed"/> naming each parameter in the query of a path that reads none, and each that is no UTF-8, which would be read with U+FFFD in its place.</summary>
    public static void ThrowIfInvalid(HttpContext http)
    {
        if (!http.Request.QueryString.HasValue) return;
        var isRead = http.GetEndpoint()?.Metadata.GetMetadata<QueryParametersMetadata>() is not null;
        var mistakes = new Dictionary<string, List<string>>();
        foreach (var parameter in new QueryStringEnumerable(http.Request.QueryString.Value))
        {
            var name = parameter.DecodeName().ToString();
            if (!isRead) mistakes.AddError(name, "is not a parameter here: this path reads none from its query");
            else if (!IsUtf8(parameter.EncodedName.Span) || !IsUtf8(parameter.EncodedValue.Span)) mistakes.AddError(name, ValidationErrors.NotUnicode);
        }
        if (mistakes.Count > 0) throw new ValidationFailed(mistakes);
    }

    /// <summary>Returns whether a percent-encoded text decodes to valid UTF-8. A percent sign without two hexadecimal digits stands for itself.</summary>
    private static bool IsUtf8(ReadOnlySpan<char> encoded)
    {
        if (!encoded.Contains('%')) return true;
        var bytes = new List<byte>(encoded.Length);
        for (var i = 0; i < encoded.Length; i++)
            if (encoded[i] == '%' && i + 2 < encoded.Length && byte.TryParse(encoded.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            {
                bytes.Add(value);
                i += 2;
            }
            else
            {
                // Kestrel takes no other characters in an address than those of ASCII.
                bytes.Add((byte)encoded[i]);
            }
        return Utf8.IsValid(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(bytes));
    }
}
