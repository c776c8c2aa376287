using System.Net;
using System.Text.Json.Nodes;
using MedCor.Contracts;

namespace MedCor.Tests.EndToEnd.Catalogue;

/// <summary>
/// Tests that every input is answered with the result or with the error envelope that names what is wrong: never with a server fault, never with silence.
/// </summary>
public class InputTests
{
    private static readonly SemaphoreSlim Turn = new(8);

    /// <summary>Values as they are written in JSON, by type.</summary>
    private static readonly (string Type, string Json)[] Odd =
    [
        ("null", "null"),
        ("boolean", "true"),
        ("integer", "-1"), ("integer", "0"), ("integer", "2147483648"), ("integer", "9223372036854775807"), ("number", "1000000000000000000000000000000"),
        ("number", "0.5"), ("number", "1e400"),
        ("string", "\"\""), ("string", "\" \""), ("string", "\"x\""), ("string", "\"\\u0000\""), ("string", "\"a\\u0000b\""),
        ("string", "\"🩺 Ärztin ‮ %_\\\\ ' ; --\""),
        ("string", "\"0001-01-01\""), ("string", "\"9999-12-31\""), ("string", "\"2026-02-30\""), ("string", "\"0001-01-01T00:00:00+14:00\""),
        ("string", "\"9999-12-31T23:59:59.9999999-14:00\""),
        ("string", "\"00:00:00\""), ("string", "\"23:59:59.9999999\""), ("string", "\"24:00:00\""), ("string", "\"00000000-0000-0000-0000-000000000000\""),
        ("string", $"\"{new string('x', 100_000)}\""),
        ("array", "[]"), ("array", "[null]"), ("array", "[{}]"), ("array", "[\"\\u0000\"]"), ("array", $"[{string.Join(',', Enumerable.Repeat("1", 10_000))}]"),
        ("array", $"[{string.Join(',', Enumerable.Repeat("\"x\"", 10_000))}]"), ("object", "{}"), ("object", "{\"a\":{\"b\":[]}}"),
    ];

    /// <summary>Text that is not valid JSON, so that no field is to blame.</summary>
    private static readonly string[] Broken = ["\"\\ud800\"", $"{new string('[', 200)}{new string(']', 200)}",
        string.Concat(Enumerable.Repeat("{\"a\":", 40)) + "1" + new string('}', 40), "NaN", "'x'", ""];

    public static TheoryData<string> Tools => CatalogueFixture.Tools;

    [Theory, MemberData(nameof(Tools))]
    public async Task No_value_of_any_parameter_is_too_odd_to_be_answered(string name)
    {
        var (tool, premises) = (ToolCatalogue.All[name], await CatalogueFixture.Own);
        var (caller, parameters, _) = await premises.CallSuccessfully(tool);
        var draft = new ParameterGenerator(tool);
        // Hashing a password in every attempt would dominate the test.
        foreach (var secret in draft.Optional.Where(o => o.Contains("password", StringComparison.Ordinal))) parameters.Remove(secret);
        var tries = from p in draft.Parameters
                    from odd in Odd
                    select (p.Name, Sent: Json(parameters, p.Name, odd.Json), IsWrong: !Fits(odd.Type, ParameterGenerator.Types(p.Schema)));
        var broken = from p in draft.Parameters.Take(1) from json in Broken select (p.Name, Sent: Json(parameters, p.Name, json), IsWrong: false);
        var huge = from p in draft.Parameters.Where(p => ParameterGenerator.Types(p.Schema).Contains("string")).Take(1)
                   select (p.Name, Sent: Json(parameters, p.Name, $"\"{new string('ä', 500_000)}\""), IsWrong: false);

        await Task.WhenAll(tries.Concat(broken).Concat(huge).Select(async t =>
        {
            await Turn.WaitAsync();
            try
            {
                var reply = await caller.Post(name, t.Sent);
                if (t.IsWrong) AssertNames(reply, t.Name, t.Sent);
                else AssertSane(reply, t.Sent);
            }
            finally
            {
                Turn.Release();
            }
        }));
    }

    [Theory, MemberData(nameof(Tools))]
    public async Task All_that_is_wrong_is_named_at_once(string name)
    {
        var (tool, premises) = (ToolCatalogue.All[name], await CatalogueFixture.Own);
        var (caller, draft) = (premises.CallersAllowed(tool).First(), new ParameterGenerator(tool));
        var wrong = draft.Parameters.Select(p => $"\"{p.Name}\":{(ParameterGenerator.Types(p.Schema).Contains("object") ? "[]" : "{}")}")
            .Append("\"no_such_parameter\":1").ToArray();

        var reply = await caller.Post(name, $"{{{string.Join(',', wrong)}}}");
        foreach (var expected in draft.Parameters.Select(p => p.Name).Append("no_such_parameter")) AssertNames(reply, expected, string.Join(',', wrong));

        var none = await caller.Post(name, "{}");
        foreach (var required in draft.Required) AssertNames(none, required, "{}");
        // These require one of several parameters.
        Assert.Equal(draft.Required.Count == 0 && name is not ("find_patients" or "create_correction_request"), none.Status == HttpStatusCode.OK);
    }

    [Theory, MemberData(nameof(Tools))]
    public async Task A_version_that_is_not_the_present_one_is_a_conflict(string name)
    {
        var (tool, premises) = (ToolCatalogue.All[name], await CatalogueFixture.Own);
        if (new ParameterGenerator(tool).Parameters.All(p => p.Name != "expected_version")) return;

        var stale = await premises.CallSuccessfully(tool, async (caller, parameters) =>
        {
            // Only a successful call shows that the parameters were valid, so the call that must be refused goes first.
            var expecting = (JsonObject)parameters.DeepClone();
            expecting["expected_version"] = 1_000_000;
            var refused = await caller.Post(tool, expecting);
            var reply = await caller.Post(tool, parameters);
            return reply.Status == HttpStatusCode.OK
                ? reply with { Text = new JsonObject { ["refused"] = (int)refused.Status, ["as"] = refused.Text }.ToJsonString() }
                : reply;
        });

        Assert.Equal(409, (int)stale.Reply.Body["refused"]!);
    }

    /// <summary>Returns whether a value matches a parameter's types. A parameter without a type takes anything.</summary>
    private static bool Fits(string type, IReadOnlyList<string> types) =>
        types.Count == 0 || types.Contains(type) || (type == "integer" && types.Contains("number"));

    private static string Json(JsonObject parameters, string name, string json) =>
        "{"
        + string.Join(',', parameters.Where(p => p.Key != name).Select(p => $"\"{p.Key}\":{p.Value?.ToJsonString() ?? "null"}").Append($"\"{name}\":{json}"))
        + "}";

    private static void AssertSane(CallResponse reply, string sent)
    {
        if (reply.Status == HttpStatusCode.OK) return;
        Assert.True((int)reply.Status is >= 400 and < 500, $"{Short(sent)} was answered {reply}");
        var error = reply.Body["error"]!.AsObject();
        Assert.Equal(["code", "message", "details", "timestamp"], error.Select(f => f.Key).Where(f => f != "retry_after"));
        Assert.NotEmpty(reply.Error.Message);
        Assert.NotNull(reply.Details["request_id"]);
    }

    private static void AssertNames(CallResponse reply, string field, string sent)
    {
        AssertSane(reply, sent);
        Assert.True((reply.Status, reply.Code) == (HttpStatusCode.BadRequest, ErrorCodes.ValidationError), $"{Short(sent)} was answered {reply}");
        Assert.True(reply.Details.Any(
            d => d.Key == field || d.Key.StartsWith($"{field}[", StringComparison.Ordinal) || d.Key.StartsWith($"{field}.", StringComparison.Ordinal)),
            $"{field} is not named: {Short(sent)} was answered {reply}");
    }

    private static string Short(string sent) => sent.Length > 600 ? $"{sent[..600]}… ({sent.Length} characters)" : sent;
}
