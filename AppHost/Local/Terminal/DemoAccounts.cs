namespace MedCor.Hosting.Terminal;

/// <summary>The accounts that the development default has; the identity service creates them.</summary>
internal static class DemoAccounts
{
    public const string Password = "Demo-Medcor-2026";

    public static IReadOnlyList<(string Email, string Who)> All { get; } =
    [
        ("admin@medcor.example", "platform administrator"),
        ("admin@general.example", "administrator of General Hospital"),
        ("doctor@general.example", "doctor"),
        ("nurse@general.example", "nurse"),
        ("patient@general.example", "patient"),
        ("…@riverside.example", "the same four at another hospital"),
    ];
}
