namespace MedCor.ServiceDefaults.Lists;

/// <summary>Patterns for <c>ILIKE</c>.</summary>
public static class Like
{
    /// <summary>Matches text that contains this, in which <c>%</c>, <c>_</c> and <c>\</c> mean themselves.</summary>
    public static string Containing(string text) => $"%{Exactly(text)}%";

    /// <summary>Matches this text whatever its case.</summary>
    public static string Exactly(string text) => text.Replace("\\", "\\\\").Replace("%", "\\%").Replace("_", "\\_");
}
