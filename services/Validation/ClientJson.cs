using System.Buffers;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using MedCor.Contracts;

namespace MedCor.Validation;

/// <summary>
/// Reads JSON from clients as its JSON Schema defines it: with <see cref="Json.Strict"/>, normalized texts, canonical e-mail addresses and time zones, whole
/// numbers in any notation, and instants with an offset.
/// </summary>
public static partial class ClientJson
{
    /// <summary>Gets the options for reading client input; not for writing.</summary>
    public static JsonSerializerOptions Options { get; } = CreateOptions();

    /// <summary>Gets the options for reading the valid part of an invalid document: the same, without required properties.</summary>
    internal static JsonSerializerOptions PartialOptions { get; } = new(Options)
    {
        RespectRequiredConstructorParameters = false,
        TypeInfoResolver = Options.TypeInfoResolver!.WithAddedModifier(type =>
        {
            foreach (var property in type.Properties) property.IsRequired = false;
        }),
    };

    /// <summary>
    /// Returns whether an exception means that a document is invalid. Besides their own exception, the JSON readers throw others for half a surrogate pair and
    /// for a repeated field of an untyped object.
    /// </summary>
    public static bool IsReadFailure(Exception e) => e is JsonException or InvalidOperationException or ArgumentException;

    /// <summary>
    /// Returns an error text for a rejected document that exceeds the maximum depth; null when the document is malformed before it exceeds the depth.
    /// </summary>
    /// <param name="around">The number of levels that belong to an envelope and are not counted.</param>
    public static string? TooDeep(in ReadOnlySequence<byte> json, int around = 0)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = int.MaxValue });
        try
        {
            while (reader.Read())
                if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray && reader.CurrentDepth >= Json.Deepest + around)
                    return $"must be at most {Json.Deepest} levels deep";
        }
        catch (JsonException)
        {
            // The document is malformed before it exceeds the depth.
        }
        return null;
    }

    /// <summary>
    /// Parses a value of unknown structure. Throws <see cref="JsonException"/> when the value is malformed, repeats a field, exceeds
    /// <see cref="Json.Deepest"/>, or has text with half a surrogate pair.
    /// </summary>
    public static JsonElement Parse(string json)
    {
        try
        {
            var value = JsonElement.Parse(json, new JsonDocumentOptions { MaxDepth = Json.Deepest, AllowDuplicateProperties = false });
            ReadTexts(value);
            return value;
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException("It holds text that is none.", e);
        }

        static void ReadTexts(JsonElement value)
        {
            if (value.ValueKind == JsonValueKind.String) _ = value.GetString();
            if (value.ValueKind == JsonValueKind.Array)
                foreach (var element in value.EnumerateArray()) ReadTexts(element);
            if (value.ValueKind == JsonValueKind.Object)
                foreach (var field in value.EnumerateObject())
                {
                    _ = field.Name;
                    ReadTexts(field.Value);
                }
        }
    }

    /// <summary>Returns the text of a string that the reader is at; null when it holds half a surrogate pair, or bytes that are not UTF-8.</summary>
    public static string? ReadText(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>
    /// Returns the error text for a document that could not be read: malformed, nested too deeply, or with a name that is not valid Unicode.
    /// </summary>
    /// <param name="around">The number of levels that belong to an envelope and are not counted.</param>
    public static string DescribeFailure(Exception e, in ReadOnlySequence<byte> json, int around = 0) =>
        e is InvalidOperationException ? ValidationErrors.NotUnicode : TooDeep(json, around) ?? "must be well-formed JSON";

    /// <summary>Returns the text of a value; null when the value is not a string, or holds half a surrogate pair.</summary>
    internal static string? GetText(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static JsonSerializerOptions CreateOptions()
    {
        var options = new JsonSerializerOptions(Json.Strict)
        {
            TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { UseTextReaders } },
        };
        JsonConverter[] own = [new TextConverter(PlainText.NormalizeLine), new WholeNumberConverter<int>(int.MinValue, int.MaxValue),
            new WholeNumberConverter<long>(-Json.MaxSafeInteger, Json.MaxSafeInteger), new TimeConverter(), new StrictInstantConverter()];
        for (var i = 0; i < own.Length; i++) options.Converters.Insert(i, own[i]);
        return options;
    }

    /// <summary>Returns the function that normalizes a property's text, chosen by the property's annotations.</summary>
    internal static Func<string, string> GetTextReader(JsonPropertyInfo property) => property.AttributeProvider switch
    {
        null => PlainText.NormalizeLine,
        // A choice must match one of its values exactly.
        { } annotated when ParameterRules.HasAttribute<OpaqueAttribute>(annotated) || ParameterRules.HasAttribute<AllowedValuesAttribute>(annotated) =>
            text => text,
        // The pattern determines every character that is allowed, so none is normalized.
        { } annotated when ParameterRules.HasAttribute<RegularExpressionAttribute>(annotated) => PlainText.Trim,
        { } annotated when ParameterRules.HasAttribute<EmailAddressAttribute>(annotated) =>
            text => PlainText.NormalizeLine(text) is var line && PlainText.FindError(line, minLength: 0, isLine: true) is null
                ? EmailAddresses.Canonicalize(line) ?? line
                : line,
        { } annotated when ParameterRules.HasAttribute<TimeZoneNameAttribute>(annotated) =>
            text => TimeZoneNames.Canonicalize(PlainText.NormalizeLine(text)) ?? text,
        { } annotated when ParameterRules.HasAttribute<MultilineAttribute>(annotated) => PlainText.Normalize,
        _ => PlainText.NormalizeLine,
    };

    private static void UseTextReaders(JsonTypeInfo type)
    {
        foreach (var property in type.Properties)
        {
            if (property.PropertyType == typeof(string)) property.CustomConverter = new TextConverter(GetTextReader(property));
            if (property.PropertyType == typeof(Optional<string>))
                property.CustomConverter = new OptionalConverter<string>(new TextConverter(GetTextReader(property)));
            if (!ParameterRules.AcceptsNull(property)) property.IsSetNullable = false;
        }
    }

    private sealed class TextConverter(Func<string, string> read) : JsonConverter<string>
    {
        public override string Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String ? read(reader.GetString()!) : throw new JsonException();

        public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
    }

    /// <summary>Reads whole numbers. JSON does not distinguish integers: 30, 30.0 and 3e1 are the same number.</summary>
    private sealed class WholeNumberConverter<T>(long least, long most) : JsonConverter<T> where T : struct, IBinaryInteger<T>
    {
        public override T Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.Number && ReadWhole(ref reader) is { } number && number >= least && number <= most
                ? T.CreateChecked(number)
                : throw new JsonException();

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteNumberValue(long.CreateChecked(value));
    }

    /// <summary>Returns whether a number is whole, however large it is.</summary>
    internal static bool IsWhole(JsonElement number)
    {
        var parts = Number().Match(number.GetRawText());
        var digits = (parts.Groups["whole"].Value + parts.Groups["fraction"].Value).TrimEnd('0');
        // Parsed as a double, because the exponent can have any number of digits.
        var exponent = parts.Groups["exponent"].Value is { Length: > 0 } e ? double.Parse(e, CultureInfo.InvariantCulture) : 0;
        return digits.Trim('0').Length == 0 || exponent >= digits.Length - parts.Groups["whole"].Length;
    }

    /// <summary>Returns a whole number, computed from its digits so that it is not rounded; null when the number is not whole or is too large.</summary>
    private static long? ReadWhole(ref Utf8JsonReader reader)
    {
        if (reader.TryGetInt64(out var plain)) return plain;
        var written = Encoding.ASCII.GetString(reader.HasValueSequence ? System.Buffers.BuffersExtensions.ToArray(reader.ValueSequence) : reader.ValueSpan);
        var parts = Number().Match(written);
        var (whole, fraction) = (parts.Groups["whole"].Value, parts.Groups["fraction"].Value);
        var digits = (whole + fraction).TrimStart('0');
        if (digits.Length == 0) return 0;
        if (!int.TryParse(
            parts.Groups["exponent"].Value is { Length: > 0 } e ? e : "0", NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var exponent))
            return null;
        var significant = digits.TrimEnd('0');
        var zeros = (long)exponent - fraction.Length + digits.Length - significant.Length;
        if (zeros < 0 || significant.Length + zeros > "9007199254740991".Length) return null;
        return long.Parse(parts.Groups["sign"].Value + significant + new string('0', (int)zeros), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex("^(?<sign>-?)(?<whole>[0-9]+)(?:\\.(?<fraction>[0-9]+))?(?:[eE](?<exponent>[+-]?[0-9]+))?$")]
    private static partial Regex Number();

    private sealed class TimeConverter : JsonConverter<TimeOnly>
    {
        public override TimeOnly Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String && reader.GetString() is { Length: >= 5 and <= 16 } text && text[^1] != '\n' && Time().IsMatch(text)
                ? TimeOnly.Parse(text, CultureInfo.InvariantCulture) : throw new JsonException();

        public override void Write(Utf8JsonWriter writer, TimeOnly value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString("O", CultureInfo.InvariantCulture));
    }

    [GeneratedRegex(TextPatterns.TimeOfDay)]
    private static partial Regex Time();

    /// <summary>
    /// Reads instants as defined by RFC 3339. A time without an offset is rejected, because the instant would depend on the time zone that is assumed.
    /// </summary>
    private sealed class StrictInstantConverter : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
        {
            if (reader.TokenType != JsonTokenType.String || Instant().Match(reader.GetString()!) is not { Success: true } parts) throw new JsonException();
            // Truncated to the precision of the clock, seven digits.
            var fraction = parts.Groups["fraction"].Value;
            var text = parts.Groups["time"].Value + (fraction.Length > ".1234567".Length ? fraction[..".1234567".Length] : fraction)
                + parts.Groups["offset"].Value;
            return DateTimeOffset.TryParse(text.ToUpperInvariant(), CultureInfo.InvariantCulture, out var instant)
                ? instant.ToUniversalTime()
                : throw new JsonException();
        }

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToUniversalTime());
    }

    [GeneratedRegex("^(?<time>[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2})(?<fraction>\\.[0-9]+)?(?<offset>[Zz]|[+-][0-9]{2}:[0-9]{2})\\z")]
    private static partial Regex Instant();
}
