using System.Net.Mime;
using System.Text.Json;
using MassTransit;
using MassTransit.Serialization;

namespace MedCor.Platform.Messaging;

/// <summary>
/// Writes a message with the JSON that was stored for it. An event that a newer build stored keeps all its fields, also those that the build which publishes it
/// does not know.
/// </summary>
internal sealed class StoredBodySerializer(string body) : IMessageSerializer
{
    public ContentType ContentType => SystemTextJsonMessageSerializer.JsonContentType;

    public MessageBody GetMessageBody<T>(SendContext<T> context) where T : class
    {
        using var message = JsonDocument.Parse(body);
        return new BytesMessageBody(JsonSerializer.SerializeToUtf8Bytes(new JsonMessageEnvelope(context, message.RootElement),
            SystemTextJsonMessageSerializer.Options));
    }
}
