using System.Net;
using System.Text.Json.Nodes;
using MedCor.Contracts;

namespace MedCor.Tests.EndToEnd.Catalogue;

/// <summary>
/// Tests null in changes: it clears a field that may be null, is refused by name for any other field, and counts as omitted for a parameter that is not a
/// field. Omitted fields stay unchanged.
/// </summary>
public class NullTests
{
    /// <summary>A hospital whose settings no other walk changes at the same time.</summary>
    private static readonly Lazy<Task<CatalogueFixture>> Undisturbed = new(CatalogueFixture.New);

    public static TheoryData<string> Changes => [.. from tool in ToolCatalogue.All.Values where tool.Effect == Effect.Update select tool.Name];

    [Theory, MemberData(nameof(Changes))]
    public async Task Null_clears_a_field_or_is_refused_as_the_schema_says(string name)
    {
        var (tool, premises) = (ToolCatalogue.All[name], await Undisturbed.Value);
        var draft = new ParameterGenerator(tool);
        var (caller, parameters, _) = await premises.CallSuccessfully(tool);
        var required = new JsonObject(parameters.Where(p => draft.Required.Contains(p.Key)).Select(p => KeyValuePair.Create(p.Key, p.Value?.DeepClone())));

        foreach (var (parameter, schema) in draft.Parameters)
        {
            var sent = (JsonObject)required.DeepClone();
            sent[parameter] = null;
            if (!ParameterGenerator.Types(schema).Contains("null"))
            {
                var refused = await caller.Post(tool, sent);
                Assert.True(refused.Status == HttpStatusCode.BadRequest && SampleValues.MentionsParameter(refused.Details, parameter),
                    $"{parameter}: null was answered {refused}");
                continue;
            }

            if (NotFields(tool).Contains(parameter))
            {
                // Null has the same effect as omitting the parameter.
                var (left, ignored) = (await caller.Post(tool, required), await caller.Post(tool, sent));
                Assert.True(left.Status == ignored.Status && left.Code == ignored.Code && Fields(left).SequenceEqual(Fields(ignored)),
                    $"{parameter}: null was answered {ignored}, and leaving it out {left}");
                continue;
            }

            var given = (JsonObject)required.DeepClone();
            // Only who does not log in can be without an address: UpdateUserTests removes that.
            if (!parameters.ContainsKey(parameter) || (name, parameter) == ("update_user", "email")) continue;
            given[parameter] = parameters[parameter]!.DeepClone();
            var before = await Answered(given);
            Assert.True(JsonNode.DeepEquals(given[parameter], Field(before, parameter)),
                $"{parameter} was given as {given[parameter]} and is answered as {Field(before, parameter)}");
            // A field that is omitted, without null, stays unchanged.
            Assert.True(JsonNode.DeepEquals(Field(before, parameter), Field(await Answered(required), parameter)),
                $"{parameter} was left out and did not stay");

            var key = Guid.NewGuid().ToString();
            var cleared = await caller.Post(tool, sent, key);
            Assert.True(cleared.Status == HttpStatusCode.OK, $"{parameter}: null was answered {cleared}");
            Assert.Null(Field(cleared.Body, parameter));
            // Clearing a field is a different call than omitting it.
            Assert.True((await caller.Post(tool, sent, key)).IsReplay);
            Assert.Equal(ErrorCodes.Conflict, (await caller.Post(tool, required, key)).Code);
        }

        async Task<JsonNode> Answered(JsonObject asked)
        {
            var reply = await caller.Post(tool, asked);
            Assert.True(reply.Status == HttpStatusCode.OK, $"{asked.ToJsonString()} was answered {reply}");
            return reply.Body;
        }
    }

