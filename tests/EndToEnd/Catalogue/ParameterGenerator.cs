using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MedCor.Contracts;

namespace MedCor.Tests.EndToEnd.Catalogue;

/// <summary>A tool's parameters as its JSON Schema has them, and values for them that make sense: nothing here knows any single tool.</summary>
internal sealed class ParameterGenerator(ToolDescriptor tool)
{
    private static int _counter;
    private readonly JsonObject _schema = ContractSchema.ForInput(tool.Params);

    public IEnumerable<(string Name, JsonObject Schema)> Parameters =>
        from property in _schema["properties"]?.AsObject() ?? [] select (property.Key, ResolveReference(property.Value!));

    public IReadOnlySet<string> Required => (_schema["required"]?.AsArray() ?? []).Select(n => (string)n!).ToHashSet();

    /// <summary>The parameters that may be left out. A version is expected by those alone who know it.</summary>
    public IEnumerable<string> Optional => Parameters.Select(p => p.Name).Where(n => !Required.Contains(n) && n != "expected_version");

    /// <summary>How many values the required choice with the most has; 1 when there is none.</summary>
    public int ChoiceCount => Parameters.Where(p => Required.Contains(p.Name)).Max(p => (int?)Values(p.Schema).Count) is > 0 and var most ? most : 1;

    /// <summary>Where ids stand, as paths such as <c>patient_id</c> and <c>specialties[0].specialty_id</c>, with the kind of thing each names.</summary>
    public IEnumerable<(string[] Path, string Kind)> Ids => from p in Parameters from id in IdsIn([p.Name], p.Schema) select id;

    /// <summary>Parameters that are right as far as the schema tells: the required ones and these optional ones.</summary>
    /// <param name="id">An id of a thing of this kind.</param>
    /// <param name="choice">Which value each required choice has.</param>
    public async Task<JsonObject> Generate(IEnumerable<string> optional, Func<string, Task<string>> id, int choice = 0)
    {
        var (named, filled) = (optional.ToHashSet(), new JsonObject());
        foreach (var (name, property) in Parameters)
            if (Required.Contains(name) || named.Contains(name)) filled[name] = await Value(name, property, id, Required.Contains(name) ? choice : 0);
        return filled;
    }

    /// <summary>The kind of thing that a parameter's name says its id is of: <c>patient</c> of <c>patient_id</c>. Where it may be of several kinds, a record stands for them.</summary>
    public static string KindOfId(string name) => name == "resource_id" ? "record"
        : name.EndsWith("_id", StringComparison.Ordinal) ? name[..^3] : throw new InvalidOperationException($"{name} takes an id, but does not say of what: name it …_id.");

    public static IReadOnlyList<string> Types(JsonObject schema) => schema["type"] switch
    {
        JsonArray many => [.. many.Select(t => (string)t!)],
        JsonValue one => [(string)one!],
        _ => [],
    };

    public static IReadOnlyList<string> Values(JsonObject schema) => [.. (schema["enum"]?.AsArray() ?? []).Where(v => v?.GetValueKind() == JsonValueKind.String).Select(v => (string)v!)];

    private IEnumerable<(string[] Path, string Kind)> IdsIn(string[] path, JsonObject at)
    {
        if ((string?)at["format"] == "uuid") yield return (path, KindOfId(path[^1]));
        var inner = at["items"] is JsonObject items ? ResolveReference(items) : at;
        foreach (var (name, property) in inner["properties"]?.AsObject() ?? [])
            foreach (var id in IdsIn([.. path, name], ResolveReference(property!))) yield return id;
    }

    private async Task<JsonNode> Value(string name, JsonObject at, Func<string, Task<string>> id, int choice)
    {
        if (Values(at) is { Count: > 0 } values) return values[choice % values.Count];
        switch (Types(at).FirstOrDefault(t => t != "null", "object"))
        {
            case "boolean":
                return true;
            case "integer" or "number":
                return (at["default"] ?? at["minimum"])?.DeepClone() ?? 1;
            case "array":
                return new JsonArray(await Value(name, ResolveReference(at["items"]!), id, choice));
            case "object":
                var filled = new JsonObject();
                foreach (var (inner, property) in at["properties"]?.AsObject() ?? []) filled[inner] = await Value(inner, ResolveReference(property!), id, choice);
                return filled;
        }
        return (string?)at["format"] switch
        {
            "uuid" => await id(KindOfId(name)),
            "date" => Date(name),
            "email" => $"{Unique()}@walk.example",
            _ => Text(name, at),
        };
    }

    private static string Text(string name, JsonObject at)
    {
        if ((at["examples"]?[0] ?? at["default"]) is { } given) return (string)given!;
        var unique = Unique();
        string[] tries = [$"{name} {unique}", unique, unique.ToUpperInvariant(), name == "end" ? "17:00:00" : "09:00:00"];
        var fitting = tries.First(t => at["pattern"] is not { } pattern || Regex.IsMatch(t, (string)pattern!));
        return at["maxLength"] is { } most && fitting.Length > (int)most ? unique[^Math.Min(unique.Length, (int)most)..] : fitting;
    }

    /// <summary>A day as the name says: past where somebody was born or certified, else a weekday of the coming year, each of its own.</summary>
    public static string Date(string name) => Day(name switch
    {
        "date_of_birth" => new(1990, 1, 1),
        _ when name.StartsWith("certification", StringComparison.Ordinal) => new(2015, 1, 1),
        _ => Weekday(Interlocked.Increment(ref _counter) % 240),
    });

    /// <summary>So that what is booked at the same hour meets nobody.</summary>
    private static DateOnly Weekday(int n) => DateOnly.FromDateTime(DateTime.UtcNow) is var today
        ? today.AddDays(8 - (int)today.DayOfWeek + n / 5 * 7 + n % 5) : default;

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Unique() => $"w{Guid.NewGuid().ToString("N")[..11]}{Interlocked.Increment(ref _counter)}";

    /// <summary>A type that occurs twice is written once and referred to.</summary>
    private JsonObject ResolveReference(JsonNode at) => ResolveReference(_schema, at);

    /// <summary>What a part of a schema refers to; itself when to nothing.</summary>
    public static JsonObject ResolveReference(JsonObject schema, JsonNode at)
    {
        if (at["$ref"] is not { } reference) return at.AsObject();
        JsonNode found = schema;
        foreach (var step in ((string)reference!).Split('/').Skip(1)) found = found is JsonArray list ? list[int.Parse(step, CultureInfo.InvariantCulture)]! : found[step]!;
        return ResolveReference(schema, found);
    }
}
