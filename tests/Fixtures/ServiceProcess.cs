using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace MedCor.Tests.Fixtures;

/// <summary>
/// Runs a further gateway or replica of a service, as the host starts one and with the same services and servers, but with the settings of a test.
/// </summary>
public sealed class ServiceProcess : IAsyncDisposable
{
    private readonly ChildProcess _process;

    private ServiceProcess(ChildProcess process) => _process = process;

    /// <summary>Gets a client that keeps no cookies.</summary>
    public HttpClient Http { get; private set; } = new(new SocketsHttpHandler { UseCookies = false }) { Timeout = TimeSpan.FromSeconds(60) };

    /// <summary>Gets the ID of the process.</summary>
    public int Id => _process.Id;

    /// <summary>Gets the console output.</summary>
    public string Output => _process.Console;

    /// <summary>Starts a gateway on a free port, without the host, and waits until it is ready. A setting whose value is null is removed.</summary>
    public static Task<ServiceProcess> Start(params (string Name, string? Value)[] settings)
    {
        var port = FreePort();
        return Start("gateway", port,
            [("ASPNETCORE_URLS", null), ("MCP_SERVER_HOST", "127.0.0.1"), ("MCP_SERVER_PORT", port.ToString(CultureInfo.InvariantCulture)), .. settings]);
    }

    /// <summary>Starts a replica of a service that is unknown to the others, and waits until it is ready.</summary>
    public static Task<ServiceProcess> StartService(string service, params (string Name, string? Value)[] settings)
    {
        var port = FreePort();
        return Start(service, port, [("ASPNETCORE_URLS", $"http://127.0.0.1:{port}"), .. settings]);
    }

    private static async Task<ServiceProcess> Start(string service, int port, (string Name, string? Value)[] settings)
    {
        var own = await Launch(service, settings);
        own.Http.BaseAddress = new($"http://127.0.0.1:{port}");
        await Wait.Until(() => own._process.HasExited ? throw new InvalidOperationException(own.Output) : own.IsReady(), $"{service} is ready",
            TimeSpan.FromSeconds(90), () => own.Output);
        return own;
    }

    /// <summary>Starts a gateway that must refuse to start, and returns its output.</summary>
    public static Task<string> RunGatewayToFailure(params (string Name, string? Value)[] settings) => RunServiceToFailure("gateway", settings);

    /// <summary>Starts a replica of a service that must refuse to start, and returns its output.</summary>
    public static async Task<string> RunServiceToFailure(string service, params (string Name, string? Value)[] settings)
    {
        await using var own = await Launch(service, [("ASPNETCORE_URLS", null), .. settings]);
        Assert.NotEqual(0, await own._process.WaitForExit(TimeSpan.FromSeconds(90)));
        return own.Output;
    }

    /// <summary>Lets all further calls come from another address of the loopback network.</summary>
    public void CallFrom(IPAddress address)
    {
        var before = Http;
        var handler = new SocketsHttpHandler { ConnectCallback = ConnectAsync, UseCookies = false };
        Http = new(handler) { BaseAddress = before.BaseAddress, Timeout = before.Timeout };
        before.Dispose();

        async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                socket.Bind(new IPEndPoint(address, port: 0));
                await socket.ConnectAsync(context.DnsEndPoint, ct);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }

    /// <summary>Gets the peak memory of the process, in bytes.</summary>
    public long PeakMemory => 1024 * long.Parse(
        File.ReadLines($"/proc/{_process.Id}/status")
            .Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);

    /// <summary>Gets whether the process is running.</summary>
    public bool IsRunning => !_process.HasExited;

    /// <summary>Returns the readiness of the process, or that of everything it depends on, from the given path.</summary>
    public async Task<(HttpStatusCode Status, string[] Reasons)> GetReadiness(string path)
    {
        using var answer = await Http.GetAsync(new Uri(path, UriKind.Relative));
        var reasons = (await answer.Content.ReadFromJsonAsync<JsonNode>())!["reasons"]?.AsArray().Select(r => (string)r!) ?? [];
        return (answer.StatusCode, [.. reasons]);
    }

    /// <summary>Posts JSON as a caller, or anonymously.</summary>
    public Task<HttpResponseMessage> Post(ApiClient? caller, string path, object body, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
        if (caller is not null) request.Headers.Authorization = new("Bearer", caller.AccessToken);
        foreach (var (name, value) in headers) request.Headers.Add(name, value);
        return Http.SendAsync(request);
    }

    /// <summary>Sends a GET request as a caller.</summary>
    public Task<HttpResponseMessage> Get(ApiClient caller, string path) =>
        Http.SendAsync(new(HttpMethod.Get, path) { Headers = { Authorization = new("Bearer", caller.AccessToken) } });

    private static async Task<ServiceProcess> Launch(string service, (string Name, string? Value)[] settings)
    {
        var system = await MedCorFixture.Get();
        var model = system.Pid($"{service}-1").ToString(CultureInfo.InvariantCulture);
        var command = await ReadProcFile(model, "cmdline");
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = new FileInfo($"/proc/{model}/cwd").ResolveLinkTarget(returnFinalTarget: true)!.FullName
        };
        start.Environment.Clear();
        foreach (var variable in await ReadProcFile(model, "environ"))
            if (variable.Split('=', 2) is [var name, var value]) start.Environment[name] = value;
        foreach (var (name, value) in settings)
            if (value is null) start.Environment.Remove(name);
            else start.Environment[name] = value;
        return new(ChildProcess.Start(start));
    }

    /// <summary>Kills the process, as a crash does, without waiting for its end.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Asks the process to stop, as the host and Kubernetes do, and waits for its end.</summary>
    public Task Stop() => _process.Stop(TimeSpan.FromSeconds(60));

    private static async Task<string[]> ReadProcFile(string pid, string file) =>
        Encoding.UTF8.GetString(await File.ReadAllBytesAsync($"/proc/{pid}/{file}")).Split('\0', StringSplitOptions.RemoveEmptyEntries);

    private async Task<bool> IsReady()
    {
        try
        {
            using var answer = await Http.GetAsync(new Uri("/health", UriKind.Relative));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>Returns a port that is free, returned to no other test, and above the system's range of ephemeral ports.</summary>
    internal static int FreePort()
    {
        while (true)
        {
            var port = Random.Shared.Next(61_000, 65_000);
            if (!UsedPorts.TryAdd(port, true)) continue;
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Another process uses the port.
            }
        }
    }

    private static readonly ConcurrentDictionary<int, bool> UsedPorts = new();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _process.DisposeAsync();
    }
}
