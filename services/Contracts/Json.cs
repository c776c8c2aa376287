using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace MedCor.Contracts;

/// <summary>How everything is written as JSON, at both ends of every connection.</summary>
public static class Json
{
    /// <summary>For what MedCor itself wrote: fields that are not known are passed over, so that a newer sender may add some.</summary>
    public static JsonSerializerOptions Options { get; } = Make(new() { TypeInfoResolver = new DefaultJsonTypeInfoResolver() });

    /// <summary>For what a client sent: an unknown, doubled, missing or null field is an error.</summary>
    public static JsonSerializerOptions Strict { get; } = Make(new()
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        AllowDuplicateProperties = false,
        MaxDepth = 32,
        // Named, since it is asked for the shape of types before it reads any.
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
    });

    /// <summary>Gives options the conventions of the contract.</summary>
    public static JsonSerializerOptions Make(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        // Never embedded in HTML: answered as application/json with nosniff.
        options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseUpper, allowIntegerValues: false));
        options.Converters.Add(new InstantConverter());
        return options;
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
