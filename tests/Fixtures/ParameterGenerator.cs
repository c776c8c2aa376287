using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MedCor.Contracts;

namespace MedCor.Tests.Fixtures;

/// <summary>Generates plausible values for a tool's parameters from its JSON Schema, without knowledge of any particular tool.</summary>
internal sealed class ParameterGenerator(ToolDescriptor tool)
{
    /// <summary>The elliptic curve key of RFC 7517, appendix A.1.</summary>
    private const string PublicKeys = """
        {"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}
        """;

    private static int _counter;
    private readonly JsonObject _schema = ContractSchema.ForInput(tool.Params);

    public IEnumerable<(string Name, JsonObject Schema)> Parameters =>
        from property in _schema["properties"]?.AsObject() ?? [] select (property.Key, ResolveReference(property.Value!));

    public IReadOnlySet<string> Required => (_schema["required"]?.AsArray() ?? []).Select(n => (string)n!).ToHashSet();

    /// <summary>Gets the optional parameters. An expected version is excluded, because only a caller who knows it can send it.</summary>
    public IEnumerable<string> Optional => Parameters.Select(p => p.Name).Where(n => !Required.Contains(n) && n != "expected_version");

    /// <summary>Gets the number of values of the required choice that has the most; 1 when there is no choice.</summary>
    public int ChoiceCount => Parameters.Where(p => Required.Contains(p.Name)).Max(p => (int?)Values(p.Schema).Count) is > 0 and var most ? most : 1;

    /// <summary>Gets where IDs occur, as paths such as <c>patient_id</c> and <c>specialties[0].specialty_id</c>, with the kind of entity of each.</summary>
    public IEnumerable<(string[] Path, string Kind)> Ids => from p in Parameters from id in IdsIn([p.Name], p.Schema) select id;

    /// <summary>Generates parameters that the schema accepts: the required ones and the given optional ones.</summary>
    /// <param name="id">Returns the ID of an entity of a kind.</param>
    /// <param name="choice">The index of the value that each required choice has.</param>
    public async Task<JsonObject> Generate(IEnumerable<string> optional, Func<string, Task<string>> id, int choice = 0)
    {
        var (named, filled) = (optional.ToHashSet(), new JsonObject());
        foreach (var (name, property) in Parameters)
            if (Required.Contains(name) || named.Contains(name)) filled[name] = await Value(name, property, id, Required.Contains(name) ? choice : 0);
        return filled;
    }

    /// <summary>
    /// Returns the kind of entity that a parameter's name implies: <c>patient</c> for <c>patient_id</c>. A record stands for an ID that can be of several
    /// kinds.
    /// </summary>
    public static string KindOfId(string name) => name == "resource_id" ? "record"
        : name.EndsWith("_id", StringComparison.Ordinal) ? name[..^3]
        : throw new InvalidOperationException($"{name} takes an id, but does not say of what: name it …_id.");

    public static IReadOnlyList<string> Types(JsonObject schema) => schema["type"] switch
    {
        JsonArray many => [.. many.Select(t => (string)t!)],
        JsonValue one => [(string)one!],
        _ => [],
    };

    public static IReadOnlyList<string> Values(JsonObject schema) =>
        [.. (schema["enum"]?.AsArray() ?? []).Where(v => v?.GetValueKind() == JsonValueKind.String).Select(v => (string)v!)];

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
                foreach (var (inner, property) in at["properties"]?.AsObject() ?? [])
                    filled[inner] = await Value(inner, ResolveReference(property!), id, choice);
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
        if (name == "scope") return "people.read";
        if (name == "language") return "de";
        if (name == "jwks") return PublicKeys;
        if (name == "issuer") return "https://login.walk.example";
        var unique = Unique();
        string[] tries = [$"{name} {unique}", unique, unique.ToUpperInvariant(), name == "end" ? "17:00:00" : "09:00:00"];
        var fitting = tries.First(t => at["pattern"] is not { } pattern || Regex.IsMatch(t, (string)pattern!));
        return at["maxLength"] is { } most && fitting.Length > (int)most ? unique[^Math.Min(unique.Length, (int)most)..] : fitting;
    }

    /// <summary>Returns a date that suits the name: in the past for a birth or certification, otherwise a distinct weekday of the coming year.</summary>
    public static string Date(string name) => Day(name switch
    {
        "date_of_birth" => new(1990, 1, 1),
        _ when name.StartsWith("certification", StringComparison.Ordinal) => new(2015, 1, 1),
        _ => Weekday(Interlocked.Increment(ref _counter) % 240),
    });

    /// <summary>Returns distinct weekdays, so that appointments at the same hour do not conflict.</summary>
    private static DateOnly Weekday(int n) => DateOnly.FromDateTime(DateTime.UtcNow) is var today
        ? today.AddDays(8 - (int)today.DayOfWeek + n / 5 * 7 + n % 5) : default;

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Unique() => $"w{Guid.NewGuid().ToString("N")[..11]}{Interlocked.Increment(ref _counter)}";

    /// <summary>Resolves a reference within this tool's schema, which defines a type that occurs twice only once.</summary>
    private JsonObject ResolveReference(JsonNode at) => ResolveReference(_schema, at);

    /// <summary>Returns the target of a schema's reference; the schema itself when it has none.</summary>
    public static JsonObject ResolveReference(JsonObject schema, JsonNode at)
    {
        if (at["$ref"] is not { } reference) return at.AsObject();
        JsonNode found = schema;
        foreach (var step in ((string)reference!).Split('/').Skip(1))
            found = found is JsonArray list ? list[int.Parse(step, CultureInfo.InvariantCulture)]! : found[step]!;
        return ResolveReference(schema, found);
    }
}
