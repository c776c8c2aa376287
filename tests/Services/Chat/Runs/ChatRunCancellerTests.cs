using System.Net;
using MedCor.Contracts.Chat;

namespace MedCor.Tests.Services.Chat.Runs;

/// <summary>Tests that a chat run is canceled on whichever replica executes it, including its connection to the model.</summary>
[Collection(nameof(ChatCollection))]
public class ChatRunCancellerTests(ChatFixture system)
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Cancelling_at_whichever_replica_lets_go_of_the_model_and_tells_every_reader(int gateway)
    {
        var question = ChatFixture.NewQuestion();
        system.Model.OnQuestion(question, async model =>
        {
            await model.SendToken("Anemia");
            await model.HangUntilAborted();
        });
        var call = await system.ServerTokenClient().Start(question);
        var model = await system.Model.WaitForRequest(question);
        using var open = await system.ServerTokenClient().OpenStream(call);
        Assert.Equal("Anemia", (await ChatStreamClient.ReadEvents(open).FirstAsync()).Text);
        var readers = Enumerable.Range(0, 4).Select(i => system.ServerTokenClient(i % 2).ReadToEnd(call)).ToArray();

        var answer = await system.ServerTokenClient(gateway).Cancel(call);

        Assert.Equal((HttpStatusCode.OK, "cancelled"), (answer.Status, answer.Read<CancelledCall>().Status));
        await model.Aborted.WaitAsync(ChatFixture.LessThanStall);
        foreach (var told in await Task.WhenAll(readers)) Assert.Equal(["partial", "cancelled"], told.Select(t => t.Name));
        Assert.Equal("cancelled", (await system.ServerTokenClient().Cancel(call)).Read<CancelledCall>().Status);
        await Wait.Until(async () => await StateOf(call) == "CANCELLED", "it is kept that the call was cancelled");
    }

    [Fact]
    public async Task A_call_that_waits_for_its_first_token_is_cancelled_too()
    {
        var question = ChatFixture.NewQuestion();
        system.Model.OnQuestion(question, model => model.HangUntilAborted());
        var call = await system.ServerTokenClient().Start(question);
        var model = await system.Model.WaitForRequest(question);

        await system.ServerTokenClient(1).Cancel(call);

        await model.Aborted.WaitAsync(ChatFixture.LessThanStall);
        Assert.Equal(["cancelled"], (await system.ServerTokenClient().ReadToEnd(call)).Select(t => t.Name));
    }

    [Fact]
    public async Task Cancelling_all_ends_those_of_the_caller_at_every_replica_and_nobody_elses()
    {
        var (nurse, doctor) = (system.ClientFor((await ApiClient.LogInShared("nurse@riverside.example")).AccessToken),
            system.ClientFor((await ApiClient.LogInShared("doctor@riverside.example")).AccessToken));
        var questions = Enumerable.Range(0, 5).Select(_ => ChatFixture.NewQuestion()).ToArray();
        var goOn = new TaskCompletionSource();
        foreach (var question in questions)
            system.Model.OnQuestion(question, async model =>
            {
                await model.WaitFor(goOn.Task);
                await model.SendAnswer("Done");
            });
        var theirs = await Task.WhenAll(questions[..4].Select(q => nurse.Start(q)));
        var others = await doctor.Start(questions[4]);
        var models = await Task.WhenAll(questions[..4].Select(q => system.Model.WaitForRequest(q)));

        var answer = await nurse.CancelAll();

        var cancelled = answer.Read<CancelledCalls>();
        Assert.Equal((HttpStatusCode.OK, "cancelled", 4), (answer.Status, cancelled.Status, cancelled.Count));
        Assert.Equal(theirs.Order(), cancelled.CallIds.Order());
        await Task.WhenAll(models.Select(m => m.Aborted)).WaitAsync(ChatFixture.LessThanStall);
        goOn.SetResult();
        Assert.Equal("final", (await doctor.ReadToEnd(others))[^1].Name);
        Assert.Equal(0, (await nurse.CancelAll()).Read<CancelledCalls>().Count);
    }

    [Fact]
    public async Task An_answer_that_is_complete_stays_so()
    {
        var call = await system.ServerTokenClient().Start(ChatFixture.NewQuestion());
        await system.ServerTokenClient().ReadToEnd(call);

        Assert.Equal("finished", (await system.ServerTokenClient(1).Cancel(call)).Read<CancelledCall>().Status);
        Assert.Equal("final", (await system.ServerTokenClient().ReadToEnd(call))[^1].Name);
    }

    [Fact]
    public async Task When_cancellation_and_completion_race_there_is_exactly_one_ending_for_all_readers()
    {
        var calls = new List<(Guid Call, string Status)>();
        for (var i = 0; i < 20; i++)
        {
            var question = ChatFixture.NewQuestion();
            var goOn = system.Model.PauseAfter(question, [], "Done");
            var call = await system.ServerTokenClient().Start(question);
            await system.Model.WaitForRequest(question);
            var cancelled = system.ServerTokenClient(i % 2).Cancel(call);
            goOn.SetResult();
            calls.Add((call, (await cancelled).Read<CancelledCall>().Status));
        }

        foreach (var (call, status) in calls)
        {
            var told = await system.ServerTokenClient().ReadToEnd(call);
            Assert.Equal(status == "finished" ? "final" : "cancelled", Assert.Single(told, t => t.Name != "partial").Name);
            await Wait.Until(async () => string.Equals(await StateOf(call), status, StringComparison.OrdinalIgnoreCase), $"{status} is kept");
        }
    }

    internal static async Task<string> StateOf(Guid call)
    {
        await using var chat = await (await MedCorFixture.Get()).OpenDatabase("chat");
        await using var read = new Npgsql.NpgsqlCommand("SELECT state FROM chat_calls WHERE id = $1", chat) { Parameters = { new() { Value = call } } };
        return (string)(await read.ExecuteScalarAsync())!;
    }
}
