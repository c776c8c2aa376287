namespace MedCor.Identity.SecondFactors;

/// <summary>Represents how a user has logged in: the values of the claim <c>amr</c> (RFC 8176), separated by spaces.</summary>
internal static class AuthenticationMethods
{
    internal const string Password = "pwd";
    internal const string PasswordAndCode = "pwd otp mfa";

    /// <summary>RFC 8176 has no value for a recovery code.</summary>
    internal const string PasswordAndRecoveryCode = "pwd mfa";

    /// <summary>RFC 8176 has no value for a login at another provider; this one is customary.</summary>
    private const string Federated = "fed";

    /// <summary>The values of RFC 8176 that a provider may say, besides <c>mfa</c>.</summary>
    private static readonly string[] ProviderMethods =
        ["face", "fpt", "geo", "hwk", "iris", "kba", "mca", "otp", "pin", "pop", "pwd", "rba", "retina", "sc", "sms", "swk", "tel", "user", "vbm", "wia"];

    /// <summary>The values of a provider for something that the user has.</summary>
    private static readonly string[] Possessions = ["otp", "hwk", "swk", "sc"];

    /// <summary>The values of a provider for something that the user knows or is. Together with a possession, it makes two factors.</summary>
    private static readonly string[] OtherFactors = ["pwd", "pin", "fpt", "face"];

    /// <summary>The authentication contexts that stand for two factors: of OpenID's Extended Authentication Profile, of REFEDS and of Microsoft.</summary>
    private static readonly string[] TwoFactorContexts =
        ["phr", "phrh", "https://refeds.org/profile/mfa", "http://schemas.microsoft.com/claims/multipleauthn"];

    /// <summary>Returns the methods of a login at a provider, as far as it says any.</summary>
    /// <param name="methods">The claim <c>amr</c> of the provider.</param>
    /// <param name="context">The claim <c>acr</c> of the provider; null when it says none.</param>
    internal static string FromProvider(IReadOnlyList<string> methods, string? context) => string.Join(' ',
    [
        Federated, .. ProviderMethods.Where(methods.Contains),
        .. HasTwoFactors(methods, context) ? ["mfa"] : (string[])[],
    ]);

    /// <summary>Returns whether a user has logged in at a provider.</summary>
    internal static bool IsFederated(string methods) => methods.Split(' ').Contains(Federated);

    /// <summary>Returns the methods of a login with another second factor.</summary>
    /// <param name="first">How the user has begun the login.</param>
    /// <param name="methods">The methods of a login with a password and the factor.</param>
    internal static string Continue(string first, string methods) =>
        IsFederated(first) ? HasTwoFactors(first) ? first : WithoutRepetition(first + methods[Password.Length..]) : methods;

    /// <summary>Returns the methods of a login with a passkey, which proves possession of a device and, on it, who uses it.</summary>
    /// <param name="former">The methods by which the user has logged in before; null for none.</param>
    /// <param name="isSynced">Whether the key may leave the device on which it was made.</param>
    internal static string AddPasskey(string? former, bool isSynced) =>
        WithoutRepetition($"{(former is null ? "" : former + " ")}{(isSynced ? "swk" : "hwk")} mfa");

    /// <summary>Returns the values of the claim; those of a password for a session from before they were recorded.</summary>
    internal static string[] GetClaim(string? methods) => (methods ?? Password).Split(' ');

    /// <summary>The classes of authentication that clients can ask for, and that tokens name in <c>acr</c>.</summary>
    internal const string OneFactorClass = "pwd", TwoFactorsClass = "mfa";

    /// <summary>Returns the class of a login.</summary>
    internal static string GetContextClass(string? methods) => HasTwoFactors(methods) ? TwoFactorsClass : OneFactorClass;

    /// <summary>Returns whether a user has logged in with two factors.</summary>
    internal static bool HasTwoFactors(string? methods) => GetClaim(methods).Contains("mfa");

    /// <summary>Returns whether a provider says that it has asked for two factors, or names two of different kinds.</summary>
    private static bool HasTwoFactors(IReadOnlyList<string> methods, string? context) =>
        methods.Contains("mfa") || (methods.Any(Possessions.Contains) && methods.Any(OtherFactors.Contains)) || TwoFactorContexts.Contains(context);

    private static string WithoutRepetition(string methods) => string.Join(' ', methods.Split(' ').Distinct());
}
