using System.Net;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;

namespace MedCor.Tests.Services.Chat.Runs;

/// <summary>Tests that uses of the chat and of guided prompts are on record when they are answered, without what was said.</summary>
[Collection(nameof(ChatCollection))]
public class ChatTrailTests(ChatFixture house)
{
    [Fact]
    public async Task A_chat_is_on_record_with_its_start_its_cancellation_and_what_was_refused()
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");
        var (chat, question) = (new ChatStreamClient(house.Gateways[0].Http, nurse.AccessToken), ChatFixture.NewQuestion());

        var run = await chat.Start(question);
        await chat.Cancel(run);
        var unknown = Guid.NewGuid();
        Assert.Equal(HttpStatusCode.NotFound, (await chat.Cancel(unknown)).Status);

        Assert.Equal(1, await Count(run, "start_chat", AuditOutcome.Done, nurse.Id));
        Assert.Equal(1, await Count(run, "cancel_chat", AuditOutcome.Done, nurse.Id));
        Assert.Equal(1, await Count(unknown, "cancel_chat", AuditOutcome.Missing, nurse.Id));
        Assert.Equal(0, await (await MedCorFixture.Get()).QueryNumber("chat",
            "SELECT count(*) FROM audit_events e WHERE position(cast($1 AS text) IN e::text) > 0", question));
    }

    [Fact]
    public async Task A_chat_of_a_program_with_the_server_token_is_in_the_trail_of_the_platform()
    {
        var run = await house.ServerTokenClient().Start(ChatFixture.NewQuestion());

        Assert.Equal(1, await (await MedCorFixture.Get()).QueryNumber("chat", """
            SELECT count(*) FROM audit_events
            WHERE resource_id = $1 AND role = 'SYSTEM' AND hospital_id = '00000000-0000-0000-0000-000000000000'
            """, run));
    }

    [Fact]
    public async Task A_guided_prompt_is_on_record_with_each_step()
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");

        var talk = await PromptClient.Start(nurse, "emergency_triage");
        await talk.TryAnswer(new { nonsense = 1 });

        Assert.InRange(await (await MedCorFixture.Get()).QueryNumber("chat", """
            SELECT count(*) FROM audit_events WHERE kind = 'PROMPT' AND resource = 'prompt_sessions' AND resource_id = $1 AND user_id = $2
            """, talk.Id, nurse.Id), 2, 3);
    }

    private static async Task<long> Count(Guid run, string action, AuditOutcome outcome, Guid user) => await (await MedCorFixture.Get()).QueryNumber("chat", """
        SELECT count(*) FROM audit_events WHERE kind = 'CHAT' AND resource_id = $1 AND action = $2 AND outcome = $3 AND user_id = $4
        """, run, action, EnumNames.Of(outcome), user);
}
