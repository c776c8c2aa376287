using System.Text.Json;
using MedCor.Contracts;

namespace MedCor.Tests.Unit.Contracts;

public sealed class ResponseBufferTests
{
    [Fact]
    public void A_page_of_a_hundred_of_the_largest_things_is_written_whole()
    {
        var thing = new string('x', ResponseBuffer.MaxEntityLength);

        using var answer = ResponseBuffer.WriteJson(json => JsonSerializer.Serialize(json, Enumerable.Repeat(thing, 100)), 100);

        Assert.Equal(100 * (ResponseBuffer.MaxEntityLength + 3) + 1, answer.WrittenSequence.Length);
        Assert.Equal(100, JsonDocument.Parse(answer.WrittenSequence).RootElement.GetArrayLength());
    }

    [Fact]
    public void A_longer_one_is_refused_with_how_many_to_ask_for()
    {
        var refused = Assert.Throws<ValidationFailed>(
            () => ResponseBuffer.WriteJson(json => JsonSerializer.Serialize(json, Enumerable.Repeat(new string('x', 1_000_000), 41)), 40));

        Assert.Contains("such as 10", Assert.Single(refused.Details.Strings("limit")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_single_item_beyond_the_limit_is_refused() =>
        Assert.Throws<Conflict>(
            () => ResponseBuffer.WriteJson(json => JsonSerializer.Serialize(json, Enumerable.Repeat(new string('x', 1_000_000), 41)), null));
}
