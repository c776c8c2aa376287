using System.Net.Mime;
using System.Text.Json;
using MassTransit;
using MassTransit.Serialization;

namespace MedCor.Platform.Messaging;

/// <summary>
/// Writes a message with the JSON that was stored for it. An event that a newer build stored keeps all its fields, also those that the build which publishes it
/// does not know.
/// </summary>
internal sealed class StoredBodySerializer(JsonElement body) : IMessageSerializer
{
    public ContentType ContentType => SystemTextJsonMessageSerializer.JsonContentType;

    public MessageBody GetMessageBody<T>(SendContext<T> context) where T : class
    {
        return new BytesMessageBody(JsonSerializer.SerializeToUtf8Bytes(new JsonMessageEnvelope(context, body), SystemTextJsonMessageSerializer.Options));
    }
}
