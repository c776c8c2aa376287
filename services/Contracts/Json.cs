using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace MedCor.Contracts;

/// <summary>How everything is written as JSON, at both ends of every connection.</summary>
public static class Json
{
    /// <summary>How many objects and lists may stand in one another in what a client sent.</summary>
    public const int Deepest = 32;

    /// <summary>The greatest whole number that every JSON reader keeps exactly (RFC 8259, section 6).</summary>
    public const long MaxSafeInteger = 9_007_199_254_740_991;

    /// <summary>For what MedCor itself wrote: fields that are not known are passed over, so that a newer sender may add some.</summary>
    public static JsonSerializerOptions Options { get; } = Configure(new() { TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { IOptional.LeaveOut } } });

    /// <summary>For what a client sent: an unknown, doubled, missing or null field is an error.</summary>
    public static JsonSerializerOptions Strict { get; } = Configure(new()
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        AllowDuplicateProperties = false,
        MaxDepth = Deepest,
        // Named, since it is asked for the shape of types before it reads any.
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
    });

    /// <summary>Gives options the conventions of the contract.</summary>
    public static JsonSerializerOptions Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        // Never embedded in HTML: answered as application/json with nosniff.
        options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        options.Converters.Add(new EnumNameConverter());
        // Of several values at once, which no client sends.
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseUpper, allowIntegerValues: false));
        options.Converters.Add(new InstantConverter());
        options.Converters.Add(new OptionalConverterFactory());
        return options;
    }

    /// <summary>
    /// Reads and writes an enum as exactly one of its words. The converter of System.Text.Json would also read another case, blanks around a word, and
    /// several words with commas between them, of which it makes a value that nobody named.
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

    /// <summary>RFC 3339 in UTC, <c>2026-02-01T14:00:00Z</c>, to the microsecond that the database keeps.</summary>
    private sealed class InstantConverter : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.GetDateTimeOffset().ToUniversalTime();

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture));
    }
}

/// <summary>The words by which the contract calls the values of an enum: <c>IN_PROGRESS</c> of <c>InProgress</c>.</summary>
public static class EnumNames
{
    /// <summary>All words of an enum, in the order of its values.</summary>
    public static IReadOnlyList<string> All(Type type) => [.. Enum.GetNames(type).Select(JsonNamingPolicy.SnakeCaseUpper.ConvertName)];

    /// <summary>The word of a value. Throws <see cref="ArgumentOutOfRangeException"/> when the enum has no such value.</summary>
    public static string Of<T>(T value) where T : struct, Enum =>
        Maps<T>.NameOf.TryGetValue(value, out var word) ? word : throw new ArgumentOutOfRangeException(nameof(value), $"{typeof(T).Name} has no such value.");

    /// <summary>The value of a word; false when it is not exactly a word of the enum.</summary>
    public static bool TryParse<T>(string? word, out T value) where T : struct, Enum
    {
        value = default;
        return word is not null && Maps<T>.ValueOf.TryGetValue(word, out value);
    }

    private static class Maps<T> where T : struct, Enum
    {
        internal static readonly Dictionary<T, string> NameOf = Enum.GetValues<T>().ToDictionary(v => v, v => JsonNamingPolicy.SnakeCaseUpper.ConvertName(v.ToString()));
        internal static readonly Dictionary<string, T> ValueOf = NameOf.ToDictionary(w => w.Value, w => w.Key);
    }
}
