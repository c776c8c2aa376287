using System.ComponentModel.DataAnnotations;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
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
    public static T Read(ReadOnlyMemory<byte> json, string subject = MedCor.Validation.ValidationErrors.Body)
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
        var (value, mistakes, isComplete) = Parse(ref sent, mayRename: Renamed.Length > 0, MedCor.Validation.ValidationErrors.Body);
        if (isComplete && mistakes.Count > 0 && current is not null && await current(value!) is { } thing)
            mistakes = FindErrors(value!, UnchangedValues.Compare(json, thing));
        if (rules is not null && (mistakes.Count == 0 ? value : (T?)MedCor.Validation.ValidationErrors.ReadRest(sent, typeof(T), mistakes)) is { } right)
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
            if (!mayRename || RenameFields(json) is not { } renamed) return (default, MedCor.Validation.ValidationErrors.FindIn(json, typeof(T), whole), false);
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

/// <summary>Holds the annotation rules of a type and of the types inside it, collected once.</summary>
internal sealed class ValidationRules
{
    private static readonly System.Collections.Concurrent.ConcurrentDictionary<Type, ValidationRules> Known = new();
    private readonly Dictionary<string, ValidatedField> _fields = [];

    internal static ValidationRules For(Type type)
    {
        if (Known.TryGetValue(type, out var rules)) return rules;
        rules = new ValidationRules();
        foreach (var property in ClientJson.Options.GetTypeInfo(type).Properties)
        {
            var annotations = property.AttributeProvider?.GetCustomAttributes(inherit: true).OfType<Attribute>().ToArray() ?? [];
            var (element, many) = GetElementType(IOptional.ValueOf(property.PropertyType) ?? property.PropertyType);
            var inner = ClientJson.Options.GetTypeInfo(element).Kind == JsonTypeInfoKind.Object ? For(element) : null;
            if (inner is { _fields.Count: 0 }) inner = null;
            var rule = annotations.Select(annotation => ValidationRule.From(annotation, many)).OfType<ValidationRule>().ToArray();
            if (rule.Length > 0 || inner is not null || many || element == typeof(string) || element == typeof(JsonObject))
                rules._fields.Add(property.Name, new(property, rule, inner, many));
        }
        return Known.GetOrAdd(type, rules);
    }

    /// <param name="unchanged">The values that are not checked.</param>
    internal void Check(object value, string path, Dictionary<string, List<string>> mistakes, UnchangedValues unchanged)
    {
        foreach (var field in _fields.Values) Check(field, field.Get(value), path + field.Name, mistakes, unchanged.ForField(field.Name));
    }

    /// <summary>Checks a single field whose value could be read by itself.</summary>
    internal void Check(string name, object? value, string at, Dictionary<string, List<string>> mistakes)
    {
        if (_fields.TryGetValue(name, out var field)) Check(field, value is string text ? field.Read(text) : value, at, mistakes, default);
    }

    private static void Check(ValidatedField field, object? value, string at, Dictionary<string, List<string>> mistakes, UnchangedValues unchanged)
    {
        if (unchanged.IsWhole) return;
        foreach (var rule in field.Rules)
            if (!rule.IsSatisfied(rule.AppliesToEntries ? unchanged.Except(value) : value)) mistakes.AddError(at, rule.ErrorText);
        if (value is string single) CheckText(single, field, field.RequiresText ? 1 : 0, at, mistakes);
        if (value is JsonObject tree) CheckTexts(tree, at, mistakes);
        if (value is null) return;
        if (!field.IsList)
        {
            field.Inner?.Check(value, $"{at}.", mistakes, unchanged);
            return;
        }
        var (i, seen) = (-1, field.IsUnique ? new Dictionary<object, int>() : null);
        foreach (var element in (System.Collections.IEnumerable)value)
        {
            i++;
            if (element is not null && seen?.TryAdd(element, i) is false && !unchanged.HasRepeat(i))
                mistakes.AddError($"{at}[{i}]", $"is given twice: it is the same as {at}[{seen[element]}]");
            if (unchanged.Contains(i)) continue;
            if (element is null) mistakes.AddError($"{at}[{i}]", "must not be null");
            else if (element is string text) CheckText(text, field, field.RequiresText ? 1 : 0, $"{at}[{i}]", mistakes);
            else field.Inner?.Check(element, $"{at}[{i}].", mistakes, default);
        }
    }