    [Theory]
    [InlineData("tools/invoke", """{"tool":"get_current_user","params":null}""")]
    [InlineData("prompts/invoke", """{"prompt":"emergency_triage","initial_data":null}""")]
    [InlineData("tools/invoke_prompt", """{"prompt":"emergency_triage","initial_data":null}""")]
    public async Task Null_beside_the_parameters_is_as_good_as_left_out(string path, string body)
    {
        using var content = new StringContent(body, null, "application/json");

        using var response = await (await CatalogueFixture.Own).Admin.Http.PostAsync($"/api/mcp/{path}", content);

        Assert.True(response.StatusCode == HttpStatusCode.OK, await response.Content.ReadAsStringAsync());
    }

    /// <summary>A parameter that the rest of a change requires is reported by name, whether it is omitted or null.</summary>
    [Theory]
    [InlineData("update_appointment_status", "status", "CANCELLED", "notes", "must contain the reason for the cancellation")]
    [InlineData("update_medical_record", "status", "ENTERED_IN_ERROR", "reason", "must contain the reason for the withdrawal")]
    [InlineData("update_user", "password", "Korrekt-Pferd-8", "current_password", "is required to change your own password or e-mail address")]
    public async Task Null_for_what_is_no_field_is_missed_by_name_where_it_is_needed(string name, string given, string value, string parameter, string wrong)
    {
        var (tool, premises) = (ToolCatalogue.All[name], await CatalogueFixture.Own);
        Assert.Contains(parameter, NotFields(tool));
        var (caller, parameters, _) = await premises.CallSuccessfully(tool);
        var draft = new ParameterGenerator(tool);
        var asked = new JsonObject(parameters.Where(p => draft.Required.Contains(p.Key)).Select(p => KeyValuePair.Create(p.Key, p.Value?.DeepClone())))
        {
            [given] = value
        };
        if (name == "update_user") asked["user_id"] = caller.Id.ToString();

        foreach (var isNull in (bool[])[false, true])
        {
            if (isNull) asked[parameter] = null;
            var reply = await caller.Post(tool, asked);

            Assert.Equal((HttpStatusCode.BadRequest, ErrorCodes.ValidationError), (reply.Status, reply.Code));
            Assert.Equal([parameter], Fields(reply));
            Assert.Equal([wrong], reply.Details.Strings(parameter));
        }
    }

    /// <summary>A parameter for a field of the response accepts null if and only if the field may be null.</summary>
    [Theory, MemberData(nameof(Changes))]
    public void Whatever_may_be_without_a_value_can_be_cleared(string name)
    {
        var tool = ToolCatalogue.All[name];
        var read = ContractSchema.ForOutput(tool.Result)["properties"]!.AsObject();
        // All clinical content may be null in a response, for callers who may not read it. Lists are cleared by an empty list, and notes are only appended to.
        string[] never = ["title", "name", "attachments", "medications", "notes"];

        var draft = new ParameterGenerator(tool);
        foreach (var (parameter, schema) in draft.Parameters.Where(
            p => !draft.Required.Contains(p.Name) && read.ContainsKey(p.Name) && !never.Contains(p.Name)))
            Assert.True(ParameterGenerator.Types(read[parameter]!.AsObject()).Contains("null") == ParameterGenerator.Types(schema).Contains("null"), parameter);
        Assert.DoesNotContain(draft.Parameters, p => never.Contains(p.Name) && p.Name != "notes" && ParameterGenerator.Types(p.Schema).Contains("null"));
    }

    /// <summary>Returns the parameters of a change that are not fields, or only append to one.</summary>
    private static string[] NotFields(ToolDescriptor tool) =>
        [.. from property in tool.Params.GetProperties()
            where property.IsDefined(typeof(NotAFieldAttribute), inherit: false)
            select Json.Options.PropertyNamingPolicy!.ConvertName(property.Name)];

    /// <summary>Returns the fields that an error describes, except the request ID.</summary>
    private static IEnumerable<string> Fields(CallResponse refused) =>
        refused.Code is null ? [] : refused.Details.Select(d => d.Key).Where(field => field != "request_id");

    private static JsonNode? Field(JsonNode answer, string parameter) =>
        answer.AsObject().ContainsKey(parameter) ? answer[parameter] : answer[$"rating_{parameter}"];
}
