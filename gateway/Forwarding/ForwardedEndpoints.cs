using System.Buffers;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Gateway.Authentication;
using MedCor.Gateway.Chat;
using MedCor.Gateway.Endpoints;
using MedCor.Gateway.HttpPipeline;
using MedCor.Gateway.Limits;
using MedCor.Gateway.OpenApi;
using MedCor.Gateway.ToolInvocation;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Telemetry;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Transforms;

namespace MedCor.Gateway.Forwarding;

/// <summary>
/// Maps the paths whose responses the gateway passes on without reading them, and forwards their requests with YARP: <c>/api/auth/*</c> and
/// <c>/oauth/*</c> to Identity, <c>/mcp/cancel/*</c> and <c>/mcp/cancel_all</c> to Chat, and the export of audit events to Clinical. See
/// <c>docs/decisions/0028-yarp-where-a-response-passes-through.md</c>.
/// </summary>
internal sealed class ForwardedEndpoints(IHostEnvironment environment) : IEndpoints
{
    /// <summary>The maximum size of a body that is sent to Identity, in bytes. It contains an e-mail address, up to two passwords or a token.</summary>
    internal const int MaxBodySize = 16 * 1024;

    private const string Identity = "identity";
    private const string Chat = "chat";
    private const string Clinical = "clinical";
    private const string LogIn = "log_in";
    private const string Refresh = "refresh_session";
    private const string Switch = "switch_hospital";
    private const string LogOut = "log_out";
    private const string RequestReset = "request_password_reset";
    private const string SetPassword = "set_password";
    private const string OtherSession = "session";
    private const string LogInPage = "log_in_page";
    private const string ForgotPage = "forgot_page";
    private const string SetPasswordPage = "set_password_page";
    private const string TokenRequest = "token";
    private const string TokenRevocation = "revoke_token";
    private const string TokenIntrospection = "introspect_token";
    private const string Registration = "register_client";
    private const string PageStyle = "page_style";
    private const string PageScript = "page_script";
    private const string AuthorizationPages = "authorization_server";
    private const string Cancel = "cancel_call";
    private const string CancelAll = "cancel_calls";
    private const string ExportAudit = "export_audit_events";

    private static readonly RouteConfig[] Routes =
    [
        Post(LogIn, "/api/auth/login", Identity),
        Post(Refresh, "/api/auth/refresh", Identity),
        Post(Switch, "/api/auth/switch", Identity),
        Post(LogOut, "/api/auth/logout", Identity),
        Post(RequestReset, "/api/auth/reset", Identity),
        Post(SetPassword, "/api/auth/password", Identity),
        // Rate limits also apply to unknown paths.
        Post(OtherSession, "/api/auth/{**rest}", Identity),
        Post(LogInPage, "/oauth/login/{**rest}", Identity),
        Post(ForgotPage, "/oauth/forgot", Identity),
        Post(SetPasswordPage, "/oauth/set-password", Identity),
        Post(TokenRequest, "/oauth/token", Identity),
        Post(TokenRevocation, "/oauth/revoke", Identity),
        Post(TokenIntrospection, "/oauth/introspect", Identity),
        Post(Registration, "/oauth/register", Identity),
        Get(PageStyle, "/oauth/style.css", Identity),
        Get(PageScript, "/oauth/passkeys.js", Identity),
        new() { RouteId = AuthorizationPages, ClusterId = Identity, Match = new() { Path = "/oauth/{**rest}", Methods = [HttpMethods.Get, HttpMethods.Post] } },
        Post(Cancel, "/mcp/cancel/{call_id}", Chat).WithTransformPathRouteValues("/chat/calls/{call_id}/cancel"),
        Post(CancelAll, "/mcp/cancel_all", Chat).WithTransformPathSet("/chat/calls/cancel"),
        Get(ExportAudit, "/api/audit/export", Clinical).WithTransformPathSet("/audit/export"),
    ];

    /// <summary>The services, one cluster each. <see cref="ServiceHttpInvoker"/> selects the replica, for YARP as for tool calls.</summary>
    internal static readonly ClusterConfig[] Clusters =
    [
        .. from service in ServiceCatalogue.All
           select new ClusterConfig
           {
               ClusterId = service.Name,
               HttpRequest = new() { ActivityTimeout = ServiceForwarder.RequestTimeout, Version = System.Net.HttpVersion.Version11 },
               Destinations = new Dictionary<string, DestinationConfig> { [service.Name] = new() { Address = $"http://{service.Name}" } },
           },
    ];

    public static void AddTo(IServiceCollection services)
    {
        services.AddSingleton<IForwarderHttpClientFactory, ServiceClientFactory>();
        services.AddReverseProxy().LoadFromMemory(Routes, Clusters).AddTransforms<ForwardedHeaders>();
        // YARP adds Data Protection for session affinity, which no cluster uses. Data Protection would write keys to disk.
        services.Remove(services.Single(service => service.ImplementationType?.Name == "DataProtectionHostedService"));
    }

