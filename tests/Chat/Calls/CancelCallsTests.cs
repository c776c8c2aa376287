using System.Net;
using System.Text.Json.Nodes;
using MedCor.Tests.EndToEnd;

namespace MedCor.Tests.Chat.Calls;

/// <summary>A call is ended wherever it is carried out, down to the model's connection.</summary>
[Collection(nameof(ChatHouse))]
public class CancelCallsTests(ChatHouse house)
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Cancelling_at_whichever_replica_lets_go_of_the_model_and_tells_every_reader(int gateway)
    {
        var question = ChatHouse.Question();
        house.Model.When(question, async model =>
        {
            await model.Token("Anemia");
            await model.Hang();
        });
        var call = await house.AsProgram().Ask(question);
        var model = await house.Model.NextAsked(question);
        using var open = await house.AsProgram().Open(call);
        Assert.Equal("Anemia", (await Chatter.Events(open).FirstAsync()).Text);
        var readers = Enumerable.Range(0, 4).Select(i => house.AsProgram(i % 2).Read(call)).ToArray();

        var (status, body) = await house.AsProgram(gateway).Cancel(call);

        Assert.Equal((HttpStatusCode.OK, "cancelled"), (status, (string?)body!["status"]));
        await model.LetGo.WaitAsync(ChatHouse.BeforeStall);
        foreach (var told in await Task.WhenAll(readers)) Assert.Equal(["partial", "cancelled"], told.Select(t => t.Name));
        Assert.Equal("cancelled", (string?)(await house.AsProgram().Cancel(call)).Body!["status"]);
        await Wait.Until(async () => await StateOf(call) == "CANCELLED", "it is kept that the call was cancelled");
    }

    [Fact]
    public async Task A_call_that_waits_for_its_first_token_is_cancelled_too()
    {
        var question = ChatHouse.Question();
        house.Model.When(question, model => model.Hang());
        var call = await house.AsProgram().Ask(question);
        var model = await house.Model.NextAsked(question);

        await house.AsProgram(1).Cancel(call);

        await model.LetGo.WaitAsync(ChatHouse.BeforeStall);
        Assert.Equal(["cancelled"], (await house.AsProgram().Read(call)).Select(t => t.Name));
    }

    [Fact]
    public async Task Cancelling_all_ends_those_of_the_caller_at_every_replica_and_nobody_elses()
    {
        var (nurse, doctor) = (house.As((await Client.Shared("nurse@riverside.example")).AccessToken), house.As((await Client.Shared("doctor@riverside.example")).AccessToken));
        var questions = Enumerable.Range(0, 5).Select(_ => ChatHouse.Question()).ToArray();
        var goOn = new TaskCompletionSource();
        foreach (var question in questions)
            house.Model.When(question, async model =>
            {
                await model.Until(goOn.Task);
                await model.Say("Done");
            });
        var theirs = await Task.WhenAll(questions[..4].Select(q => nurse.Ask(q)));
        var others = await doctor.Ask(questions[4]);
        var models = await Task.WhenAll(questions[..4].Select(q => house.Model.NextAsked(q)));

        var (status, body) = await nurse.CancelAll();

        Assert.Equal((HttpStatusCode.OK, "cancelled", 4), (status, (string?)body!["status"], (int)body["count"]!));
        Assert.Equal(theirs.Order(), body["call_ids"]!.AsArray().Select(id => Guid.Parse((string)id!)).Order());
        await Task.WhenAll(models.Select(m => m.LetGo)).WaitAsync(ChatHouse.BeforeStall);
        goOn.SetResult();
        Assert.Equal("final", (await doctor.Read(others))[^1].Name);
        Assert.Equal(0, (int)(await nurse.CancelAll()).Body!["count"]!);
    }

    [Fact]
    public async Task An_answer_that_is_complete_stays_so()
    {
        var call = await house.AsProgram().Ask(ChatHouse.Question());
        await house.AsProgram().Read(call);

        Assert.Equal("finished", (string?)(await house.AsProgram(1).Cancel(call)).Body!["status"]);
        Assert.Equal("final", (await house.AsProgram().Read(call))[^1].Name);
    }

    [Fact]
    public async Task However_close_cancelling_and_the_end_are_there_is_one_ending_and_all_agree_on_it()
    {
        var calls = new List<(Guid Call, string Status)>();
        for (var i = 0; i < 20; i++)
        {
            var question = ChatHouse.Question();
            var goOn = house.Model.PauseAfter(question, [], "Done");
            var call = await house.AsProgram().Ask(question);
            await house.Model.NextAsked(question);
            var cancelled = house.AsProgram(i % 2).Cancel(call);
            goOn.SetResult();
            calls.Add((call, (string)(await cancelled).Body!["status"]!));
        }

        foreach (var (call, status) in calls)
        {
            var told = await house.AsProgram().Read(call);
            Assert.Equal(status == "finished" ? "final" : "cancelled", Assert.Single(told, t => t.Name != "partial").Name);
            await Wait.Until(async () => string.Equals(await StateOf(call), status, StringComparison.OrdinalIgnoreCase), $"{status} is kept");
        }
    }

    internal static async Task<string> StateOf(Guid call)
    {
        await using var chat = await (await RunningHouse.Get()).Database("chat");
        await using var read = new Npgsql.NpgsqlCommand("SELECT state FROM chat_calls WHERE id = $1", chat) { Parameters = { new() { Value = call } } };
        return (string)(await read.ExecuteScalarAsync())!;
    }
}
