using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace MedCor.Contracts;

/// <summary>
/// A parameter of a change, for a field that may be without a value. Left out, it leaves the field as it is; null clears it; anything else is its new value. No other parameter that a change has for a field takes null.
/// </summary>
/// <typeparam name="T">What the field holds, which may be null.</typeparam>
public readonly record struct Optional<T>(T Value) : IOptional
{
    /// <inheritdoc/>
    public bool IsGiven { get; } = true;

    object? IOptional.Value => Value;

    /// <summary>The field's value after the change.</summary>
    public T Or(T now) => IsGiven ? Value : now;
}

/// <summary>An <see cref="Optional{T}"/> of whatever type.</summary>
public interface IOptional
{
    /// <summary>Whether it was not left out.</summary>
    bool IsGiven { get; }

    /// <summary>What was given; null when nothing was.</summary>
    object? Value { get; }

    /// <summary>Returns the type of an optional parameter's value; null when a type is that of another parameter.</summary>
    static Type? ValueOf(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Optional<>) ? type.GetGenericArguments()[0] : null;

    /// <summary>Leaves out of an object that is written what was left out when it was read.</summary>
    internal static void LeaveOut(JsonTypeInfo type)
    {
        foreach (var property in type.Properties)
            if (ValueOf(property.PropertyType) is not null) property.ShouldSerialize = (_, value) => value is IOptional { IsGiven: true };
    }
}

/// <summary>Reads and writes what is given.</summary>
/// <param name="of">How the value is read; as its type is unless given.</param>
public sealed class OptionalConverter<T>(JsonConverter<T>? of = null) : JsonConverter<Optional<T>>
{
    /// <inheritdoc/>
    public override bool HandleNull => true;

    /// <inheritdoc/>
    public override Optional<T> Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
        new(reader.TokenType == JsonTokenType.Null ? default! : of is null ? JsonSerializer.Deserialize<T>(ref reader, options)! : of.Read(ref reader, typeof(T), options)!);

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Optional<T> value, JsonSerializerOptions options) => JsonSerializer.Serialize(writer, value.Value, options);
}
