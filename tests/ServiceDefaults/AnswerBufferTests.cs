using System.Text.Json;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Problems;

namespace MedCor.Tests.ServiceDefaults;

public sealed class AnswerBufferTests
{
    [Fact]
    public void A_page_of_a_hundred_of_the_largest_things_is_written_whole()
    {
        var thing = new string('x', AnswerBuffer.LargestThing);

        using var answer = AnswerBuffer.Of(json => JsonSerializer.Serialize(json, Enumerable.Repeat(thing, 100)), 100);

        Assert.Equal(100 * (AnswerBuffer.LargestThing + 3) + 1, answer.Written.Length);
        Assert.Equal(100, JsonDocument.Parse(answer.Written).RootElement.GetArrayLength());
    }

    [Fact]
    public void A_longer_one_is_refused_with_how_many_to_ask_for()
    {
        var refused = Assert.Throws<Invalid>(() => AnswerBuffer.Of(json => JsonSerializer.Serialize(json, Enumerable.Repeat(new string('x', 1_000_000), 41)), 40));

        Assert.Contains("such as 10", (string?)Assert.Single(refused.Details["limit"]!.AsArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_list_is_refused_as_it_is() =>
        Assert.Throws<Conflict>(() => AnswerBuffer.Of(json => JsonSerializer.Serialize(json, Enumerable.Repeat(new string('x', 1_000_000), 41)), null));
}
