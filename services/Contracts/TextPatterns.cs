namespace MedCor.Contracts;

/// <summary>Defines the patterns, in the syntax of JSON Schema, of texts that clients send.</summary>
public static class TextPatterns
{
    /// <summary>
    /// Matches a text of one line that is blank or has visible characters, and has neither control characters nor characters that change the direction of the
    /// following text.
    /// </summary>
    public const string Line = $"^(?:[{Spaces}]*|{Visible})$";

    /// <summary>Matches a secret, token or key, which is read exactly as sent. No other text has this pattern.</summary>
    public const string Opaque = "^[^\\u0000]*$";

    /// <summary>Matches like <see cref="Line"/>, but not a blank text.</summary>
    public const string VisibleLine = $"^{Visible}$";

    /// <summary>Matches like <see cref="Line"/>, but also tabs and line ends.</summary>
    public const string Lines = $"^(?:[{Spaces}]*|{VisibleText})$";

    /// <summary>Matches like <see cref="Lines"/>, but not a blank text.</summary>
    public const string VisibleLines = $"^{VisibleText}$";

    /// <summary>
    /// Matches an e-mail address where the format of JSON Schema is not specific: the part before the @ has its own limit (RFC 5321, section 4.5.3.1.1).
    /// </summary>
    public const string EmailAddress = "^[^@]{1,64}@";

    /// <summary>Matches a time of day.</summary>
    public const string TimeOfDay = "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,7})?)?$";

    private const string Visible = $"[{Spaces}]*[^{UnwantedInLine}]*[^{UnwantedInLine}{Blanks}{Unseen}][^{UnwantedInLine}]*[{Spaces}]*";
    private const string VisibleText = $"[^{Unwanted}]*[^{Unwanted}{Spaces}{Unseen}][^{Unwanted}]*";
    private const string Unwanted = @"\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u206F";
    private const string UnwantedInLine = @"\u0000-\u001F\u007F-\u009F\u2028-\u202E\u2066-\u206F";
    private const string Spaces = $@"\t\n\r\u2028\u2029{Blanks}";
    private const string Blanks = @" \u00A0\u1680\u2000-\u200A\u202F\u205F\u3000";
    private const string Unseen = @"\u00AD\u0300-\u036F\u061C\u115F\u1160\u180B-\u180F\u200B-\u200F\u2060-\u2065\u2800\u3164\uFE00-\uFE0F\uFEFF\uFFA0";

    /// <summary>Returns a pattern that matches another pattern with spaces around it, which are trimmed.</summary>
    public static string WithSpacesAround(string pattern) => $"^[{Spaces}]*{pattern}[{Spaces}]*$";
}
