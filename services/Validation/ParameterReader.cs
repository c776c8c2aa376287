using System.Runtime.InteropServices;
using System.Text.Json;
using MedCor.Contracts;

namespace MedCor.Validation;

/// <summary>
/// Reads a tool's parameters from client input. Valid input is read in one pass; only invalid input is read again, field by field, so that the error lists
/// every invalid field.
/// </summary>
public static class ParameterReader<T> where T : notnull
{
    private static readonly ValidationRules RootRules = ValidationRules.For(typeof(T));

    /// <summary>The field names that older clients send, each with its current name.</summary>
    private static readonly (string Old, string Own)[] Renamed =
        [.. from property in Json.Strict.GetTypeInfo(typeof(T)).Properties
            from also in property.AttributeProvider?.GetCustomAttributes(typeof(AliasAttribute), inherit: false) ?? []
            select (((AliasAttribute)also).Name, property.Name)];

    /// <summary>
    /// Returns the parameters. Throws <see cref="ValidationFailed"/> listing every field that is missing, unknown, of the wrong type or out of range.
    /// </summary>
    /// <param name="subject">The name of the whole input in errors when the input is not a readable object.</param>
    public static T Read(ReadOnlyMemory<byte> json, string subject = ValidationErrors.Body)
    {
        var (value, mistakes, _) = Parse(ref json, mayRename: Renamed.Length > 0, subject);
        return mistakes.Count > 0 ? throw new ValidationFailed(mistakes) : value!;
    }

    /// <summary>
    /// Returns the parameters, checked also by rules that annotations cannot express. Throws <see cref="ValidationFailed"/> listing every violation of both.
    /// </summary>
    /// <param name="current">
    /// For updates: returns the object as the caller reads it before the change. Called only when an annotation's rule is violated. Values that are sent back
    /// unchanged need not satisfy rules that were added after they were stored; only changed values must.
    /// </param>
    /// <param name="rules">Adds further errors. Receives the parameters without those that are already invalid, which have the default of their type.</param>
    public static async Task<T> ReadAsync(ReadOnlyMemory<byte> json, Func<T, Task<object?>>? current = null, Func<T, ParameterErrors, Task>? rules = null)
    {
        var sent = json;
        var (value, mistakes, isComplete) = Parse(ref sent, mayRename: Renamed.Length > 0, ValidationErrors.Body);
        if (isComplete && mistakes.Count > 0 && current is not null && await current(value!) is { } thing)
            mistakes = FindErrors(value!, UnchangedValues.Compare(json, thing));
        if (rules is not null && (mistakes.Count == 0 ? value : (T?)ValidationErrors.ReadRest(sent, typeof(T), mistakes)) is { } right)
            await rules(right, new(mistakes));
        return mistakes.Count > 0 ? throw new ValidationFailed(mistakes) : value!;
    }

    private static Dictionary<string, List<string>> FindErrors(T value, UnchangedValues unchanged = default)
    {
        var mistakes = new Dictionary<string, List<string>>();
        RootRules.Check(value, "", mistakes, unchanged);
        return mistakes;
    }

    /// <summary>Returns the parameters, which are null when they could not be read, and their errors.</summary>
    /// <param name="json">The input; on return, with the current field names.</param>
    private static (T? Value, Dictionary<string, List<string>> Mistakes, bool IsComplete) Parse(ref ReadOnlyMemory<byte> json, bool mayRename, string whole)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json.Span, ClientJson.Options) is { } value
                ? (value, FindErrors(value), true)
                : (default, new() { [whole] = ["must be an object, not null"] }, false);
        }
        catch (Exception e) when (ClientJson.IsReadFailure(e))
        {
            if (!mayRename || RenameFields(json) is not { } renamed) return (default, ValidationErrors.FindIn(json, typeof(T), whole), false);
            json = renamed;
            return Parse(ref json, mayRename: false, whole);
        }
    }

    /// <summary>
    /// Returns the input of an older client with current field names, its values unchanged to the byte; null when the input cannot be renamed.
    /// </summary>
    private static byte[]? RenameFields(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new() { MaxDepth = Json.Deepest, AllowDuplicateProperties = false });
            if (document.RootElement is not { ValueKind: JsonValueKind.Object } sent) return null;
            var renamed = new System.Buffers.ArrayBufferWriter<byte>();
            using (var writer = new Utf8JsonWriter(renamed))
            {
                writer.WriteStartObject();
                foreach (var field in sent.EnumerateObject())
                {
                    var own = Renamed.FirstOrDefault(name => name.Old == field.Name).Own;
                    writer.WritePropertyName(own is null || sent.TryGetProperty(own, out _) ? field.Name : own);
                    writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(field.Value), skipInputValidation: true);
                }
                writer.WriteEndObject();
            }
            return renamed.WrittenSpan.ToArray();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException) // half a surrogate pair, or a repeated name
        {
            return null;
        }
    }
}
