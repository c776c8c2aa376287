using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Contracts.Identity;
using MedCor.Validation;

namespace MedCor.Tests.Unit.Validation;

/// <summary>Tests that schemas and readers agree: for every parameter of every tool, every answer to a guided prompt, chat and login.</summary>
public sealed class SchemaAgreementTests
{
    /// <summary>Gets every type that clients send. Of the chat service, that includes the answers to its prompts: every type that is not a response.</summary>
    public static TheoryData<Type> Read =>
    [
        .. ToolCatalogue.All.Values.Select(tool => tool.Params),
        .. typeof(ExecuteCall).Assembly.GetTypes()
            .Where(type => type is { IsPublic: true, IsAbstract: false, IsEnum: false, IsGenericType: false, Namespace: "MedCor.Contracts.Chat" }
                && !type.IsSubclassOf(typeof(IntegrationEvent)) && !type.IsDefined(typeof(ToolAttribute))
                && ToolCatalogue.All.Values.All(tool => tool.Result != type) && type != typeof(PromptStep) && type != typeof(PromptDescription)),
        typeof(LogIn), typeof(RefreshSession), typeof(LogOut),
    ];

    [Theory, MemberData(nameof(Read))]
    public void A_value_is_taken_if_and_only_if_the_schema_says_so(Type type)
    {
        var (schema, disagreements) = (ContractSchema.ForInput(type), new List<string>());
        foreach (var (name, property, write) in Properties(schema))
        {
            // No schema can list the time zones.
            if (property["examples"] is not null) continue;
            foreach (var json in SampleValues.ForParameter(property))
            {
                var isRight = SampleValues.IsValid(schema, property, json);
                if (isRight == SampleValues.MentionsParameter(Refusals(type, write(json)), name))
                    disagreements.Add($"{name}: {json[..Math.Min(json.Length, 80)]} is {(isRight ? "right" : "wrong")} by {property.ToJsonString()}");
            }
        }
        Assert.Empty(disagreements);
    }

    /// <summary>Ensures that every text has a constraint to test against.</summary>
    [Theory, MemberData(nameof(Read))]
    public void The_schema_restricts_the_characters_of_every_text(Type type) => Assert.All(Properties(ContractSchema.ForInput(type)), property => Assert.True(
        !ParameterGenerator.Types(property.Schema).Contains("string")
        || (property.Schema["pattern"] ?? property.Schema["format"] ?? property.Schema["enum"] ?? property.Schema["examples"]) is not null, property.Name));

    [Theory, MemberData(nameof(Read))]
    public void Spaces_around_a_text_are_trimmed_before_it_is_checked(Type type)
    {
        var (schema, refused) = (ContractSchema.ForInput(type), new List<string>());
        foreach (var (name, property, write) in Properties(schema).Where(p => IsTrimmed(p.Schema)))
        {
            string[] examples = [.. property["examples"]?.AsArray().Select(e => e!.ToJsonString()) ?? []];
            var right = SampleValues.ForParameter(property).Concat(examples)
                .Where(json => json is ['"', not ' ', .., not ' ', '"'] && !json.Contains('\\', StringComparison.Ordinal)
                    && !SampleValues.MentionsParameter(Refusals(type, write(json)), name)).Take(5).ToArray();
            if (right.Length == 0) refused.Add($"{name}: nothing was tried");
            foreach (var json in right)
                if (Refusals(type, write($"\" \\t{json[1..^1]}\u2003\\r\\n\"")) is var details && SampleValues.MentionsParameter(details, name))
                    refused.Add($"{name}: {json} with spaces around it is told {details.ToJsonString()}");
        }
        Assert.Empty(refused);

        // Choices, opaque texts, ids, days and times are written in one way.
        static bool IsTrimmed(JsonObject schema) =>
            ParameterGenerator.Types(schema).Contains("string") && schema["enum"] is null && (string?)schema["format"] is null or "email"
                && (string?)schema["pattern"] is not ("^[^\\u0000]*$" or TextPatterns.TimeOfDay);
    }

    /// <summary>A value out of range is answered with the bound, a value of the wrong type with the expected type, and every count names its unit.</summary>
    [Theory, MemberData(nameof(Read))]
    public void A_refusal_names_the_reason(Type type)
    {
        var (schema, vague) = (ContractSchema.ForInput(type), new List<string>());
        foreach (var (name, property, write) in Properties(schema))
        {
            var types = ParameterGenerator.Types(property);
            foreach (var (json, reason) in Reasons(property, types))
                if (!Refusals(type, write(json)).Where(d => d.Key == name).SelectMany(d => d.Value!.AsArray())
                    .Any(wrong => ((string)wrong!).Contains(reason, StringComparison.Ordinal)))
                    vague.Add(
                        $"{name}: {json[..Math.Min(json.Length, 40)]} should be told '{reason}', and is told {Refusals(type, write(json)).ToJsonString()}");
        }
        Assert.Empty(vague);
    }

