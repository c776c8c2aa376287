using MedCor.ServiceDefaults;
using RabbitMQ.Client;
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
    public Task Nor_make_a_queue_of_another_name() =>
        IsRefused("gateway", channel => channel.QueueDeclareAsync("stolen", durable: true, exclusive: false, autoDelete: false));

    private static ConfigurationOptions Options(MedCorFixture house, string server, string program) => MedCorDefaults.ConfigureRedis(
        ConfigurationOptions.Parse($"{house.GetRedisAddress(server)},user={program},password={house.GetPassword(program)},allowAdmin=true"));

    /// <summary>Asserts that the broker refuses what a login attempts, and closes the channel for that.</summary>
    private static async Task IsRefused(string program, Func<IChannel, Task> attempt)
    {
        var house = await MedCorFixture.Get();
        var factory = new ConnectionFactory
        {
            Uri = new($"amqp://{program}:{house.GetPassword(program)}@{house.BrokerAddress}"), AutomaticRecoveryEnabled = false,
        };
        await using var connection = await factory.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync(new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));

        await Record.ExceptionAsync(() => attempt(channel));

        await Wait.Until(() => Task.FromResult(channel.IsClosed), "the broker has closed the channel");
        Assert.Equal(403, channel.CloseReason!.ReplyCode);
    }
}
