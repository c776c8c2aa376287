using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace MedCor.Contracts;

/// <summary>
/// Represents a parameter of an update for a field that can be empty. If it is omitted, the field stays unchanged; null clears the field; any other value
/// replaces it. No other parameter of an update that is a field accepts null.
/// </summary>
/// <typeparam name="T">The type of the field, which may be nullable.</typeparam>
public readonly record struct Optional<T>(T Value) : IOptional
{
    /// <inheritdoc/>
    public bool IsGiven { get; } = true;

    object? IOptional.Value => Value;

    /// <summary>Returns the value of the field after the update.</summary>
    public T Or(T now) => IsGiven ? Value : now;
}

/// <summary>Represents an <see cref="Optional{T}"/> of any type.</summary>
public interface IOptional
{
    /// <summary>Gets whether the parameter was given.</summary>
    bool IsGiven { get; }

    /// <summary>Gets the given value; null when none was given.</summary>
    object? Value { get; }

    /// <summary>Returns the value type of an optional parameter, or null when the type is not an <see cref="Optional{T}"/>.</summary>
    static Type? ValueOf(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Optional<>) ? type.GetGenericArguments()[0] : null;

    /// <summary>Omits parameters from the written JSON that were omitted when the object was read.</summary>
    internal static void LeaveOut(JsonTypeInfo type)
    {
        foreach (var property in type.Properties)
            if (ValueOf(property.PropertyType) is not null) property.ShouldSerialize = (_, value) => value is IOptional { IsGiven: true };
    }
}

/// <summary>Reads and writes the value of an optional parameter.</summary>
/// <param name="of">The converter that reads the value; by default that of its type.</param>
public sealed class OptionalConverter<T>(JsonConverter<T>? of = null) : JsonConverter<Optional<T>>
{
    /// <inheritdoc/>
    public override bool HandleNull => true;

    /// <inheritdoc/>
    public override Optional<T> Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
        new(reader.TokenType == JsonTokenType.Null ? default!
            : of is null ? JsonSerializer.Deserialize<T>(ref reader, options)!
            : of.Read(ref reader, typeof(T), options)!);

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Optional<T> value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(writer, value.Value, options);
}