    [Theory, MemberData(nameof(Read))]
    public void An_entry_of_a_list_that_is_given_twice_is_named_by_its_place(Type type)
    {
        // Lists whose entries may repeat, may not overlap, are told apart by their ID alone, apply in their order, or are answered.
        string[] others = ["messages", "input.messages", "working_hours", "breaks", "exceptions", "specialties", "role_mappings", "call_ids"];
        var schema = ContractSchema.ForInput(type);
        foreach (var (name, property, write) in Properties(schema).Where(p => ParameterGenerator.Types(p.Schema).Contains("array")))
        {
            Assert.True(others.Contains(name) != (property["uniqueItems"] is not null), $"{name}: may an entry stand in it twice?");
            if (others.Contains(name)) continue;
            var entry = ParameterGenerator.Types(ParameterGenerator.ResolveReference(schema, property["items"]!)) switch
            {
                var types when types.Contains("integer") => property["items"]!["minimum"]!.ToJsonString(),
                var types when types.Contains("string") => ChoiceOr(property, "Anna"),
                _ when name == "identifiers" => "{\"system\":\"Anna\",\"value\":\"1\"}",
                _ when name == "notified_users" => "{\"user_id\":\"01980000-0000-7000-8001-00000000000a\"}",
                _ => "{\"name\":\"Anna\"}",
            };

            var refused = Refusals(type, write($"[{entry},{entry}]"));

            Assert.Equal($"is given twice: it is the same as {name}[0]", (string?)refused[$"{name}[1]"]?[0]);
        }
    }

    private static decimal Number(JsonNode bound) => decimal.Parse(bound.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture);

    private static IEnumerable<(string Json, string Reason)> Reasons(JsonObject property, IReadOnlyList<string> types)
    {
        if (types.Contains("integer"))
        {
            var bounds = $"must be between {property["minimum"]} and {property["maximum"]}";
            foreach (var json in (string[])[$"{Number(property["minimum"]!) - 1}", $"{Number(property["maximum"]!) + 1}", "1e30", "-1e400"])
                yield return (json, bounds);
            yield return ("0.5", "whole number");
        }
        if (property["enum"] is not null) yield break;
        if (types.Contains("integer") || types.Contains("number") || types.Contains("boolean")) yield return ("\"0\"", "not text");
        if (types.Contains("string") || types.Contains("array") || types.Contains("boolean")) yield return ("7", "not a number");
        if (types.Contains("string") || types.Contains("integer") || types.Contains("number")) yield return ("[]", "not a list");
        if (types.Contains("string") || types.Contains("array")) yield return ("{}", "not an object");
        if ((int?)property["maxLength"] is { } longest && property["format"] is null && property["examples"] is null)
            yield return ($"\"{new string('a', longest + 1)}\"", $"{longest} characters");
        if ((int?)property["maxItems"] is { } most && property["items"]?["type"] is JsonValue item && (string?)item == "string")
            yield return ($"[{string.Join(',', Enumerable.Repeat(ChoiceOr(property, "a"), most + 1))}]", $"{most} entries");
    }

    /// <summary>Returns an entry of a list, as JSON: a choice if its entries are choices, otherwise the text.</summary>
    private static string ChoiceOr(JsonObject list, string text) => $"\"{list["items"]!["enum"]?[0] ?? text}\"";

    /// <summary>A placeholder that is not filled in would reach the caller.</summary>
    [Theory, MemberData(nameof(Read))]
    public void No_refusal_has_a_placeholder_in_it(Type type)
    {
        var schema = ContractSchema.ForInput(type);
        foreach (var (_, property, write) in Properties(schema))
            foreach (var json in SampleValues.ForParameter(property).Take(12))
                Assert.DoesNotContain(Refusals(type, write(json)).SelectMany(d => d.Value is JsonArray wrongs ? wrongs.Select(w => (string)w!) : []),
                    wrong => wrong.Contains("{0}", StringComparison.Ordinal));
    }

    private static JsonObject Refusals(Type type, string json)
    {
        try
        {
            typeof(ParameterReader<>).MakeGenericType(type).GetMethod("Read", BindingFlags.Public | BindingFlags.Static)!
                .Invoke(null, [(ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(json), "body"]);
            return [];
        }
        catch (TargetInvocationException e) when (e.InnerException is ValidationFailed invalid)
        {
            return invalid.Details;
        }
    }

    /// <summary>
    /// Returns the parameters and their nested properties, named as in validation errors, each with a function that writes parameters with only this value.
    /// </summary>
    private static IEnumerable<(string Name, JsonObject Schema, Func<string, string> Write)> Properties(JsonObject schema)
    {
        foreach (var (name, property) in schema["properties"]?.AsObject() ?? [])
        {
            var resolved = ParameterGenerator.ResolveReference(schema, property!);
            yield return (name, resolved, json => $"{{\"{name}\":{json}}}");
            var (inside, isList) = resolved["items"] is JsonObject items ? (ParameterGenerator.ResolveReference(schema, items), true) : (resolved, false);
            foreach (var (inner, part) in inside["properties"]?.AsObject() ?? [])
                yield return isList
                    ? ($"{name}[0].{inner}", ParameterGenerator.ResolveReference(schema, part!), json => $"{{\"{name}\":[{{\"{inner}\":{json}}}]}}")
                    : ($"{name}.{inner}", ParameterGenerator.ResolveReference(schema, part!), json => $"{{\"{name}\":{{\"{inner}\":{json}}}}}");
        }
    }
}
