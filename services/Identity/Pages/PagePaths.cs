using MedCor.Identity.Authorization;
using MedCor.Identity.IdentityProviders;
using MedCor.Identity.SecondFactors;

namespace MedCor.Identity.Pages;

/// <summary>Defines the paths of the pages.</summary>
internal static class PagePaths
{
    internal const string LogIn = AuthorizationServer.LogInPath;
    internal const string SecondFactor = LogIn + "/code";
    internal const string HospitalLogIn = ProviderSettings.LogInPath;
    internal const string Account = SecondFactorManager.AccountPath;
    internal const string Passkey = Account + "/passkey";
    internal const string Authenticator = Account + "/authenticator";

    /// <summary>Returns the address at which the account page does something.</summary>
    internal static string Handler(string name) => Account + QueryString.Create("handler", name);

    /// <summary>Returns the address of the page on which the users of a hospital log in through its provider.</summary>
    internal static string ForHospital(string subdomain, string? returnUrl) =>
        HospitalLogIn + QueryString.Create("hospital", subdomain).Add(returnUrl is null ? QueryString.Empty : QueryString.Create("return", returnUrl));

    /// <summary>Returns the address at which a login page receives a passkey.</summary>
    internal static string PasskeyHandler(string path, string? returnUrl) =>
        path + QueryString.Create("handler", "Passkey") + (returnUrl is null ? "" : QueryString.Create("return", returnUrl).Value!.Replace('?', '&'));

    /// <summary>Returns a path with the address to which its page returns in the end.</summary>
    internal static string WithReturn(string path, string? returnUrl) => returnUrl is null ? path : path + QueryString.Create("return", returnUrl);
}
