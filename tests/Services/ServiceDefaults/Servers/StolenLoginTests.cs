using System.Text;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Messaging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using StackExchange.Redis;

namespace MedCor.Tests.Services.ServiceDefaults.Servers;

/// <summary>Tests that the login of one program opens nothing of another's in Redis and RabbitMQ.</summary>
public sealed class StolenLoginTests
{
    private const string Event = "MedCor.Contracts.Billing:InvoiceIssued";

    [Theory]
    [InlineData("hospital", "control", "ZADD medcor:revoked 1 x")]
    [InlineData("billing", "control", "DEL medcor:revoked")]
    [InlineData("billing", "control", "GET medcor:rate:calls:x")]
    [InlineData("analytics", "control", "HGETALL medcor:audit:heads")]
    [InlineData("billing", "control", "HSET medcor:audit:heads:analytics a b")]
    [InlineData("clinical", "control", "ZADD medcor:revoked 1 x")]
    [InlineData("clinical", "control", "HSET medcor:rate:calls:x a b")]
    [InlineData("gateway", "control", "SET medcor:revoked x")]
    [InlineData("gateway", "control", "EVAL return(redis.call('GET','medcor:audit:heads')) 0")]
    [InlineData("identity", "control", "ZRANGE medcor:audit:heads 0 -1")]
    [InlineData("identity", "control", "KEYS *")]
    [InlineData("identity", "control", "CONFIG GET requirepass")]
    [InlineData("identity", "control", "ACL LIST")]
    [InlineData("identity", "control", "FLUSHALL")]
    [InlineData("chat", "cache", "XRANGE medcor:live:all - +")]
    [InlineData("chat", "cache", "GETDEL medcor:ticket:x")]
    [InlineData("chat", "cache", "CLIENT LIST")]
    [InlineData("gateway", "cache", "HGETALL medcor:chat:request:x:y")]
    [InlineData("gateway", "cache", "SET medcor:chat:runner:x y")]
    [InlineData("gateway", "cache", "SCAN 0")]
    public async Task In_Redis_a_login_may_use_the_keys_and_commands_of_its_program_alone(string program, string server, string command)
    {
        var house = await MedCorFixture.Get();
        using var redis = await ConnectionMultiplexer.ConnectAsync(Options(house, server, program));
        var words = command.Split(' ');

        var refused = await Assert.ThrowsAnyAsync<RedisServerException>(() => redis.GetDatabase().ExecuteAsync(words[0], (object[])[.. words[1..]]));

        // A script reports it with a text of its own.
        Assert.Matches("NOPERM|can't access", refused.Message);
    }

    [Theory]
    [InlineData("hospital")]
    [InlineData("identity")]
    [InlineData("clinical")]
    [InlineData("billing")]
    [InlineData("analytics")]
    public async Task Programs_that_use_neither_events_nor_chat_cannot_log_in_to_their_Redis(string program)
    {
        var house = await MedCorFixture.Get();
        var options = Options(house, "cache", program);
        (options.AbortOnConnectFail, options.ConnectRetry) = (true, 1);

        await Assert.ThrowsAsync<RedisConnectionException>(() => ConnectionMultiplexer.ConnectAsync(options));
    }

    [Fact]
    public Task In_RabbitMQ_a_login_cannot_take_messages_of_another_service() =>
        IsRefused("clinical", channel => channel.BasicGetAsync("billing", autoAck: true));

    [Fact]
    public Task Nor_have_events_sent_to_itself_that_its_service_does_not_handle() =>
        IsRefused("clinical", channel => channel.ExchangeBindAsync(destination: "clinical", source: Event, routingKey: ""));

    [Fact]
    public Task Nor_publish_events_in_the_name_of_another_service() =>
        IsRefused("clinical", channel => channel.BasicPublishAsync(Event, "", mandatory: false, "{}"u8.ToArray()).AsTask());

    [Fact]
    public Task Nor_send_messages_to_the_queue_of_another_service() =>
        IsRefused("clinical", channel => channel.BasicPublishAsync("", "billing", mandatory: false, "{}"u8.ToArray()).AsTask());

    [Fact]
    public Task Nor_delete_the_queue_of_another_service() =>
        IsRefused("analytics", channel => channel.QueueDeleteAsync("identity", ifUnused: false, ifEmpty: false));

    [Fact]
    public Task Nor_delete_the_exchange_of_another_service() => IsRefused("billing", channel => channel.ExchangeDeleteAsync("clinical"));

    [Fact]
    public Task Nor_send_messages_in_the_name_of_another_service() =>
        IsRefused("billing", channel => channel.BasicPublishAsync("clinical_from_chat", "", mandatory: false, "{}"u8.ToArray()).AsTask());

