using System.Security.Cryptography;
using MedCor.Identity.Authorization;
using MedCor.Identity.SecondFactors;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Html;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Localization;
using OtpNet;
using QRCoder;

namespace MedCor.Identity.Pages;

/// <summary>Sets up an authenticator app: shows its secret, and keeps it once the user has entered a code of it.</summary>
internal sealed class AuthenticatorModel(IdentityDb db, BrowserLogIns logIns, SecondFactorManager secondFactors, IDataProtectionProvider protection,
    IStringLocalizer<PageTexts> texts, TimeProvider clock) : AccountPageModel(logIns)
{
    private static readonly TimeSpan SecretLifetime = TimeSpan.FromMinutes(15);

    /// <summary>Gets the reason for which the last code was refused.</summary>
    public string? Error { get; private set; }

    /// <summary>Gets the secret in groups of four letters, for apps that cannot read the QR code.</summary>
    public string Key { get; private set; } = "";

    /// <summary>Gets the QR code, as SVG.</summary>
    public IHtmlContent QrCode { get; private set; } = HtmlString.Empty;

    /// <summary>Gets the encrypted secret, which the form sends back.</summary>
    public string ProtectedSecret { get; private set; } = "";

    /// <summary>Gets the new recovery codes, after the app was set up.</summary>
    public IReadOnlyList<string>? RecoveryCodes { get; private set; }

    /// <summary>Gets the address to which the page returns in the end.</summary>
    [FromQuery(Name = "return")]
    public string? ReturnUrl { get; init; }

    /// <summary>Gets the address to which the user continues.</summary>
    public string NextUrl => Url.IsLocalUrl(ReturnUrl) ? ReturnUrl : PagePaths.Account;

    protected override bool IsEnrollment => true;

    private ITimeLimitedDataProtector Protector =>
        protection.CreateProtector("authenticator", LogIn.Account.Login!.Id.ToString()).ToTimeLimitedDataProtector();

    public IActionResult OnGet() => LogIn.Factors.HasAuthenticator ? Redirect(PagePaths.Account) : Show(Authenticator.CreateSecret());

    public async Task<IActionResult> OnPostAsync(string? secret, string? code)
    {
        if (ReadSecret(secret) is not { } read) return Redirect(PagePaths.WithReturn(PagePaths.Authenticator, ReturnUrl));
        var digits = string.Concat((code ?? "").Where(c => !char.IsWhiteSpace(c)));
        if (Authenticator.FindStep(read, digits, clock.GetUtcNow()) is not { } step)
        {
            Error = texts["The code is wrong. Check that the clock of your device is right."];
            Response.StatusCode = StatusCodes.Status400BadRequest;
            return Show(read);
        }

        var ct = HttpContext.RequestAborted;
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var login = LogIn.Account.Login!;
        await secondFactors.LockAsync(login, ct);
        if ((await secondFactors.FindAsync(login, ct)).HasAuthenticator) return Redirect(PagePaths.Account);
        await secondFactors.EnrollAuthenticatorAsync(LogIn.Account, read, step, ct);
        RecoveryCodes = await secondFactors.RenewRecoveryCodesAsync(LogIn.Account, ct);
        await transaction.CommitAsync(ct);
        // The browser has shown both factors by now.
        var methods = AuthenticationMethods.Continue(LogIn.Methods, AuthenticationMethods.PasswordAndCode);
        await AddFactorAsync(methods);
        return Page();
    }

    private PageResult Show(byte[] secret)
    {
        Key = string.Join(' ', Base32Encoding.ToString(secret).Chunk(4).Select(group => new string(group)));
        ProtectedSecret = Protector.Protect(Convert.ToBase64String(secret), SecretLifetime);
        using var code = QRCodeGenerator.GenerateQrCode(Authenticator.GetUri(secret, LogIn.Account.Login!.Email), QRCodeGenerator.ECCLevel.M);
        using var svg = new SvgQRCode(code);
        QrCode = new HtmlString(svg.GetGraphic(pixelsPerModule: 4));
        return Page();
    }

    /// <summary>Returns the secret of a form; null when the form is too old, or of somebody else.</summary>
    private byte[]? ReadSecret(string? secret)
    {
        try
        {
            return Convert.FromBase64String(Protector.Unprotect(secret ?? ""));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
