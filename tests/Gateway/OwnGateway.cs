using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.RegularExpressions;
using MedCor.Tests.EndToEnd;

namespace MedCor.Tests.Gateway;

/// <summary>A further gateway, a process as the host starts it and before the same services and servers, but with settings of a test's own.</summary>
public sealed partial class OwnGateway : IAsyncDisposable
{
    private readonly Process process;
    private readonly ConcurrentQueue<string> said = new();

    private OwnGateway(ProcessStartInfo start)
    {
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => said.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => said.Enqueue(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public HttpClient Http { get; } = new() { Timeout = TimeSpan.FromSeconds(60) };

    /// <summary>All that it wrote to its console.</summary>
    public string Said => string.Join('\n', said);

    /// <summary>Starts one on a free port and waits until it answers. A setting that is null is taken away.</summary>
    public static async Task<OwnGateway> Start(params (string Name, string? Value)[] settings)
    {
        var own = await Launch([("ASPNETCORE_URLS", "http://127.0.0.1:0"), .. settings]);
        await Wait.Until(() => own.process.HasExited ? throw new InvalidOperationException(own.Said) : Task.FromResult(Address().IsMatch(own.Said)), "the gateway listens", TimeSpan.FromSeconds(60), () => own.Said);
        own.Http.BaseAddress = new(Address().Match(own.Said).Value);
        return own;
    }

    /// <summary>Starts one that is to refuse, and tells what it said when it ended.</summary>
    public static async Task<string> Refusal(params (string Name, string? Value)[] settings)
    {
        await using var own = await Launch([("ASPNETCORE_URLS", "http://127.0.0.1:0"), .. settings]);
        await own.process.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token);
        Assert.NotEqual(0, own.process.ExitCode);
        return own.Said;
    }

    /// <summary>Posts JSON as somebody, or as nobody.</summary>
    public Task<HttpResponseMessage> Post(Client? caller, string path, object body, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
        if (caller is not null) request.Headers.Authorization = new("Bearer", caller.AccessToken);
        foreach (var (name, value) in headers) request.Headers.Add(name, value);
        return Http.SendAsync(request);
    }

    private static async Task<OwnGateway> Launch((string Name, string? Value)[] settings)
    {
        var house = await RunningHouse.Get();
        var model = house.Pid("gateway-1").ToString(CultureInfo.InvariantCulture);
        var command = await Words(model, "cmdline");
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment.Clear();
        foreach (var variable in await Words(model, "environ"))
            if (variable.Split('=', 2) is [var name, var value]) start.Environment[name] = value;
        foreach (var (name, value) in settings)
            if (value is null) start.Environment.Remove(name);
            else start.Environment[name] = value;
        return new(start);
    }

    private static async Task<string[]> Words(string pid, string file) =>
        Encoding.UTF8.GetString(await File.ReadAllBytesAsync($"/proc/{pid}/{file}")).Split('\0', StringSplitOptions.RemoveEmptyEntries);

    [GeneratedRegex(@"(?<=listening on: )http://\S+")]
    private static partial Regex Address();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (!process.HasExited) process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }
}
