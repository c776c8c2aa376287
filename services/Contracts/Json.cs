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
        options.Converters.Add(new EnumNameJsonConverter());
        // For flags enums, which no client sends.
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseUpper, allowIntegerValues: false));
        options.Converters.Add(new InstantConverter());
        options.Converters.Add(new OptionalConverterFactory());
        return options;
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
