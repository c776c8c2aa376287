namespace MedCor.Identity;

/// <summary>Defines the paths of the pages, for links in pages, in mails and in errors. Each is also the route of its page.</summary>
internal static class PagePaths
{
    internal const string LogIn = "/oauth/login";
    internal const string SecondFactor = LogIn + "/code";
    internal const string HospitalLogIn = LogIn + "/hospital";

    /// <summary>The path to which a provider returns, followed by the ID of the hospital.</summary>
    internal const string HospitalCallback = LogIn + "/callback";

    internal const string Forgot = "/oauth/forgot";
    internal const string SetPassword = "/oauth/set-password";
    internal const string ConfirmEmail = "/oauth/confirm-email";
    internal const string ReviewEmailChange = "/oauth/email-change";
    internal const string LinkHospital = "/oauth/link-hospital";
    internal const string Account = "/oauth/account";
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