    /// <summary>Reads every name and text of an untyped object, which are otherwise decoded only on access.</summary>
    private static void CheckTexts(JsonNode? node, string at, Dictionary<string, List<string>> mistakes)
    {
        try
        {
            if (node is JsonObject fields)
                foreach (var (name, value) in fields) CheckTexts(value, $"{at}.{name}", mistakes);
            else if (node is JsonArray list)
                for (var i = 0; i < list.Count; i++) CheckTexts(list[i], $"{at}[{i}]", mistakes);
            else if (node?.GetValueKind() == JsonValueKind.String) _ = node.GetValue<string>();
        }
        catch (InvalidOperationException)
        {
            mistakes.AddError(at, ValidationErrors.NotUnicode);
        }
    }

    private static void CheckText(string text, ValidatedField field, int least, string at, Dictionary<string, List<string>> mistakes)
    {
        if (field.IsOpaque)
        {
            // PostgreSQL cannot store this character.
            if (text.Contains('\0')) mistakes.AddError(at, "must not contain the character U+0000");
        }
        else if (PlainText.FindError(text, least, field.IsLine) is { } wrong) mistakes.AddError(at, wrong);
    }

    internal static (Type Element, bool Many) GetElementType(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        var info = Json.Strict.GetTypeInfo(type);
        return info.Kind == JsonTypeInfoKind.Enumerable ? (info.ElementType!, true) : (type, false);
    }

    /// <summary>Returns the error text for a number outside a range.</summary>
    internal static string FormatRange(object least, object most) => FormattableString.Invariant($"must be between {least} and {most}");

    private sealed class ValidatedField(JsonPropertyInfo property, ValidationRule[] rules, ValidationRules? inner, bool isList)
    {
        internal string Name => property.Name;
        internal Func<object, object?> Get { get; } = IOptional.ValueOf(property.PropertyType) is null
            ? property.Get!
            : value => ((IOptional)property.Get!(value)!).Value;
        internal Func<string, string> Read { get; } = ClientJson.GetTextReader(property);
        internal ValidationRule[] Rules => rules;
        internal ValidationRules? Inner => inner;
        internal bool IsList => isList;
        internal bool RequiresText { get; } = isList
            ? property.AttributeProvider?.GetCustomAttributes(inherit: true).Any(a => a is EachElementLengthAttribute { MinimumLength: > 0 }) is true
            : ParameterRules.RequiresText(property);
        internal bool IsLine { get; } = property.AttributeProvider is not { } all || !ParameterRules.HasAttribute<MultilineAttribute>(all);
        internal bool IsUnique { get; } = property.AttributeProvider is { } listed && ParameterRules.HasAttribute<UniqueItemsAttribute>(listed);
        internal bool IsOpaque { get; } = property.AttributeProvider is { } annotated && ParameterRules.HasAttribute<OpaqueAttribute>(annotated);
    }

    /// <summary>
    /// Represents an annotation's rule and its error text. Text length is counted in characters as JSON Schema counts them, and an empty text must match its
    /// pattern too.
    /// </summary>
    private sealed record ValidationRule(Func<object?, bool> IsSatisfied, string ErrorText)
    {
        /// <summary>Gets whether a list satisfies the rule when each of its entries does.</summary>
        internal bool AppliesToEntries { get; private init; }

