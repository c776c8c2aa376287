using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Contracts.LanguageModels;

namespace MedCor.Tests.Unit.Contracts.LanguageModels;

public sealed class ModelToolsTests
{
    [Theory]
    [InlineData("get_appointment", true)]
    [InlineData("rate_appointment", true)]
    [InlineData("list_patients", true)]
    [InlineData("list_doctors", true)]
    [InlineData("list_hospitals", true)]
    [InlineData("list_departments", true)]
    [InlineData("list_audit_events", true)]
    [InlineData("list_sessions", true)]
    [InlineData("get_medical_record_history", true)]
    [InlineData("answer_prompt", true)]
    [InlineData("list_appointment_slots", false)]
    [InlineData("list_reports", false)]
    [InlineData("get_sign_in_policy", false)]
    public void A_tool_that_returns_what_people_have_typed_says_so(string name, bool saysSo)
    {
        var description = ModelTools.GetDescription(ToolCatalogue.All[name]);

        Assert.Equal(saysSo, description.EndsWith(ModelTools.FreeTextNotice, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_description_is_long_enough_to_explain_and_short_enough_to_be_read() => Assert.Empty(
        from tool in ToolCatalogue.All.Values.Where(ModelTools.IsOffered)
        let description = ModelTools.GetDescription(tool)
        where description.Length is < 20 or > 600
        select $"{tool.Name}: {description.Length}");

    [Fact]
    public void No_model_is_told_to_set_a_password_for_somebody()
    {
        var tool = ToolCatalogue.All["create_user"];

        Assert.DoesNotContain("password", ModelTools.GetDescription(tool), StringComparison.OrdinalIgnoreCase);
        Assert.False(ModelTools.DescribeInput(tool)["properties"]!.AsObject().ContainsKey("password"));
    }

    [Theory]
    [InlineData("create_medical_record")]
    [InlineData("update_medical_record")]
    public void No_model_decides_who_sees_a_record(string name)
    {
        var properties = ModelTools.DescribeInput(ToolCatalogue.All[name])["properties"]!.AsObject();

        Assert.False(properties.ContainsKey("restricted"));
        Assert.True(properties.ContainsKey("title"));
    }

    [Theory]
    [InlineData("answer_prompt", false)]
    [InlineData("get_current_user", true)]
    public void A_step_of_a_prompt_asks_a_model_for_no_secret(string name, bool isUnchanged)
    {
        var schema = ContractSchema.ForInput(typeof(CreateAccount));
        schema["required"] = new JsonArray("password", "email");
        var json = new JsonObject { ["step"] = new JsonObject { ["name"] = "create_account", ["input_schema"] = schema } }.ToJsonString(Json.Options);

        var result = JsonNode.Parse(ModelTools.GetResult(ToolCatalogue.All[name], json))!;

        Assert.Equal(isUnchanged, JsonNode.DeepEquals(JsonNode.Parse(json), result));
        if (isUnchanged) return;
        var shown = result["step"]!["input_schema"]!;
        Assert.Equal(["email"], shown["properties"]!.AsObject().Select(field => field.Key));
        Assert.Equal(["email"], shown["required"]!.AsArray().Select(field => (string?)field));
    }
}
