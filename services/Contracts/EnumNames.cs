using System.Text.Json;

namespace MedCor.Contracts;

/// <summary>Converts between the values of an enum and their names in the contract: <c>IN_PROGRESS</c> for <c>InProgress</c>.</summary>
public static class EnumNames
{
    /// <summary>Returns all names of an enum, in the order of its values.</summary>
    public static IReadOnlyList<string> All(Type type) => [.. Enum.GetNames(type).Select(JsonNamingPolicy.SnakeCaseUpper.ConvertName)];

    /// <summary>Returns the name of a value.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The enum has no such value.</exception>
    public static string Of<T>(T value) where T : struct, Enum =>
        Maps<T>.NameOf.TryGetValue(value, out var text) ? text : throw new ArgumentOutOfRangeException(nameof(value), $"{typeof(T).Name} has no such value.");

    /// <summary>Returns whether a text is exactly a name of the enum, and its value.</summary>
    public static bool TryParse<T>(string? text, out T value) where T : struct, Enum
    {
        value = default;
        return text is not null && Maps<T>.ValueOf.TryGetValue(text, out value);
    }

    /// <summary>Returns the value with a name.</summary>
    /// <exception cref="FormatException">The enum has no such name.</exception>
    public static T Parse<T>(string name) where T : struct, Enum =>
        TryParse<T>(name, out var value) ? value : throw new FormatException($"{typeof(T).Name} has no such name.");

    private static class Maps<T> where T : struct, Enum
    {
        internal static readonly Dictionary<T, string> NameOf = Enum.GetValues<T>().ToDictionary(v => v,
            v => JsonNamingPolicy.SnakeCaseUpper.ConvertName(v.ToString()));
        internal static readonly Dictionary<string, T> ValueOf = NameOf.ToDictionary(w => w.Value, w => w.Key);
    }
}