        /// <param name="many">Whether the annotated property is a list.</param>
        internal static ValidationRule? From(Attribute annotation, bool many) => annotation switch
        {
            LengthAttribute length => new(value => value is string text ? IsWithin(text, length.MinimumLength, length.MaximumLength) : length.IsValid(value),
                GetCustomText(length) ?? $"must have {length.MinimumLength} to {length.MaximumLength} {CountedUnit(many)}"),
            MaxLengthAttribute most => new(value => value is string text ? IsWithin(text, 0, most.Length) : most.IsValid(value),
                GetCustomText(most) ?? $"must have at most {most.Length} {CountedUnit(many)}"),
            MinLengthAttribute least => new(value => value is string text ? IsWithin(text, least.Length, int.MaxValue) : least.IsValid(value),
                GetCustomText(least) ?? $"must have at least {least.Length} {CountedUnit(many)}"),
            RegularExpressionAttribute pattern when new Regex($"\\A(?:{pattern.Pattern})\\z", RegexOptions.CultureInvariant) is var whole =>
                new(value => value is not string text || whole.IsMatch(text), GetCustomText(pattern) ?? $"must match {pattern.Pattern}"),
            RangeAttribute range => new(range.IsValid, GetCustomText(range) ?? FormatRange(range.Minimum, range.Maximum)),
            EmailAddressAttribute => new(value => value is not string text || EmailAddresses.IsAcceptable(text),
                "must be an e-mail address such as anna@hospital.example, with at most 64 characters before the @ and nothing around it"),
            TimeZoneNameAttribute =>
                new(value => value is not string text || TimeZoneNames.Canonicalize(text) is not null, "must be an IANA time zone name such as Europe/Berlin"),
            EachElementAttribute each => new(each.IsValid, each.ErrorMessage!) { AppliesToEntries = true },
            ValidationAttribute other => new(other.IsValid, GetCustomText(other) ?? other.FormatErrorMessage("value")),
            _ => null,
        };

        private static string CountedUnit(bool many) => many ? "entries" : "characters";

        /// <summary>Returns the annotation's own error text, unless it has a placeholder, which would reach the caller unfilled.</summary>
        private static string? GetCustomText(ValidationAttribute annotation) =>
            annotation.ErrorMessage is { } own && !own.Contains("{0}", StringComparison.Ordinal) ? own : null;

        private static bool IsWithin(string text, int least, int most) =>
            (text.Length <= most && least == 0) || PlainText.CountCharacters(text) is var length && length >= least && length <= most;
    }
}

/// <summary>Compares what a client sent with what the client read before, to find the unchanged values.</summary>
internal readonly struct UnchangedValues(JsonNode? sent, JsonNode? current)
{
    /// <summary>The maximum length of a list whose entries are compared. No parameter accepts longer lists.</summary>
    private const int MaxComparedEntries = 1000;

    /// <param name="json">The input, which has already been parsed as JSON once.</param>
    internal static UnchangedValues Compare(ReadOnlyMemory<byte> json, object current) =>
        new(JsonNode.Parse(json.Span), JsonSerializer.SerializeToNode(current, current.GetType(), Json.Options));

    /// <summary>Gets whether the whole value is unchanged.</summary>
    internal bool IsWhole => sent is not null && IsSame(sent, current);

    internal UnchangedValues ForField(string field) => new((sent as JsonObject)?[field], (current as JsonObject)?[field]);

    /// <summary>Returns whether an entry of a list was among the entries that the client read.</summary>
    internal bool Contains(int entry) =>
        sent is JsonArray given && current is JsonArray known && entry < given.Count && given.Count <= MaxComparedEntries
        && known.Any(text => IsSame(given[entry], text));

    /// <summary>Returns whether an entry of a list occurs no more often, up to its position, than in what the client read.</summary>
    internal bool HasRepeat(int entry) => Contains(entry) && sent is JsonArray given && ((JsonArray)current!) is var known
        && given.Take(entry + 1).Count(text => IsSame(text, given[entry])) <= known.Count(text => IsSame(given[entry], text));

    /// <summary>Returns a list of texts without its unchanged entries.</summary>
    internal object? Except(object? list)
    {
        var unchanged = this;
        return current is JsonArray && list is IEnumerable<string?> texts ? texts.Where((_, i) => !unchanged.Contains(i)).ToArray() : list;
    }

    /// <summary>Compares only the fields of an object that were sent, because what a client reads has more fields than it sends back.</summary>
    private static bool IsSame(JsonNode? sent, JsonNode? current) => (sent, current) switch
    {
        (JsonObject given, JsonObject known) => given.All(field => known.TryGetPropertyValue(field.Key, out var value) && IsSame(field.Value, value)),
        (JsonArray given, JsonArray known) => given.Count == known.Count && given.Zip(known).All(pair => IsSame(pair.First, pair.Second)),
        _ => JsonNode.DeepEquals(sent, current),
    };
}

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
