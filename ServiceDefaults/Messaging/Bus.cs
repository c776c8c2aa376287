using System.Security.Authentication;
using MassTransit;
using MedCor.Contracts;
using MedCor.ServiceDefaults.Errors;
using MedCor.ServiceDefaults.Servers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;

namespace MedCor.ServiceDefaults.Messaging;

/// <summary>
/// Configures the connection to RabbitMQ. Each service has one quorum queue, named after the service; messages that cannot be handled end in
/// <c>{service}_error</c>. Whoever sends to one service alone has an exchange of its own for that, which is bound to the queue.
/// </summary>
public static class Bus
{
    /// <summary>The number of messages that a process handles at the same time, unless they share transactions.</summary>
    public const int DefaultConcurrency = 16;

    private static readonly TimeSpan[] RetryIntervals = [.. new[] { 0.1, 0.5, 2, 5 }.Select(TimeSpan.FromSeconds)];

    /// <summary>Returns the address of the broker. Throws <see cref="InvalidOperationException"/> when none is configured.</summary>
    public static Uri GetBrokerAddress(IConfiguration configuration) =>
        new(configuration.GetConnectionString("messaging")
            ?? throw new InvalidOperationException("Set ConnectionStrings__messaging, such as amqp://user:password@host:5672."));

    /// <summary>Opens a connection to the broker, with the login and the certificate authority of this process.</summary>
    public static Task<IConnection> ConnectAsync(IConfiguration configuration, ServerLogin login, TransportSecurity security, CancellationToken ct)
    {
        var address = GetBrokerAddress(configuration);
        var factory = new ConnectionFactory { Uri = address, AutomaticRecoveryEnabled = false };
        if (factory.Ssl.Enabled) (factory.Ssl.ServerName, factory.Ssl.CertificateValidationCallback) = (address.Host, security.IsServerTrusted);
        if (login.GetBrokerLogin(address) is not { } own) return factory.CreateConnectionAsync(ct);
        factory.CredentialsProvider = own;
        return own.ConnectAsync(factory, ct);
    }

    /// <summary>Connects to the bus with the given consumers.</summary>
    /// <param name="queue">The name of the service, whose replicas share the queue.</param>
    /// <param name="consumers">Types that are an <see cref="EventConsumer{TEvent}"/>.</param>
    /// <param name="concurrency">The number of messages that are handled at the same time.</param>
    /// <param name="singleActiveConsumer">
    /// Whether one message at a time is consumed, by one replica at a time, so that messages can be passed on in order.
    /// </param>
    public static IServiceCollection AddBus(this IServiceCollection services, IConfiguration configuration, string queue, IEnumerable<Type> consumers,
        int concurrency = DefaultConcurrency, bool singleActiveConsumer = false)
    {
        services.AddOptions<MassTransitHostOptions>().Configure(o =>
        {
            // A service that served requests before its queue exists would miss the events published in between.
            o.WaitUntilStarted = true;
            o.StopTimeout = TimeSpan.FromSeconds(20);
        });
        return services.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            foreach (var consumer in consumers) bus.AddConsumer(consumer);
            bus.UsingRabbitMq((context, rabbit) =>
            {
                var broker = GetBrokerAddress(configuration);
                rabbit.Host(broker, host =>
                {
                    host.PublisherConfirmation = true;
                    host.RequestedConnectionTimeout(TimeSpan.FromSeconds(3));
                    if (context.GetRequiredService<ServerLogin>().GetBrokerLogin(broker) is { } login)
                    {
                        host.CredentialsProvider = login;
                        host.OnRefreshConnectionFactory = login.FindPasswordAsync;
                    }
                    if (broker.Scheme == "amqps")
                        host.UseSsl(tls =>
                        {
                            (tls.ServerName, tls.Protocol) = (broker.Host, SslProtocols.None);
                            // Without a callback, MassTransit accepts a certificate that nobody has signed.
                            tls.CertificateValidationCallback = context.GetRequiredService<TransportSecurity>().IsServerTrusted;
                        });
                });
                rabbit.ConfigureJsonSerializerOptions(Json.Configure);
                rabbit.ReceiveEndpoint(queue, endpoint =>
                {
                    endpoint.SetQuorumQueue();
                    endpoint.PrefetchCount = Math.Max(64, concurrency);
                    endpoint.ConcurrentMessageLimit = singleActiveConsumer ? 1 : concurrency;
                    endpoint.SingleActiveConsumer = singleActiveConsumer;
                    foreach (var sender in BrokerAccess.GetSenders(queue)) endpoint.Bind(BrokerAccess.GetExchange(sender, queue));
                    // Nobody receives them, and the error queue has the message.
                    endpoint.PublishFaults = false;
                    // While a dependency is unavailable, even for minutes, messages wait and are retried. A message that cannot be handled soon goes to the
                    // error queue.
                    endpoint.UseMessageRetry(r =>
                    {
                        r.Handle<Exception>(DependencyFailure.IsCauseOf);
                        // Just under half an hour, after which RabbitMQ requeues an unacknowledged message.
                        r.Exponential(590, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(3), TimeSpan.FromMilliseconds(200));
                    });
                    endpoint.UseMessageRetry(r =>
                    {
                        r.Ignore<Exception>(DependencyFailure.IsCauseOf);
                        r.Ignore<ForgedEventException>();
                        r.Intervals(RetryIntervals);
                    });
                    endpoint.ConfigureConsumers(context);
                });
            });
        });
    }
}
