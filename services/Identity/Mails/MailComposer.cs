using System.Globalization;
using MedCor.Identity.Accounts;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.Extensions.Localization;
using Microsoft.Extensions.Options;
using MimeKit;

namespace MedCor.Identity.Mails;

/// <summary>Composes mails in plain text. Nobody knows which language a recipient reads, so each mail is in all of them.</summary>
internal sealed class MailComposer(IStringLocalizer<MailTexts> texts, IOptions<TokenOptions> tokens, IOptions<MailOptions> mails)
{
    private static readonly CultureInfo[] Languages = [CultureInfo.GetCultureInfo("en"), CultureInfo.GetCultureInfo("de")];

    /// <param name="token">The token of the link in the mail; null for a mail without one.</param>
    /// <param name="newEmail">The new address that the mail is about; null for a mail about none.</param>
    internal MimeMessage Compose(MailKind kind, Account account, string recipient, string? token, string? newEmail)
    {
        var all = Languages.Select(language => InLanguage(language, () => Write(kind, account, token, newEmail))).ToArray();
        var message = new MimeMessage
        {
            Subject = string.Join(" / ", all.Select(text => text.Subject)),
            Body = new TextPart("plain") { Text = string.Join("\n\n---\n\n", all.Select(text => string.Join("\n\n", text.Paragraphs))) + "\n" },
        };
        message.From.Add(MailboxAddress.Parse(mails.Value.From!));
        message.To.Add(new MailboxAddress("", recipient));
        // RFC 3834: out-of-office programs answer nothing.
        message.Headers.Add("Auto-Submitted", "auto-generated");
        return message;
    }

    private (string Subject, string[] Paragraphs) Write(MailKind kind, Account account, string? token, string? newEmail)
    {
        string greeting = texts["Hello {0} {1},", account.FirstName, account.LastName], once = texts["The link works once, within 30 minutes."];
        return kind switch
        {
            MailKind.Invitation => (texts["Your MedCor account"],
            [
                greeting, texts["An account has been created for you. Choose your password here:"], Link(PagePaths.SetPassword, token),
                once, texts["You can request another link here:"], Link(PagePaths.Forgot),
            ]),
            // The names are those that the hospital has typed, and the recipient may be somebody else.
            MailKind.HospitalLink => (texts["A hospital has registered you"],
            [
                texts["{0} has registered a user with this address, with which you log in to MedCor. Add this hospital to your login here:",
                    account.Hospital!.Name],
                Link(PagePaths.LinkHospital, token), once, texts["If you do not know this hospital, ignore this mail. Nothing changes then."],
            ]),
            MailKind.PasswordReset => (texts["Set a new password"],
            [
                greeting, texts["A new password was requested for your MedCor account. Set it here:"], Link(PagePaths.SetPassword, token),
                once, texts["If you did not request this, ignore this mail. Your password stays as it is."],
            ]),
            // The address may be somebody else's, so the user is not named.
            MailKind.EmailConfirmation or MailKind.EmailCorrection => (texts["Confirm your e-mail address"],
            [
                texts["This address is to become the e-mail address of a MedCor account. Confirm it here:"], Link(PagePaths.ConfirmEmail, token),
                once, texts["If this is not your account, ignore this mail."],
            ]),
            MailKind.EmailChangeByOthers => (texts["Confirm your e-mail address"],
            [
                texts["This address is to become the e-mail address of a MedCor account. Confirm it here:"], Link(PagePaths.ConfirmEmail, token),
                texts["The link works once, within three days: after the first 24 hours, or as soon as the user of the account allows it."],
                texts["If this is not your account, ignore this mail."],
            ]),
            MailKind.EmailChangeReview => (texts["Your e-mail address is to be changed"],
            [
                greeting, texts["An administrator wants to make {0} the e-mail address of your MedCor account. Stop or allow that here:", newEmail!],
                Link(PagePaths.ReviewEmailChange, token), texts["The link works once, within 24 hours. After that, the change can be completed without you."],
            ]),
            // Neither the owner of the address is named nor who wanted it.
            MailKind.EmailTaken => (texts["Your e-mail address is in use"],
            [
                texts["Somebody wanted to make this address the e-mail address of another MedCor account. It stays that of your account."],
                texts["If it was not you, inform your administrator now."],
            ]),
            MailKind.PasswordChanged => (texts["Your password was changed"],
            [
                greeting, texts["The password of your MedCor account was changed. All sessions were ended."],
                texts["If it was not you, set a new password now and inform your administrator:"], Link(PagePaths.Forgot),
            ]),
            MailKind.EmailChanged => (texts["Your e-mail address was changed"],
            [
                greeting, texts["The e-mail address of your MedCor account was changed."], texts["If it was not you, inform your administrator now."],
            ]),
            MailKind.SecondFactorsChanged => (texts["Your second factors were changed"],
            [
                greeting, texts["A second factor of your MedCor account was added or removed, or its recovery codes were replaced. See your account:"],
                Link(PagePaths.Account), texts["If it was not you, inform your administrator now."],
            ]),
            MailKind.ProviderLinked => (texts["You can log in through your hospital"],
            [
                greeting, texts["Your MedCor account was linked to your account at your hospital. You can log in with that from now on. See your account:"],
                Link(PagePaths.Account), texts["If it was not you, inform your administrator now."],
            ]),
            MailKind.HospitalLinked => (texts["A hospital was added to your login"],
            [
                greeting, texts["With your MedCor login you open {0} too from now on. See your account:", account.Hospital!.Name], Link(PagePaths.Account),
                texts["If it was not you, set a new password now and inform your administrator:"], Link(PagePaths.Forgot),
            ]),
            MailKind.IdentityProviderChanged => (texts["The identity provider of your hospital was changed"],
            [
                greeting,
                texts["The settings of the provider through which the staff of your hospital log in were changed. See them with get_identity_provider."],
                texts["If no administrator of your hospital did that, change them back now: whoever sets the provider can log in as any of the staff."],
            ]),
            MailKind.SignInPolicyChanged => (texts["The sign-in policy of your hospital was changed"],
            [
                greeting, texts["The rules by which the users of your hospital log in were changed. See them with get_sign_in_policy."],
                texts["If no administrator did that, change them back now."],
            ]),
            // Neither the decision nor what was asked for: mails are read by others.
            MailKind.CorrectionDecided => (texts["Your hospital has decided on a correction"],
            [
                greeting, texts["{0} has decided on the request to correct your name or date of birth.", account.Hospital!.Name],
                texts["If you did not ask for that, inform the hospital now."],
            ]),
            _ => throw new InvalidOperationException($"There is no text for {kind}."),
        };
    }

    private string Link(string path, string? token = null) =>
        tokens.Value.ServerUrl + path + (token is null ? "" : QueryString.Create("token", token).ToUriComponent());

    private static T InLanguage<T>(CultureInfo language, Func<T> write)
    {
        var former = CultureInfo.CurrentUICulture;
        CultureInfo.CurrentUICulture = language;
        try
        {
            return write();
        }
        finally
        {
            CultureInfo.CurrentUICulture = former;
        }
    }
}