    public void Map(IEndpointRouteBuilder app)
    {
        var example = DemoLogins.Find(environment) is { } logins ? new JsonObject { ["email"] = logins.Example, ["password"] = logins.Password } : null;
        app.MapReverseProxy(proxy => proxy.Use((http, next) =>
            http.GetReverseProxyFeature().Cluster.Config.ClusterId == Identity ? ForwardToIdentityAsync(http, next) : ForwardCallAsync(http, next)))
            .ConfigureEndpoints((endpoint, route) => _ = route.RouteId switch
            {
                LogIn => OpenToStrangers(endpoint, RateLimitPolicy.LogIns).DescribeLogIn(example),
                Refresh => OpenToStrangers(endpoint, RateLimitPolicy.Sessions).DescribeRefreshSession(),
                // Identity verifies the token, and answers with those of another session.
                Switch => OpenToStrangers(endpoint, RateLimitPolicy.Sessions).DescribeSwitchHospital(),
                LogOut => OpenToStrangers(endpoint, RateLimitPolicy.Sessions).DescribeLogOut(),
                RequestReset => OpenToStrangers(endpoint, RateLimitPolicy.LogIns).DescribeRequestReset(),
                SetPassword => OpenToStrangers(endpoint, RateLimitPolicy.LogIns).DescribeSetPassword(),
                LogInPage or ForgotPage or SetPasswordPage => endpoint.AllowAnonymous().WithRateLimit(RateLimitPolicy.LogIns).ExcludeFromDescription(),
                TokenRequest or TokenRevocation or TokenIntrospection =>
                    endpoint.AllowAnonymous().WithRateLimit(RateLimitPolicy.Tokens).ExcludeFromDescription(),
                Registration => endpoint.AllowAnonymous().WithRateLimit(RateLimitPolicy.Registrations).ExcludeFromDescription(),
                // Browsers keep them for an hour.
                PageStyle or PageScript => endpoint.AllowAnonymous().ExcludeFromDescription(),
                AuthorizationPages => endpoint.AllowAnonymous().WithRateLimit(RateLimitPolicy.Sessions).ExcludeFromDescription(),
                OtherSession => OpenToStrangers(endpoint, RateLimitPolicy.Sessions).ExcludeFromDescription(),
                Cancel => endpoint.AcceptServerToken().DescribeCancel(),
                ExportAudit => endpoint.WithMetadata(QueryParametersMetadata.Read).DescribeAuditExport(),
                _ => endpoint.AcceptServerToken().DescribeCancelAll(),
            });

        static IEndpointConventionBuilder OpenToStrangers(IEndpointConventionBuilder endpoint, string rateLimit) =>
            endpoint.AllowAnonymous().WithRateLimit(rateLimit).WithMetadata(QueryParametersMetadata.None);
    }

    private static RouteConfig Post(string id, string path, string service) =>
        new() { RouteId = id, ClusterId = service, Match = new() { Path = path, Methods = [HttpMethods.Post] } };

    private static RouteConfig Get(string id, string path, string service) =>
        new() { RouteId = id, ClusterId = service, Match = new() { Path = path, Methods = [HttpMethods.Get] } };

    private static async Task ForwardToIdentityAsync(HttpContext http, RequestDelegate next)
    {
        using (var body = await RequestBody.ReadAsync(http, MaxBodySize))
        {
            http.Request.Body = new MemoryStream(body.Bytes.ToArray(), writable: false);
            // The byte order mark has been removed, so the body can be shorter than its Content-Length.
            if (http.Request.ContentLength is not null) http.Request.ContentLength = body.Bytes.Length;
        }

        await next(http);
        if (http.GetForwarderErrorFeature() is not null && !http.Response.HasStarted)
            throw new Unavailable("Identity is unavailable. Retry shortly.", retryAfter: 1);
    }

    /// <summary>Forwards what an authenticated caller asks of Chat or Clinical, and records its metrics.</summary>
    private static async Task ForwardCallAsync(HttpContext http, RequestDelegate next)
    {
        var route = http.GetReverseProxyFeature().Route.Config;
        var name = route.RouteId;
        http.SetToolTag(name);
        using var metrics = new ToolMetrics(route.ClusterId!, name);
        if (http.Request.RouteValues.ContainsKey(ChatEndpoints.CallId)) http.Request.RouteValues[ChatEndpoints.CallId] = ChatEndpoints.GetRunId(http);
        // These paths read no body.
        http.Features.Set<IHttpRequestBodyDetectionFeature>(NoBody.Instance);

        await next(http);
        if (http.RequestAborted.IsCancellationRequested) metrics.RecordAbandoned();
        else if (http.GetForwarderErrorFeature() is not { } failure) metrics.RecordResponse(http.Response.StatusCode);
        else if (!http.Response.HasStarted)
            throw ServiceForwarder.ToUnavailable(failure.Exception, name, $"with the same {(route.ClusterId == Chat ? "request_id" : IdempotencyKey.Header)}");
        if (http.Features.Get<Refused>() is { } refusal) throw refusal;
    }

    /// <summary>Makes YARP send requests with the invoker of tool calls, which selects a replica.</summary>
    private sealed class ServiceClientFactory(ServiceHttpInvoker upstream) : IForwarderHttpClientFactory
    {
        public HttpMessageInvoker CreateClient(ForwarderHttpClientContext context) => upstream;
    }

    private sealed class NoBody : IHttpRequestBodyDetectionFeature
    {
        public static readonly NoBody Instance = new();

        public bool CanHaveBody => false;
    }
}
