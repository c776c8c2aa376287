using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using MedCor.Contracts;

namespace MedCor.Validation;

/// <summary>Finds all errors in a document that could not be deserialized to its type.</summary>
public static class ValidationErrors
{
    /// <summary>The name of the whole input in errors when only parameters are sent.</summary>
    internal const string Body = "body";

    /// <summary>The error text for text with half a surrogate pair, or with bytes that are not valid UTF-8.</summary>
    public const string NotUnicode = "must be valid Unicode";

    internal static Dictionary<string, List<string>> FindIn(ReadOnlyMemory<byte> json, Type type, string whole)
    {
        var mistakes = new Dictionary<string, List<string>>();
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = Json.Deepest });
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object) mistakes.AddError(whole, $"must be an object, not {DescribeKind(root)}");
            else Walk(root, type, "", null, mistakes);
        }
        catch (Exception e) when (ClientJson.IsReadFailure(e))
        {
            mistakes.AddError(whole, json.IsEmpty ? "is empty, and must be an object" : ClientJson.DescribeFailure(e, new(json)));
        }
        if (mistakes.Count == 0) mistakes.AddError(whole, "could not be read");
        return mistakes;
    }

    /// <summary>Returns an object that has only the valid fields; null when the input is not a readable object, or has more errors than are reported.</summary>
    internal static object? ReadRest(ReadOnlyMemory<byte> json, Type type, Dictionary<string, List<string>> mistakes)
    {
        if (mistakes.Count >= MaxFields) return null;
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = Json.Deepest });
            if (document.RootElement is not { ValueKind: JsonValueKind.Object } root) return null;
            var wrong = mistakes.Keys.Select(ParameterErrors.RootOf).ToHashSet();
            var right = new System.Buffers.ArrayBufferWriter<byte>();
            using (var writer = new Utf8JsonWriter(right))
            {
                writer.WriteStartObject();
                foreach (var field in root.EnumerateObject())
                    if (!wrong.Contains(Truncate(field.Name))) field.WriteTo(writer);
                writer.WriteEndObject();
            }
            return JsonSerializer.Deserialize(right.WrittenSpan, type, ClientJson.PartialOptions);
        }
        catch (Exception e) when (ClientJson.IsReadFailure(e))
        {
            return null;
        }
    }

    /// <param name="ends">The range of the number, if one is declared.</param>
    private static void Walk(JsonElement json, Type type, string path, RangeAttribute? ends, Dictionary<string, List<string>> mistakes)
    {
        var info = ClientJson.Options.GetTypeInfo(Nullable.GetUnderlyingType(type) ?? type);
        switch (info.Kind)
        {
            case JsonTypeInfoKind.Object when json.ValueKind == JsonValueKind.Object:
                WalkObject(json, info, path, mistakes);
                break;
            case JsonTypeInfoKind.Enumerable when json.ValueKind == JsonValueKind.Array:
                var i = 0;
                foreach (var element in json.EnumerateArray().TakeWhile(_ => mistakes.Count < MaxFields))
                    Walk(element, info.ElementType!, $"{path}[{i++}]", null, mistakes);
                break;
            case JsonTypeInfoKind.Object or JsonTypeInfoKind.Enumerable or JsonTypeInfoKind.Dictionary:
                if (!Fits(json, type))
                    mistakes.AddError(path, $"must be {(info.Kind == JsonTypeInfoKind.Enumerable ? "a list" : "an object")}, not {DescribeKind(json)}");
                break;
            case JsonTypeInfoKind.None when info.Type == typeof(JsonObject) && json.ValueKind == JsonValueKind.Object:
                WalkUntyped(json, path, mistakes);
                break;
            default:
                if (!Fits(json, type)) mistakes.AddError(path, DescribeExpected(info.Type, json, ends));
                break;
        }
    }

    /// <summary>Checks an untyped object, in which only repeated names and invalid Unicode are errors.</summary>
    private static void WalkUntyped(JsonElement json, string path, Dictionary<string, List<string>> mistakes)
    {
        if (json.ValueKind == JsonValueKind.Array)
        {
            var i = 0;
            foreach (var element in json.EnumerateArray().TakeWhile(_ => mistakes.Count < MaxFields)) WalkUntyped(element, $"{path}[{i++}]", mistakes);
        }
        if (json.ValueKind == JsonValueKind.String && ClientJson.GetText(json) is null) mistakes.AddError(path, NotUnicode);
        if (json.ValueKind != JsonValueKind.Object) return;
        var seen = new HashSet<string>();
        foreach (var sent in json.EnumerateObject().TakeWhile(_ => mistakes.Count < MaxFields))
        {
            var at = path.Length == 0 ? sent.Name : $"{path}.{sent.Name}";
            if (!seen.Add(sent.Name)) mistakes.AddError(at, "is given twice");
            WalkUntyped(sent.Value, at, mistakes);
        }
    }

    private static void WalkObject(JsonElement json, JsonTypeInfo info, string path, Dictionary<string, List<string>> mistakes)
    {
        var fields = info.Properties.ToDictionary(p => p.Name);
        var rules = ValidationRules.For(info.Type);
        var seen = new HashSet<string>();
        foreach (var sent in json.EnumerateObject().TakeWhile(_ => mistakes.Count < MaxFields))
        {
            var at = path.Length == 0 ? sent.Name : $"{path}.{sent.Name}";
            if (!seen.Add(sent.Name)) mistakes.AddError(at, "is given twice");
            else if (!fields.TryGetValue(sent.Name, out var field)) mistakes.AddError(at,
                $"is not a parameter; there are {(fields.Count > 0 ? string.Join(", ", fields.Keys) : "none")}{DidYouMean.Hint(sent.Name, fields.Keys)}");
            else if (sent.Value.ValueKind == JsonValueKind.Null)
            {
                if (!ParameterRules.AcceptsNull(field)) mistakes.AddError(at, "must not be null");
            }
            else
            {
                var (before, type) = (mistakes.Count, IOptional.ValueOf(field.PropertyType) ?? field.PropertyType);
                Walk(sent.Value, type, at,
                    field.AttributeProvider?.GetCustomAttributes(typeof(RangeAttribute), inherit: true) is [RangeAttribute ends] ? ends : null, mistakes);
                if (mistakes.Count == before)
                    rules.Check(field.Name, type == typeof(string) ? sent.Value.GetString() : sent.Value.Deserialize(type, ClientJson.Options), at, mistakes);
            }
        }
        foreach (var missing in fields.Values.Where(f => f.IsRequired && !seen.Contains(f.Name)))
            mistakes.AddError(path.Length == 0 ? missing.Name : $"{path}.{missing.Name}", "is required");
    }

    private static bool Fits(JsonElement json, Type type)
    {
        try
        {
            json.Deserialize(type, ClientJson.Options);
            return true;
        }
        catch (Exception e) when (ClientJson.IsReadFailure(e))
        {
            return false;
        }
    }

    /// <summary>Returns the error text that describes a valid value of a type.</summary>
    /// <param name="sent">The value that was sent instead.</param>
    /// <param name="ends">The range of the number; null for the range of the type.</param>
    public static string DescribeExpected(Type type, JsonElement sent, RangeAttribute? ends = null)
    {
        if (type.IsEnum) return $"must be one of {string.Join(", ", EnumNames.All(type))}{DidYouMean.Hint(ClientJson.GetText(sent), EnumNames.All(type))}";
        if (type == typeof(Guid)) return As(JsonValueKind.String, "a UUID");
        if (type == typeof(DateOnly)) return As(JsonValueKind.String, "a date, yyyy-MM-dd");
        if (type == typeof(TimeOnly)) return As(JsonValueKind.String, "a time of day, HH:mm:ss");
        if (type == typeof(DateTimeOffset)) return As(JsonValueKind.String, "an RFC 3339 instant with its offset, such as 2026-02-01T14:00:00Z");
        if (type == typeof(bool)) return As(JsonValueKind.True, "true or false");
        if (type == typeof(JsonObject)) return As(JsonValueKind.Object, "an object");
        // A string that cannot be read has half a surrogate pair, or bytes that are not valid UTF-8.
        if (type == typeof(string)) return sent.ValueKind == JsonValueKind.String ? NotUnicode : As(JsonValueKind.String, "text");
        var isWhole = type == typeof(int) || type == typeof(long);
        if (sent.ValueKind != JsonValueKind.Number || (isWhole && !ClientJson.IsWhole(sent)))
            return As(JsonValueKind.Number, isWhole ? "a whole number" : "a number");
        if (ends is not null) return ValidationRules.FormatRange(ends.Minimum, ends.Maximum);
        return type == typeof(int) ? ValidationRules.FormatRange(int.MinValue, int.MaxValue)
            : type == typeof(long) ? ValidationRules.FormatRange(-Json.MaxSafeInteger, Json.MaxSafeInteger)
            : "must be a number that a double-precision floating-point number can hold";

        // A value of the right JSON kind is wrong in another way, so the kind is not mentioned.
        string As(JsonValueKind kind, string wanted) => sent.ValueKind == kind ? $"must be {wanted}" : $"must be {wanted}, not {DescribeKind(sent)}";
    }

    /// <summary>Returns the name of a value's kind for error texts.</summary>
    private static string DescribeKind(JsonElement sent) => sent.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "text",
        JsonValueKind.Number => "a number",
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => "null",
    };

    /// <summary>The maximum number of fields in an error, and the maximum length of a field's name in it.</summary>
    private const int MaxFields = 100;

    /// <summary>The maximum number of errors per field.</summary>
    private const int MaxErrorsPerField = 10;

    /// <summary>Adds an error in a field. Records at most 100 fields, with at most 10 errors each.</summary>
    public static void AddError(this Dictionary<string, List<string>> mistakes, string field, string wrong)
    {
        if (!mistakes.HasRoomFor(field)) return;
        field = Truncate(field);
        if (!mistakes.TryGetValue(field, out var wrongs)) mistakes[field] = wrongs = [];
        wrongs.Add(wrong);
    }

    /// <summary>
    /// Returns whether another error in a field would be recorded. Call it before building an error text wherever a client decides how many errors there are.
    /// </summary>
    public static bool HasRoomFor(this Dictionary<string, List<string>> mistakes, string field) =>
        mistakes.TryGetValue(Truncate(field), out var wrongs) ? wrongs.Count < MaxErrorsPerField : mistakes.Count < MaxFields;

    /// <summary>Returns the error text for a comma-separated list of names in a URL that has an empty name.</summary>
    public static string EmptyName(string list) =>
        string.IsNullOrWhiteSpace(list) ? "is empty: name at least one, or leave it out" : "has an empty name: take out the comma that is too many";

    /// <summary>Returns a field's name as errors show it.</summary>
    private static string Truncate(string field) => field.Length switch
    {
        0 => "\"\"",
        > MaxFields => field[..MaxFields] + "…",
        _ => field,
    };
}
