using Microsoft.AspNetCore.Http;

namespace MedCor.ServiceDefaults.Authentication;

/// <summary>
/// Reads the name of the language model that makes a call on behalf of its caller. It is recorded; nothing is permitted because of it. Chat sets the header,
/// and the gateway accepts it from no client.
/// </summary>
public static class ActingModel
{
    public const string Header = "X-Acting-Model";

    private const int MaxLength = 100;

    /// <summary>
    /// Returns the name of the model, or <c>unknown</c> for a name that cannot be recorded; null when the caller makes the call directly.
    /// </summary>
    public static string? GetActingModel(this HttpContext http) =>
        http.Request.Headers[Header].ToString() is not { Length: > 0 } name ? null
            : name.Length <= MaxLength && name.All(c => c is > ' ' and <= '~') ? name
            : "unknown";
}
