using System.Text;
using System.Text.Json.Nodes;
using MedCor.Contracts.Chat;
using MedCor.Gateway.Chat;
using MedCor.Gateway.LiveEvents;

namespace MedCor.Tests.Unit.Gateway;

public sealed class ChatFrameTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("ü")]
    [InlineData("😀")]
    [InlineData("\u0001")]
    public void A_long_piece_is_split_into_lines_that_clients_accept_and_stays_one_event(string letter)
    {
        var text = string.Concat(Enumerable.Repeat(letter, 200_001));

        var events = Events(ChatFrame.Partial(7, text));

        Assert.Equal(text, string.Concat(events.Select(e => (string?)e.Data["text"])));
        Assert.All(events.SkipLast(1), e => Assert.Null(e.Id));
        Assert.Equal("7", events[^1].Id);
    }

    [Theory]
    [InlineData(10, true)]
    [InlineData(100_000, true)]
    [InlineData(150_000, false)]
    [InlineData(2_000_000, false)]
    public void An_answer_that_is_too_long_for_a_line_ends_without_its_text(int length, bool isThere)
    {
        var final = Assert.Single(Events(ChatFrame.End(3, ChatRunState.Finished, new string('x', length), null)));

        Assert.Equal(isThere, final.Data["text"] is not null);
        Assert.Equal(!isThere, final.Data["text_omitted"] is not null);
    }

    private static List<(string? Id, JsonNode Data)> Events(byte[] frame)
    {
        var events = new List<(string?, JsonNode)>();
        string? id = null;
        foreach (var line in Encoding.UTF8.GetString(frame).Split('\n'))
        {
            Assert.InRange(Encoding.UTF8.GetByteCount(line) + 1, 1, LiveEvent.MaxLineLength);
            if (line.StartsWith("id: ", StringComparison.Ordinal)) id = line[4..];
            if (!line.StartsWith("data: ", StringComparison.Ordinal)) continue;
            events.Add((id, JsonNode.Parse(line[6..])!));
            id = null;
        }
        return events;
    }
}
