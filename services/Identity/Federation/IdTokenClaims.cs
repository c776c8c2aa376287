using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace MedCor.Identity.Federation;

/// <summary>Reads the claims of an ID token.</summary>
internal sealed class IdTokenClaims(JsonWebToken token) : IDisposable
{
    private readonly JsonDocument _payload = JsonDocument.Parse(Base64UrlEncoder.DecodeBytes(token.EncodedPayload));

    /// <summary>Returns the text of a claim; null when it has none.</summary>
    internal string? FindText(string name) =>
        Find(name) is { ValueKind: JsonValueKind.String } text && text.GetString() is { Length: > 0 } value ? value : null;

    /// <summary>Returns the texts of a claim that is one text or a list; none when it is anything else.</summary>
    internal IReadOnlyList<string> GetTexts(string name) => Find(name) switch
    {
        { ValueKind: JsonValueKind.String } text => [text.GetString()!],
        { ValueKind: JsonValueKind.Array } list => [.. list.EnumerateArray().Where(e => e.ValueKind == JsonValueKind.String).Select(e => e.GetString()!)],
        _ => [],
    };

    /// <summary>Returns whether a claim is true, also as a text: providers write it either way.</summary>
    internal bool IsTrue(string name) => Find(name) switch
    {
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.String } text => text.GetString() is "true" or "1",
        { ValueKind: JsonValueKind.Number } number => number.TryGetInt32(out var one) && one == 1,
        _ => false,
    };

    /// <summary>Returns the time that a claim says in seconds; null when it says none.</summary>
    internal DateTimeOffset? FindTime(string name) =>
        Find(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var seconds) && seconds is > 0 and < 100_000_000_000
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;

    public void Dispose() => _payload.Dispose();

    /// <summary>Returns a claim by its name or, as <c>realm_access.roles</c>, by the names on the way to it.</summary>
    private JsonElement? Find(string name)
    {
        if (_payload.RootElement.TryGetProperty(name, out var claim)) return claim;
        var at = _payload.RootElement;
        foreach (var step in name.Split('.'))
            if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(step, out at)) return null;
        return at;
    }
}
