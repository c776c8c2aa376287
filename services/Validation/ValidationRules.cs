using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using MedCor.Contracts;

namespace MedCor.Validation;

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
