using MassTransit;
using MedCor.Contracts;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Tools;
using StackExchange.Redis;

namespace MedCor.Gateway.Surfaces;

/// <summary>
/// <c>/healthz</c>: the process runs. <c>/readyz</c>: all that it leads to runs too, or what of it does not, by name. For people and monitors; an
/// orchestrator that takes gateways out of use by it would turn the loss of one service into the loss of all, so it asks <c>/health</c>.
/// </summary>
internal sealed class Readiness(Upstream upstream, IConnectionMultiplexer redis, IBusControl bus, TimeProvider clock)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1.5);

    private readonly string[] services = [.. ToolCatalogue.All.Values.Select(t => t.Service).Union(upstream.Known).Where(s => s != "gateway").Order()];
    private readonly Lock turn = new();
    private (DateTimeOffset At, Task<string[]> Missing) last = (DateTimeOffset.MinValue, Task.FromResult<string[]>([]));

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/healthz", http => http.Response.WriteAsJsonAsync(new { Status = "ok" }, Json.Options, http.RequestAborted));
        app.MapGet("/readyz", async http =>
        {
            var reasons = await http.RequestServices.GetRequiredService<Readiness>().Reasons();
            http.Response.StatusCode = reasons.Length == 0 ? 200 : 503;
            object answer = reasons.Length == 0 ? new { Ready = true } : new { Ready = false, Reasons = reasons };
            await http.Response.WriteAsJsonAsync(answer, Json.Options, http.RequestAborted);
        });
    }

    /// <summary>What is not ready. However many ask, it is looked up once a second.</summary>
    private Task<string[]> Reasons()
    {
        lock (turn)
        {
            var now = clock.GetUtcNow();
            if (now - last.At >= Fresh && last.Missing.IsCompleted) last = (now, Look());
            return last.Missing;
        }
    }

    private async Task<string[]> Look()
    {
        var broker = bus.CheckHealth().Status == BusHealthStatus.Healthy ? null : "broker does not answer";
        var answers = await Task.WhenAll([.. services.Select(Ask), Ping(), Task.FromResult(broker), AskForModel()]);
        return [.. answers.OfType<string>()];
    }

    private Task<string?> Ask(string service) => Ask(service, "/health", $"{service} does not answer", (_, _) => Task.FromResult<string?>($"{service} is not ready"));

    /// <summary>Chat says itself what its model lacks. That it does not answer is told of it already.</summary>
    private Task<string?> AskForModel() => Ask("chat", "/chat/model", null, async (response, ct) => response is { StatusCode: System.Net.HttpStatusCode.ServiceUnavailable, Content.Headers.ContentType.MediaType: "text/plain" } ? await response.Content.ReadAsStringAsync(ct) : null);

    private async Task<string?> Ask(string service, string path, string? silent, Func<HttpResponseMessage, CancellationToken, Task<string?>> wrong)
    {
        try
        {
            using var patience = new CancellationTokenSource(Patience, clock);
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            using var response = await upstream.To(service).SendAsync(request, patience.Token);
            return response.IsSuccessStatusCode ? null : await wrong(response, patience.Token);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return silent;
        }
    }

    private async Task<string?> Ping()
    {
        try
        {
            await redis.GetDatabase().PingAsync().WaitAsync(Patience, clock);
            return null;
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            return "redis does not answer";
        }
    }
}
