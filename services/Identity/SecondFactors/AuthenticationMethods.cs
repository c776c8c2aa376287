namespace MedCor.Identity.SecondFactors;

/// <summary>Represents how a user has logged in: the values of the claim <c>amr</c> (RFC 8176), separated by spaces.</summary>
internal static class AuthenticationMethods
{
    internal const string Password = "pwd";
    internal const string PasswordAndCode = "pwd otp mfa";

    /// <summary>RFC 8176 has no value for a recovery code.</summary>
    internal const string PasswordAndRecoveryCode = "pwd mfa";

    /// <summary>Returns the methods of a login with a passkey, which proves possession of a device and, on it, who uses it.</summary>
    /// <param name="former">The methods by which the user has logged in before; null for none.</param>
    /// <param name="isSynced">Whether the key may leave the device on which it was made.</param>
    internal static string AddPasskey(string? former, bool isSynced) => $"{(former is null ? "" : former + " ")}{(isSynced ? "swk" : "hwk")} mfa";

    /// <summary>Returns the values of the claim; those of a password for a session from before they were recorded.</summary>
    internal static string[] GetClaim(string? methods) => (methods ?? Password).Split(' ');

    /// <summary>The classes of authentication that clients can ask for, and that tokens name in <c>acr</c>.</summary>
    internal const string OneFactorClass = "pwd", TwoFactorsClass = "mfa";

    /// <summary>Returns the class of a login.</summary>
    internal static string GetContextClass(string? methods) => HasTwoFactors(methods) ? TwoFactorsClass : OneFactorClass;

    /// <summary>Returns whether a user has logged in with two factors.</summary>
    internal static bool HasTwoFactors(string? methods) => GetClaim(methods).Contains("mfa");
}
