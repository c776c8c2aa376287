using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Recovery;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Extensions.Localization;

namespace MedCor.Identity.Pages;

/// <summary>Sets a password by a link. Opening the page does not spend the link: programs that check mails open links too.</summary>
internal sealed class SetPasswordModel(PasswordSetter passwords, IStringLocalizer<PageTexts> texts) : PageModel
{
    /// <summary>Gets whether the link can be used.</summary>
    public bool IsUsable { get; private set; } = true;

    /// <summary>Gets whether the password was set.</summary>
    public bool IsSet { get; private set; }

    public string? Error { get; private set; }
    public string LogInUrl { get; private set; } = PagePaths.LogIn;

    /// <summary>Returns the address of the page.</summary>
    /// <param name="returnUrl">The page to return to after the next login.</param>
    internal static string GetUrl(string token, string? returnUrl) =>
        PagePaths.SetPassword + QueryString.Create("token", token).Add(returnUrl is null ? default : QueryString.Create("return", returnUrl));

    public async Task OnGetAsync(string? token) => SetUsable(await passwords.FindLinkAsync(token, HttpContext.RequestAborted) is not null);

    public async Task OnPostAsync(string? token, string? password, [FromQuery(Name = "return")] string? returnUrl)
    {
        try
        {
            var json = JsonSerializer.SerializeToUtf8Bytes(new SetPassword(password ?? "", token ?? ""), Json.Options);
            var request = await RecoveryEndpoints.ReadAsync(json);
            await passwords.SetByLinkAsync(request.Token!, request.Password, HttpContext.RequestAborted);
            IsSet = true;
            if (Url.IsLocalUrl(returnUrl)) LogInUrl += QueryString.Create("return", returnUrl).ToUriComponent();
        }
        catch (ValidationFailed failed)
        {
            SetUsable(!failed.Details.ContainsKey("token"));
            Error = texts["This password cannot be accepted. Choose another one."];
            Response.StatusCode = StatusCodes.Status400BadRequest;
        }
    }

    private void SetUsable(bool isUsable)
    {
        IsUsable = isUsable;
        if (!isUsable) Response.StatusCode = StatusCodes.Status400BadRequest;
    }
}
