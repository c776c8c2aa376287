using MassTransit;
using MedCor.Gateway.Chat;
using MedCor.Gateway.Events;
using MedCor.Gateway.Limits;
using MedCor.Gateway.Surfaces;
using MedCor.Gateway.Tools;
using MedCor.ServiceDefaults.Chats;
using MedCor.ServiceDefaults.Messaging;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace MedCor.Gateway;

/// <summary>What the gateway is made of.</summary>
internal static class Gateway
{
    public static void AddGateway(this WebApplicationBuilder builder)
    {
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = RequestBody.MostDropped);
        var services = builder.Services;
        services.AddHttpForwarder();
        services.AddOptions<LimitOptions>().Bind(builder.Configuration).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<LimitOptions>>((forwarded, limits) => limits.Value.Trust(forwarded));
        services.AddOptions<CacheOptions>().Bind(builder.Configuration).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<References>();
        services.AddSingleton<RateLimit>().AddSingleton<Entrance>().AddSingleton<WaitingBytes>().AddSingleton<Standing>();
        services.AddSingleton<Connections>();
        services.AddSingleton<IConfigureOptions<KestrelServerOptions>>(s => s.GetRequiredService<Connections>()).AddSingleton<IConfigureOptions<SocketTransportOptions>>(s => s.GetRequiredService<Connections>());
        services.AddSingleton<Passage>().AddSingleton<Door>().AddSingleton<Tickets>();

        builder.AddChats();
        services.AddOptions<ChatOptions>().Bind(builder.Configuration).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<CallTails>();

        services.AddOptions<LiveOptions>().Bind(builder.Configuration).ValidateDataAnnotations().ValidateOnStart();
        // A connection of its own: whoever comes back reads much at once, and neither limits nor revocations may wait for that.
        services.AddSingleton(s => new LiveStreams(ConnectionMultiplexer.Connect(s.GetRequiredService<IOptions<ConfigurationOptions>>().Value))).AddSingleton<Renewal>().AddSingleton<Listeners>();
        services.AddActive<Tailer>().AddActive<Attendance>().AddActive<WhoListens>().AddActive<Echo>().AddActive<WellKnown>();
        builder.AddHealth();
        services.AddBus(builder.Configuration, "gateway", TellListeners.All, inOrder: true);
        // Calls are answered while the broker is away. No event is missed: the queue stays, and no service tells any before it stands.
        services.Configure<MassTransitHostOptions>(o => o.WaitUntilStarted = false);
    }

    /// <summary>All that clients can call. The document of it comes last, since it describes what is there by then.</summary>
    public static void MapSurfaces(this IEndpointRouteBuilder app)
    {
        app.MapInvoke();
        app.MapBatch();
        app.MapListTools();
        app.MapResources();
        app.MapPrompts();
        app.MapChats();
        app.MapSse();
        app.MapWebSocket();
        Tickets.Map(app);
        app.MapAccounts();
        app.ServiceProvider.GetRequiredService<WellKnown>().Map(app);
        app.MapHealth();
        FrontPage.Map(app);
        app.MapOpenApi();
    }

    /// <summary>Something that others call and that does work of its own.</summary>
    private static IServiceCollection AddActive<T>(this IServiceCollection services) where T : class, IHostedService =>
        services.AddSingleton<T>().AddHostedService(s => s.GetRequiredService<T>());
}
