using MassTransit;
using MedCor.ChatStreams;
using MedCor.Gateway.Authentication;
using MedCor.Gateway.Chat;
using MedCor.Gateway.Console;
using MedCor.Gateway.Endpoints;
using MedCor.Gateway.Forwarding;
using MedCor.Gateway.HttpPipeline;
using MedCor.Gateway.Limits;
using MedCor.Gateway.LiveEvents;
using MedCor.Gateway.LiveEvents.WebSockets;
using MedCor.Gateway.Mcp;
using MedCor.Gateway.OpenApi;
using MedCor.Gateway.ToolInvocation;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Messaging;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace MedCor.Gateway;

/// <summary>Registers the services of the gateway and maps its endpoints.</summary>
internal static class GatewayExtensions
{
    public static void AddGateway(this WebApplicationBuilder builder)
    {
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = RequestBody.MaxDrainedBytes);
        var services = builder.Services;
        ForwardedEndpoints.AddTo(services);
        services.AddOptions<LimitOptions>().Bind(builder.Configuration).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<ForwardedHeadersOptions>()
            .Configure<IOptions<LimitOptions>>((forwarded, limits) => limits.Value.ConfigureForwardedHeaders(forwarded));
        services.AddOptions<ReferenceDataCacheOptions>().Bind(builder.Configuration).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<ReferenceDataCache>();
        services.AddSingleton<RedisRateLimiter>().AddSingleton<CallQuota>().AddSingleton<BufferedBytesLimiter>().AddSingleton<OpenConnectionLimiter>();
        services.AddSingleton<ConnectionLimiter>();
        services.AddSingleton<IConfigureOptions<KestrelServerOptions>>(s => s.GetRequiredService<ConnectionLimiter>())
            .AddSingleton<IConfigureOptions<SocketTransportOptions>>(s => s.GetRequiredService<ConnectionLimiter>());
        services.AddSingleton<ServiceForwarder>().AddSingleton<ToolInvoker>()
            .AddSingleton<IToolResponseObserver>(s => s.GetRequiredService<ToolResponsePublisher>());
        services.AddSingleton<ResourceReader>();
        services.AddAccessControl();
        builder.AddMcp();

        builder.AddCacheRedis();
        services.AddHostedService<RedisMemoryMetric>();
        builder.AddChatStreams();
        services.AddOptions<ChatStreamOptions>().Bind(builder.Configuration).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<ChatStreamReaders>();

        services.AddOptions<LiveEventOptions>().Bind(builder.Configuration).ValidateDataAnnotations().ValidateOnStart();
        // A separate connection, because a reconnecting client reads many events at once, and other operations must not wait for them.
        services.AddSingleton(s => new LiveEventStore(ConnectionMultiplexer.Connect(s.GetRequiredService<IOptions<ConfigurationOptions>>().Value)))
            .AddSingleton<TokenRenewal>().AddSingleton<EventSubscriptions>();
        services.AddHostedSingleton<LiveEventReader>().AddHostedSingleton<ConnectionMonitor>().AddHostedSingleton<ListenerPresence>()
            .AddHostedSingleton<ToolResponsePublisher>().AddHostedSingleton<WellKnownEndpoints>();
        builder.AddHealth();
        services.AddOpenApiDocument();
        services.AddBus(builder.Configuration, "gateway", LiveEventConsumer.ConsumerTypes, singleActiveConsumer: true);
        // Calls are answered while the broker is unavailable. No event is lost: the queue is durable, and no service publishes events before it exists.
        services.Configure<MassTransitHostOptions>(o => o.WaitUntilStarted = false);
    }

    /// <summary>Maps all endpoints for clients.</summary>
    public static void MapGatewayEndpoints(this IEndpointRouteBuilder app)
    {
        app.Map<InvokeToolEndpoints>();
        app.Map<BatchEndpoint>();
        app.Map<ListToolsEndpoint>();
        app.Map<ReadResourceEndpoints>();
        app.Map<ExportEndpoints>();
        app.Map<PromptEndpoints>();
        app.Map<ChatEndpoints>();
        app.Map<SseEndpoint>();
        app.Map<WebSocketEndpoint>();
        app.Map<IssueTicketEndpoint>();
        app.Map<ForwardedEndpoints>();
        app.Map<WellKnownEndpoints>();
        app.Map<ProtectedResourceEndpoint>();
        app.Map<McpEndpoint>();
        app.MapHealth();
        app.Map<HomePage>();
        app.MapOpenApiDocument();
    }

    private static void Map<T>(this IEndpointRouteBuilder app) where T : class, IEndpoints =>
        ActivatorUtilities.GetServiceOrCreateInstance<T>(app.ServiceProvider).Map(app);

    /// <summary>Registers a hosted service that other services can also inject.</summary>
    private static IServiceCollection AddHostedSingleton<T>(this IServiceCollection services) where T : class, IHostedService =>
        services.AddSingleton<T>().AddHostedService(s => s.GetRequiredService<T>());
}
