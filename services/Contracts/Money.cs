using System.Globalization;

namespace MedCor.Contracts;

/// <summary>
/// Converts amounts between whole minor units, which services use internally, and decimal text, which the contracts use. Every currency in use has hundredths.
/// </summary>
public static class Money
{
    /// <summary>Formats minor units as decimal text: 19900 is 199.00.</summary>
    public static string Format(long minorUnits) => (minorUnits / 100m).ToString("0.00", CultureInfo.InvariantCulture);

    /// <summary>Parses decimal text into minor units.</summary>
    public static long ParseMinorUnits(string text) => (long)(decimal.Parse(text, CultureInfo.InvariantCulture) * 100);
}
