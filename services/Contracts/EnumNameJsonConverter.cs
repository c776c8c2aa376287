using System.Text.Json;
using System.Text.Json.Serialization;

namespace MedCor.Contracts;

/// <summary>
/// Reads and writes an enum as exactly one of its names. The converter of System.Text.Json would also accept another case, blanks around a name, and
/// several names separated by commas, which it combines to a value that has no name.
/// </summary>
internal sealed class EnumNameJsonConverter : JsonConverterFactory
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
