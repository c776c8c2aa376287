using System.Globalization;
using System.Text.Json;
using System.Threading.Channels;
using MedCor.Hosting.ApplicationModel;
using MedCor.Hosting.Dashboard.Telemetry;
using MedCor.Hosting.Running;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace MedCor.Hosting.Dashboard;

/// <summary>MedCor's own dashboard: what runs, what it says, what it does and how long that takes, and buttons to start and stop it. On loopback only.</summary>
internal sealed class DashboardServer : IAsyncDisposable
{
    private const int MostStreams = 64;
    private const long LargestBody = 16 * 1024 * 1024;
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan CommandPatience = TimeSpan.FromSeconds(30);

    // By the ending of the page's files, all of which are embedded.
    private static readonly Dictionary<string, string> ContentTypes = new()
    {
        [".html"] = "text/html; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".svg"] = "image/svg+xml",
    };

    private readonly Access _access;
    private readonly IReadOnlyList<Instance> _instances;
    private readonly TelemetryInbox _inbox = new(TimeProvider.System);
    private readonly SemaphoreSlim _streams = new(MostStreams);
    private readonly CancellationTokenSource _stopping = new();
    private readonly WebApplication _web;
    private readonly string _telemetryGoesTo;

    public DashboardServer(int port, IReadOnlyList<Instance> instances, Access access, string? telemetryElsewhere)
    {
        _instances = instances;
        _access = access;
        Url = AddressOf(port);
        _telemetryGoesTo = telemetryElsewhere ?? "";

        // Empty: no configuration, logging or signal handling that would mix with the host's own.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.ListenLocalhost(port);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = LargestBody;
            kestrel.Limits.MaxConcurrentConnections = 256;
        });
        builder.Services.AddRoutingCore();
        _web = builder.Build();
        _web.Use(GuardAsync);
        _web.UseRouting();
        _web.MapGet("/login", LogInAsync);
        _web.MapPost("/v1/{signal}", (HttpContext http, string signal) => _inbox.TakeAsync(http, signal));
        _web.MapTelemetry(_inbox, TimeProvider.System);
        _web.MapGet("/api/resources", StreamResourcesAsync);
        _web.MapGet("/api/resources/{name}/log", StreamLogAsync);
        _web.MapGet("/api/resources/{name}/environment", EnvironmentAsync);
        _web.MapPost("/api/resources/{name}/{command}", CommandAsync);
        foreach (var file in typeof(DashboardServer).Assembly.GetManifestResourceNames())
        {
            _web.MapGet(file == "index.html" ? "/" : $"/{file}", http => SendFileAsync(http, file));
        }
    }

    public string Url { get; }

    public string Login => $"{Url}/login?t={_access.Token}";

    public string Token => _access.Token;

    public static string AddressOf(int port) => string.Create(CultureInfo.InvariantCulture, $"http://localhost:{port}");

    public Task StartAsync(CancellationToken ct) => _web.StartAsync(ct);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        using var patience = new CancellationTokenSource(StopPatience);
        await _web.StopAsync(patience.Token);
        await _web.DisposeAsync();
        _stopping.Dispose();
        _streams.Dispose();
    }

    private async Task GuardAsync(HttpContext http, RequestDelegate next)
    {
        var (request, headers) = (http.Request, http.Response.Headers);
        headers.ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-store";
        headers["Referrer-Policy"] = "no-referrer";

        var refusal = !_access.IsKnownHost(request) ? (StatusCodes.Status421MisdirectedRequest, "This address is not known here.")
            : request.Path.StartsWithSegments("/v1", StringComparison.Ordinal) ? (_access.IsService(request) ? default : (StatusCodes.Status401Unauthorized, $"{Access.TelemetryHeader} is missing or wrong."))
            : request.Path == "/login" ? default
            : !_access.IsUser(request) ? (StatusCodes.Status401Unauthorized, "MedCor's dashboard: open it by the address that the host printed; it carries the token.")
            : !HttpMethods.IsGet(request.Method) && !Access.IsCommand(request) ? (StatusCodes.Status403Forbidden, $"{Access.CommandHeader} is missing.")
            : default;
        if (refusal == default)
        {
            await next(http);
            return;
        }

        (http.Response.StatusCode, http.Response.ContentType) = (refusal.Item1, "text/plain; charset=utf-8");
        await http.Response.WriteAsync(refusal.Item2, http.RequestAborted);
    }

    private async Task LogInAsync(HttpContext http)
    {
        if (_access.LogIn(http))
        {
            var shown = _instances.FirstOrDefault(instance => instance.Name == http.Request.Query["resource"]);
            http.Response.Redirect(shown is null ? "/" : $"/?resource={shown.Name}");
            return;
        }

        (http.Response.StatusCode, http.Response.ContentType) = (StatusCodes.Status401Unauthorized, "text/plain; charset=utf-8");
        await http.Response.WriteAsync("This token is not, or no longer, valid. The host prints a new one at every start.", http.RequestAborted);
    }

    private static async Task SendFileAsync(HttpContext http, string file)
    {
        await using var content = typeof(DashboardServer).Assembly.GetManifestResourceStream(file)!;
        http.Response.ContentType = ContentTypes[Path.GetExtension(file)];
        await content.CopyToAsync(http.Response.Body, http.RequestAborted);
    }

    private Task StreamResourcesAsync(HttpContext http) => StreamAsync(http, async (send, ct) =>
    {
        // One waiting change stands for any number of them: all of the state is sent anew.
        var changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        void Changed(Instance instance, Status status) => changes.Writer.TryWrite(true);
        foreach (var instance in _instances)
        {
            instance.Changed += Changed;
        }

        try
        {
            while (true)
            {
                await send(new { resources = _instances.Select(Describe), telemetryGoesTo = _telemetryGoesTo });
                // Also now and then without a change, to notice a browser that has gone.
                await Task.WhenAny(changes.Reader.WaitToReadAsync(ct).AsTask(), Task.Delay(Heartbeat, ct));
                ct.ThrowIfCancellationRequested();
                changes.Reader.TryRead(out _);
            }
        }
        finally
        {
            foreach (var instance in _instances)
            {
                instance.Changed -= Changed;
            }
        }
    });

    private Task StreamLogAsync(HttpContext http, string name) => Find(http, name) is not { } instance ? Task.CompletedTask : StreamAsync(http, async (send, ct) =>
    {
        await foreach (var lines in instance.Log.ReadAsync(ct))
        {
            await send(lines);
        }
    });

    private async Task StreamAsync(HttpContext http, Func<Func<object, Task>, CancellationToken, Task> write)
    {
        if (!await _streams.WaitAsync(TimeSpan.Zero, http.RequestAborted))
        {
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        using var ends = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, _stopping.Token);
        try
        {
            http.Response.ContentType = "text/event-stream";
            http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
            await write(async message =>
            {
                await http.Response.WriteAsync($"data: {JsonSerializer.Serialize(message, JsonSerializerOptions.Web)}\n\n", ends.Token);
                await http.Response.Body.FlushAsync(ends.Token);
            }, ends.Token);
        }
        catch (OperationCanceledException) when (ends.IsCancellationRequested)
        {
            http.Abort();
        }
        finally
        {
            _streams.Release();
        }
    }

    private async Task EnvironmentAsync(HttpContext http, string name)
    {
        if (Find(http, name) is { } instance)
        {
            var variables = (instance.Workload as Service)?.Environment ?? [];
            // A secret does not leave this process, not even for somebody who may see everything else.
            await http.Response.WriteAsJsonAsync(
                variables.OrderBy(variable => variable.Name, StringComparer.Ordinal)
                    .Select(variable => new { variable.Name, Value = variable.IsSecret ? null : variable.Value, variable.IsSecret }),
                JsonSerializerOptions.Web, http.RequestAborted);
        }
    }

    private async Task CommandAsync(HttpContext http, string name, string command)
    {
        if (Find(http, name) is not { } instance)
        {
            return;
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        patience.CancelAfter(CommandPatience);
        var done = command switch
        {
            "start" => instance.StartAsync(patience.Token),
            "stop" => instance.StopAsync(patience.Token),
            "restart" => instance.RestartAsync(patience.Token),
            _ => null,
        };
        http.Response.StatusCode = done is null ? StatusCodes.Status404NotFound : StatusCodes.Status204NoContent;
        await (done ?? Task.CompletedTask);
    }

    private Instance? Find(HttpContext http, string name)
    {
        var instance = _instances.FirstOrDefault(instance => instance.Name == name);
        if (instance is null)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
        }

        return instance;
    }

    private static object Describe(Instance instance) => new
    {
        instance.Name,
        Kind = instance.Resource switch
        {
            PostgresServerResource => "PostgreSQL",
            RedisResource => "Redis",
            RabbitMQServerResource => "RabbitMQ",
            _ => "Service",
        },
        State = instance.Status.State.ToString(),
        instance.Status.Healthy,
        instance.Status.Pid,
        instance.Status.Restarts,
        instance.Status.ExitCode,
        instance.Status.Since,
        instance.Address,
        WaitsFor = instance.Resource.WaitsFor.Select(needed => needed.Name),
        Links = instance.Resource is ProjectResource { Http.IsExternal: true } project
            ? project.Urls.Select(url => url()).Select(url => new { Text = url.DisplayText ?? url.Url, Url = new Uri(new Uri(instance.Address!), url.Url).ToString() })
            : [],
    };
}
