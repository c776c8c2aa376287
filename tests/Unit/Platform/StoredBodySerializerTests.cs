using System.Text.Json;
using System.Text.Json.Nodes;
using MassTransit.Context;
using MassTransit.Serialization;
using MedCor.Contracts;
using MedCor.Platform.Messaging;

namespace MedCor.Tests.Unit.Platform;

public class StoredBodySerializerTests
{
    private static readonly MessageSendContext<HistoryTold> Context = new(new(Guid.CreateVersion7(), "clinical", 7)) { MessageId = Guid.CreateVersion7() };

    [Fact]
    public void A_field_that_this_build_does_not_know_is_published()
    {
        var body = """{"service":"clinical","added_in_a_newer_build":[1,{"a":"ä"}]}""";

        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(body), Send(new StoredBodySerializer(JsonElement.Parse(body)))["message"]));
    }

    [Fact]
    public void The_envelope_is_the_one_that_consumers_know()
    {
        var expected = Send(new SystemTextJsonMessageSerializer());

        var sent = Send(new StoredBodySerializer(JsonElement.Parse(expected["message"]!.ToJsonString())));

        Assert.True(JsonNode.DeepEquals(expected, sent), sent.ToJsonString());
    }

    private static JsonObject Send(MassTransit.IMessageSerializer serializer) => JsonNode.Parse(serializer.GetMessageBody(Context).GetString())!.AsObject();
}
