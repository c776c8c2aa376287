using MedCor.Mcp.Conformance;
using Microsoft.AspNetCore.HostFiltering;
using ModelContextProtocol.AspNetCore;
using ModelContextProtocol.Protocol;

// Offers what the conformance suite of MCP asks of a server, on the protocol layer on which the gateway offers MedCor's own tools. It needs no token, and
// listens where --urls says. The questions of a server to a client of a version with a handshake need a session, which --sessions true provides; the gateway
// has none.
var builder = WebApplication.CreateBuilder(args);
var hasSessions = builder.Configuration.GetValue<bool>("sessions");
builder.Services.Configure<HostFilteringOptions>(hosts => hosts.AllowedHosts = ["localhost", "127.0.0.1", "[::1]"]);
builder.Services
    .AddMcpServer(server =>
    {
        server.ServerInfo = new() { Name = "medcor-conformance", Version = "1.0.0" };
        var handlers = server.Handlers;
        handlers.ListToolsHandler = FixtureTools.ListAsync;
        handlers.CallToolHandler = FixtureTools.CallAsync;
        handlers.ListResourcesHandler = FixtureResources.ListAsync;
        handlers.ListResourceTemplatesHandler = FixtureResources.ListTemplatesAsync;
        handlers.ReadResourceHandler = FixtureResources.ReadAsync;
        handlers.ListPromptsHandler = FixturePrompts.ListAsync;
        handlers.GetPromptHandler = FixturePrompts.GetAsync;
        handlers.CompleteHandler = (_, _) => new(new CompleteResult { Completion = new() { Values = ["paris", "park", "party"], Total = 3, HasMore = false } });
        if (hasSessions)
        {
            server.Capabilities = new() { Resources = new() { Subscribe = true } };
            handlers.SubscribeToResourcesHandler = (_, _) => new(new EmptyResult());
            handlers.UnsubscribeFromResourcesHandler = (_, _) => new(new EmptyResult());
            handlers.SetLoggingLevelHandler = (_, _) => new(new EmptyResult());
        }
        else handlers.SubscriptionsListenHandler = FixtureResources.ListenAsync;
    })
    .WithHttpTransport(http => http.SessionMode = hasSessions ? HttpServerSessionMode.Stateful : HttpServerSessionMode.Stateless);

var app = builder.Build();
app.MapMcp("/mcp");
await app.RunAsync();
