using System.Globalization;

namespace MedCor.Contracts;

/// <summary>Amounts: whole minor units inside a service, decimal text outside. Every currency in use has hundredths.</summary>
public static class Money
{
    /// <summary>Minor units as decimal text: 19900 is 199.00.</summary>
    public static string Format(long minorUnits) => (minorUnits / 100m).ToString("0.00", CultureInfo.InvariantCulture);

    /// <summary>The other way round.</summary>
    public static long ParseMinorUnits(string text) => (long)(decimal.Parse(text, CultureInfo.InvariantCulture) * 100);
}