    [Fact]
    public Task Nor_send_events_of_another_service_through_its_own_exchange() => IsForged("billing", "clinical_from_billing", "clinical", Erased());

    [Fact]
    public Task Nor_publish_them_as_its_own_events() => IsForged("billing", Event, "analytics", Erased());

    [Fact]
    public Task Nor_record_audit_events_in_the_name_of_another_service() => IsForged("billing", "clinical_from_billing", "clinical",
        new AuditEventsRecorded(JsonSerializer.SerializeToElement(new[] { new { id = Guid.NewGuid(), service = "identity" } })));

    [Fact]
    public Task Nor_make_a_queue_of_another_name() =>
        IsRefused("gateway", channel => channel.QueueDeclareAsync("stolen", durable: true, exclusive: false, autoDelete: false));

    private static ConfigurationOptions Options(MedCorFixture house, string server, string program) => MedCorDefaults.ConfigureRedis(
        ConfigurationOptions.Parse($"{house.GetRedisAddress(server)},user={program},password={house.GetPassword(program)},allowAdmin=true"));

    private static UserErased Erased() =>
        new(Guid.NewGuid(), new(Guid.NewGuid(), IsPatient: true, Guid.NewGuid(), ActingRole.HospitalAdmin, Guid.NewGuid(), "stolen"), Version: 2);

    /// <summary>Asserts that a service does not handle an event that a login put into an exchange, but keeps it for an operator.</summary>
    private static async Task IsForged(string program, string exchange, string receiver, IntegrationEvent forged)
    {
        var house = await MedCorFixture.Get();
        var id = forged.EventId.ToString();
        await using (var connection = await Connect(program, house.GetPassword(program)))
        await using (var channel = await connection.CreateChannelAsync(new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true)))
            await channel.BasicPublishAsync(exchange, "", mandatory: true,
                new BasicProperties { ContentType = "application/vnd.masstransit+json", MessageId = id, Persistent = true },
                // The envelope of MassTransit, whose fields are named as those of the events.
                JsonSerializer.SerializeToUtf8Bytes(new
                {
                    MessageId = id,
                    MessageType = new[] { $"urn:message:{BrokerAccess.GetExchange(forged.GetType())}" },
                    Message = JsonSerializer.SerializeToElement(forged, forged.GetType(), Json.Options),
                }, Json.Options));

        await Wait.Until(async () => await TakeError(house, receiver, id) is { } error
            && error.EndsWith(nameof(ForgedEventException), StringComparison.Ordinal), "the event is among those that could not be handled");
        Assert.Equal(0, await house.QueryNumber(receiver, "SELECT count(*) FROM inbox WHERE event_id = $1", forged.EventId));
    }

    /// <summary>Takes a message from the error queue of a service, and returns why it is there; null when it is not there.</summary>
    private static async Task<string?> TakeError(MedCorFixture house, string service, string id)
    {
        // The broker closes the connection of whoever asks while the queue is being made.
        await using var administrator = await Connect("guest", house.BrokerPassword);
        await using var channel = await administrator.CreateChannelAsync();
        try
        {
            // What is not acknowledged is in the queue again when the channel closes.
            while (await channel.BasicGetAsync($"{service}_error", autoAck: false) is { } message)
            {
                if (message.BasicProperties.MessageId != id) continue;
                await channel.BasicAckAsync(message.DeliveryTag, multiple: false);
                return message.BasicProperties.Headers!["MT-Fault-ExceptionType"] is byte[] type ? Encoding.UTF8.GetString(type) : "";
            }
        }
        catch (OperationInterruptedException)
        {
            // The first error makes the queue.
        }
        return null;
    }

    private static async Task<IConnection> Connect(string user, string password)
    {
        var house = await MedCorFixture.Get();
        return await new ConnectionFactory { Uri = new($"amqp://{user}:{password}@{house.BrokerAddress}"), AutomaticRecoveryEnabled = false }
            .CreateConnectionAsync();
    }

    /// <summary>Asserts that the broker refuses what a login attempts, and closes the channel for that.</summary>
    private static async Task IsRefused(string program, Func<IChannel, Task> attempt)
    {
        var house = await MedCorFixture.Get();
        await using var connection = await Connect(program, house.GetPassword(program));
        await using var channel = await connection.CreateChannelAsync(new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));

        await Record.ExceptionAsync(() => attempt(channel));

        await Wait.Until(() => Task.FromResult(channel.IsClosed), "the broker has closed the channel");
        Assert.Equal(403, channel.CloseReason!.ReplyCode);
    }
}
