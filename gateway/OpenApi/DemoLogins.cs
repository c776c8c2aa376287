namespace MedCor.Gateway.OpenApi;

/// <summary>Represents the accounts of the demo data.</summary>
/// <param name="Password">The password of every account.</param>
/// <param name="Example">The e-mail address of the account that examples use.</param>
internal sealed partial record DemoLogins(string Password, string Example, IReadOnlyList<(string Email, string Description)> Accounts)
{
    /// <summary>Returns the demo accounts in Development; null elsewhere, and in images, which do not contain them.</summary>
    public static DemoLogins? Find(IHostEnvironment environment)
    {
        DemoLogins? logins = null;
        if (environment.IsDevelopment()) Read(ref logins);
        return logins;
    }

    static partial void Read(ref DemoLogins? logins);
}
