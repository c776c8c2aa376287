using Microsoft.Extensions.Options;
using MimeKit;

namespace MedCor.Identity.Mails;

/// <summary>Holds how mail is sent. Read from the root of the configuration.</summary>
internal sealed class MailOptions
{
    internal const string UrlVariable = "MCP_SMTP_URL";
    internal const string FromVariable = "MCP_MAIL_FROM";

    /// <summary>The reason in errors where no mail can be sent.</summary>
    internal const string NotConfigured = $"this installation sends no mail; its operator can set {UrlVariable}";

    /// <summary>Gets or sets the mail server, with its account if it needs one; null when no mail is sent.</summary>
    [ConfigurationKeyName(UrlVariable)]
    public string? Url { get; set; }

    /// <summary>Gets or sets the sender of all mails.</summary>
    [ConfigurationKeyName(FromVariable)]
    public string? From { get; set; }

    internal bool IsConfigured => !string.IsNullOrEmpty(Url);
}

/// <summary>Rejects an address of the mail server or of the sender that could not be used.</summary>
internal sealed class MailOptionsValidator : IValidateOptions<MailOptions>
{
    public ValidateOptionsResult Validate(string? name, MailOptions options)
    {
        if (!options.IsConfigured) return ValidateOptionsResult.Success;
        // The values are not repeated: the address can contain a password.
        if (!Uri.TryCreate(options.Url, UriKind.Absolute, out var url) || url.Scheme is not ("smtp" or "smtps") || url.Host.Length == 0
            || url.PathAndQuery is not ("/" or ""))
            return ValidateOptionsResult.Fail($"{MailOptions.UrlVariable} must be smtp://host:port or smtps://host:port, with user:password@ if needed.");
        return MailboxAddress.TryParse(options.From, out _)
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail($"{MailOptions.FromVariable} must be the sender's address, such as MedCor <no-reply@hospital.example>.");
    }
}
