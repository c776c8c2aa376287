using System.Net;
using MedCor.Contracts.Chat;

namespace MedCor.Tests.Services.Chat.Policies;

/// <summary>Tests that a hospital decides whether its users chat, and whether the model may act by tools.</summary>
[Collection(nameof(ChatCollection))]
public sealed class ChatPolicyTests(ChatFixture replicas)
{
    [Fact]
    public async Task Tools_are_off_until_a_hospital_turns_them_on()
    {
        var clinic = await ClinicFixture.OpenHospital("Europe/Berlin");
        var patient = await clinic.LogInPatient();
        Assert.Equal(new ChatPolicy(clinic.Admin.HospitalId!.Value, IsEnabled: true, ToolsEnabled: false, Version: 0),
            await clinic.Admin.Call<ChatPolicy>("get_chat_policy"));
        Assert.Equal((HttpStatusCode.Forbidden, "PERMISSION_DENIED"), await Ask(patient.AccessToken, tools: true));
        Assert.Equal((HttpStatusCode.OK, null), await Ask(patient.AccessToken, tools: false));

        await clinic.Admin.Call("update_chat_policy", new { tools_enabled = true, expected_version = 0 });

        Assert.Equal((HttpStatusCode.OK, null), await Ask(patient.AccessToken, tools: true));
        Assert.Equal((HttpStatusCode.OK, null), await Ask((await clinic.LogInDoctor()).AccessToken, tools: true));
    }

    [Fact]
    public async Task A_hospital_turns_the_chat_off_for_its_users_and_nobody_else()
    {
        var clinic = await ClinicFixture.OpenHospital("Europe/Berlin");
        var (patient, other) = (await clinic.LogInPatient(), await (await ClinicFixture.OpenHospital("Europe/Berlin")).LogInPatient());

        await clinic.Admin.Call("update_chat_policy", new { is_enabled = false });

        Assert.Equal((HttpStatusCode.Forbidden, "PERMISSION_DENIED"), await Ask(patient.AccessToken, tools: false));
        Assert.Equal((HttpStatusCode.OK, null), await Ask(other.AccessToken, tools: false));
        await clinic.Admin.Call("update_chat_policy", new { is_enabled = true });
        Assert.Equal((HttpStatusCode.OK, null), await Ask(patient.AccessToken, tools: false));
    }

    [Fact]
    public async Task Tools_need_a_user_of_a_hospital()
    {
        var platform = await ClinicFixture.LogIn("admin@medcor.example");

        Assert.Equal((HttpStatusCode.Forbidden, "PERMISSION_DENIED"), await Ask(platform.AccessToken, tools: true));
        Assert.Equal((HttpStatusCode.Forbidden, "PERMISSION_DENIED"), await Ask(ChatStreamClient.ServerToken, tools: true));
    }

    [Fact]
    public async Task Only_administrators_change_the_policy_and_only_of_their_hospital()
    {
        var (clinic, other) = (await ClinicFixture.OpenHospital("Europe/Berlin"), await ClinicFixture.OpenHospital("Europe/Berlin"));

        Assert.Equal("PERMISSION_DENIED", (await (await clinic.LogInDoctor()).TryCall("update_chat_policy", new { tools_enabled = true })).Code);
        Assert.Equal("RESOURCE_NOT_FOUND",
            (await clinic.Admin.TryCall("update_chat_policy", new { tools_enabled = true, hospital_id = other.Admin.HospitalId })).Code);
        Assert.Equal("CONFLICT", (await clinic.Admin.TryCall("update_chat_policy", new { tools_enabled = true, expected_version = 7 })).Code);
        Assert.False((await other.Admin.Call<ChatPolicy>("get_chat_policy")).ToolsEnabled);
    }

    [Fact]
    public async Task A_model_for_staff_is_refused_to_patients()
    {
        await using var chat = await ChatFixture.StartChat(replicas.Model.Address, ("OPENAI_STAFF_MODELS", "large-model"));
        await using var gateway = await ChatFixture.StartGateway([chat]);
        var clinic = await ClinicFixture.GetSharedReadOnly();

        Assert.Equal(HttpStatusCode.OK, await AskFor("large-model", await clinic.LogInDoctor()));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, await AskFor("large-model", await clinic.LogInPatient()));
        Assert.Equal(HttpStatusCode.OK, await AskFor("gpt-4o-mini", await clinic.LogInPatient()));

        async Task<HttpStatusCode> AskFor(string model, ApiClient user) => (await new ChatStreamClient(gateway.Http, user.AccessToken)
            .Execute(new { messages = new[] { new { role = "user", content = ChatFixture.NewQuestion() } }, model })).Status;
    }

    private async Task<(HttpStatusCode, string?)> Ask(string token, bool tools)
    {
        var answer = await replicas.ClientFor(token).Execute(
            new { messages = new[] { new { role = "user", content = ChatFixture.NewQuestion() } }, tools });
        return (answer.Status, answer.Status == HttpStatusCode.OK ? null : answer.Error.ErrorCode);
    }
}
