using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace MedCor.Contracts;

/// <summary>Defines the JSON conventions that both ends of every connection use.</summary>
public static class Json
{
    /// <summary>The maximum nesting depth of objects and lists in JSON from a client.</summary>
    public const int Deepest = 32;

    /// <summary>The greatest integer that every JSON reader preserves exactly (RFC 8259, section 6).</summary>
    public const long MaxSafeInteger = 9_007_199_254_740_991;

    /// <summary>Gets the options for JSON that MedCor wrote: unknown fields are ignored, so that a newer sender may add some.</summary>
    public static JsonSerializerOptions Options { get; } = Configure(
        new() { TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { IOptional.LeaveOut } } });

    /// <summary>Gets the options for JSON from a client: an unknown, duplicate, missing or null field is an error.</summary>
    public static JsonSerializerOptions Strict { get; } = Configure(new()
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        AllowDuplicateProperties = false,
        MaxDepth = Deepest,
        // Set explicitly, because the type information is requested before anything is read.
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
    });

    /// <summary>Applies the conventions of the contracts to options.</summary>
    public static JsonSerializerOptions Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        // Safe: responses are never embedded in HTML, but sent as application/json with nosniff.
        options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        options.Converters.Add(new EnumNameConverter());
        // For flags enums, which no client sends.
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseUpper, allowIntegerValues: false));
        options.Converters.Add(new InstantConverter());
        options.Converters.Add(new OptionalConverterFactory());
        return options;
    }

    /// <summary>
    /// Reads and writes an enum as exactly one of its names. The converter of System.Text.Json would also accept another case, blanks around a name, and
    /// several names separated by commas, which it combines to a value that has no name.
    /// </summary>
    private sealed class EnumNameConverter : JsonConverterFactory
    {
        public override bool CanConvert(Type type) => type.IsEnum && !type.IsDefined(typeof(FlagsAttribute), inherit: false);

        public override JsonConverter CreateConverter(Type type, JsonSerializerOptions options) =>
            (JsonConverter)Activator.CreateInstance(typeof(Converter<>).MakeGenericType(type))!;

        private sealed class Converter<T> : JsonConverter<T> where T : struct, Enum
        {
            public override T Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
                reader.TokenType == JsonTokenType.String && EnumNames.TryParse<T>(reader.GetString(), out var value) ? value : throw new JsonException();

            public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(EnumNames.Of(value));
        }
    }

    private sealed class OptionalConverterFactory : JsonConverterFactory
    {
        public override bool CanConvert(Type type) => IOptional.ValueOf(type) is not null;

        public override JsonConverter CreateConverter(Type type, JsonSerializerOptions options) =>
            (JsonConverter)Activator.CreateInstance(typeof(OptionalConverter<>).MakeGenericType(IOptional.ValueOf(type)!), args: [null])!;
    }

    /// <summary>
    /// Reads and writes instants as RFC 3339 in UTC, <c>2026-02-01T14:00:00Z</c>, to the microsecond, which is the precision of the database.
    /// </summary>
    private sealed class InstantConverter : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.GetDateTimeOffset().ToUniversalTime();

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture));
    }
}

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
