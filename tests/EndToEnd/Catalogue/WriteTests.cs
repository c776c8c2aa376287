using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MedCor.Contracts;

namespace MedCor.Tests.EndToEnd.Catalogue;

/// <summary>
/// Tests that every tool that changes data does so once, however often it is called with one idempotency key, and that it returns every field it was given.
/// </summary>
public class WriteTests
{
    private static readonly string[] Secrets = ["password", "current_password", "client_secret"], SecretWords = ["password", "secret", "passphrase", "pin_"];

    private static readonly string EveryonesKey = Guid.NewGuid().ToString();

    public static TheoryData<string> Writes => CatalogueFixture.Writes;

    [Theory, MemberData(nameof(Writes))]
    public async Task A_write_that_is_repeated_with_its_key_happens_once(string name)
    {
        var (tool, premises) = (ToolCatalogue.All[name], await CatalogueFixture.Own);
        var key = "";

        // Five at once, at both gateways, with a new key for each attempt.
        var (caller, parameters, first) = await premises.CallSuccessfully(tool, async (caller, parameters) =>
        {
            key = Guid.NewGuid().ToString();
            var replies = await Task.WhenAll(Enumerable.Range(0, 5).Select(i => caller.Post(tool, parameters, key, gateway: i)));
            if (replies.Any(r => r.Status != HttpStatusCode.OK)) return replies.First(r => r.Status != HttpStatusCode.OK);
            Assert.Single(replies.Select(r => r.Text).Distinct());
            Assert.Single(replies, r => !r.IsReplay);
            return replies[0];
        });

        var again = await caller.Post(tool, parameters, key);
        Assert.True(again.IsReplay, again.ToString());
        Assert.Equal(first.Text, again.Text);

        var others = await caller.Post(tool, Others(new ParameterGenerator(tool), parameters), key);
        Assert.Equal((HttpStatusCode.Conflict, ErrorCodes.Conflict), (others.Status, others.Code));
        Assert.False(others.IsReplay);
    }

    [Theory, MemberData(nameof(Writes))]
    public async Task A_key_belongs_to_the_tool_it_was_sent_with(string name)
    {
        var (tool, premises) = (ToolCatalogue.All[name], await CatalogueFixture.Own);

        // Every tool uses the same key.
        var (caller, parameters, first) = await premises.CallSuccessfully(tool, (caller, parameters) => caller.Post(tool, parameters, EveryonesKey));

        Assert.False(first.IsReplay);
        var again = await caller.Post(tool, parameters, EveryonesKey);
        Assert.Equal((true, first.Text), (again.IsReplay, again.Text));
    }

    [Theory, MemberData(nameof(Writes))]
    public async Task A_secret_is_a_parameter_like_any_other_and_is_kept_nowhere(string name)
    {
        var (tool, house) = (ToolCatalogue.All[name], await MedCorFixture.Get());
        var secrets = new ParameterGenerator(tool).Parameters.Where(p => ParameterGenerator.Types(p.Schema).Contains("string")).Select(p => p.Name)
            .Where(p => SecretWords.Any(w => p.Contains(w, StringComparison.Ordinal))).ToArray();
        if (secrets.Length == 0) return;

        var (key, premises) = (Guid.NewGuid().ToString(), await CatalogueFixture.Own);
        var (caller, parameters, first) = await premises.CallSuccessfully(tool, (caller, parameters) => caller.Post(tool, parameters, key));
        foreach (var secret in secrets.Where(parameters.ContainsKey))
            foreach (var other in new[] { "quite another secret 2026", null })
            {
                var others = (JsonObject)parameters.DeepClone();
                if (other is null) others.Remove(secret);
                else others[secret] = other;
                var reply = await caller.Post(tool, others, key);
                Assert.True((reply.Status, reply.Code) is (HttpStatusCode.Conflict, ErrorCodes.Conflict)
                    or (HttpStatusCode.BadRequest, ErrorCodes.ValidationError), $"{secret} became {other ?? "nothing"}: {reply}");
            }

        Assert.Equal((true, first.Text), await caller.Post(tool, parameters, key) is var again ? (again.IsReplay, again.Text) : default);
        foreach (var secret in secrets.Where(parameters.ContainsKey))
            Assert.Equal(0, await house.QueryNumber(tool.Service, "SELECT count(*) FROM recorded_calls c WHERE position(cast($1 AS text) IN c::text) > 0",
                (string)parameters[secret]!));
    }

    [Theory, MemberData(nameof(Writes))]
    public async Task A_created_entity_answers_with_every_field_it_was_given(string name)
    {
        if (!name.StartsWith("create_", StringComparison.Ordinal)) return;

        var (_, parameters, reply) = await (await CatalogueFixture.Own).CallSuccessfully(ToolCatalogue.All[name]);

        foreach (var (field, given) in parameters)
            // Whether a user gets a login is asked, and no field of the user.
            if (!Secrets.Contains(field) && field != "has_login")
                Assert.True(JsonNode.DeepEquals(given, reply.Body[field]),
                    $"{field} was given as {given?.ToJsonString()} and is answered as {reply.Body[field]?.ToJsonString()}");
        Assert.DoesNotContain(reply.Body.AsObject(), f => Secrets.Contains(f.Key));
    }

    /// <summary>Returns the same parameters with another text, ID or date.</summary>
    private static JsonObject Others(ParameterGenerator draft, JsonObject parameters)
    {
        var others = (JsonObject)parameters.DeepClone();
        var (name, schema) = draft.Parameters.First(p =>
            others[p.Name] is JsonValue value && value.TryGetValue<string>(out _) && !Secrets.Contains(p.Name) && ParameterGenerator.Values(p.Schema).Count == 0
            && (p.Schema["pattern"] is not { } pattern || Regex.IsMatch($"x{others[p.Name]}", (string)pattern!)));
        others[name] = (string?)schema["format"] switch
        {
            "uuid" => Guid.CreateVersion7().ToString(),
            "date" => ParameterGenerator.Date(name),
            _ => $"x{others[name]}",
        };
        return others;
    }
}
