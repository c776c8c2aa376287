using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace MedCor.Load;

/// <summary>
/// Runs a model server that answers every question with the same tokens at a steady pace, streamed in OpenAI's protocol, and records when it wrote each token.
/// </summary>
internal sealed class PacedModelServer : IAsyncDisposable
{
    private static readonly byte[] Done = "data: [DONE]\n\n"u8.ToArray();

    private readonly WebApplication _web;
    private readonly byte[][] _chunks;
    private readonly byte[] _stop = Chunk([], "stop");
    private readonly TimeSpan _pace;
    private readonly ConcurrentDictionary<string, long[]> _writtenAt = new();

    private PacedModelServer(int tokens, int tokensPerSecond)
    {
        string[] words = [.. Enumerable.Range(0, tokens).Select(i => string.Create(CultureInfo.InvariantCulture, $" word{i}"))];
        (Text, _chunks, _pace) = (string.Concat(words), [.. words.Select(word => Chunk(new() { ["content"] = word }, null))],
            TimeSpan.FromSeconds(1.0 / tokensPerSecond));

        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        _web = builder.Build();
        _web.UseRouting();
        _web.MapPost("/v1/chat/completions", HandleRequest);
    }

    /// <summary>Gets the base address, including <c>/v1</c>.</summary>
    public string Address => _web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single() + "/v1";

    /// <summary>Gets the full text of every answer.</summary>
    public string Text { get; }

    public static async Task<PacedModelServer> Start(int tokens, int tokensPerSecond)
    {
        var server = new PacedModelServer(tokens, tokensPerSecond);
        await server._web.StartAsync();
        return server;
    }

    /// <summary>Returns the timestamps at which the tokens of the answer to a question were written. Questions must be unique.</summary>
    public long[] WrittenAt(string question) => _writtenAt[question];

    public ValueTask DisposeAsync() => _web.DisposeAsync();

    private async Task HandleRequest(HttpContext http)
    {
        var asked = (await JsonNode.ParseAsync(http.Request.Body, cancellationToken: http.RequestAborted))!;
        var times = _writtenAt[(string)asked["messages"]!.AsArray()[^1]!["content"]!] = new long[_chunks.Length];
        http.Response.ContentType = "text/event-stream";
        using var timer = new PeriodicTimer(_pace);
        for (var i = 0; i < _chunks.Length; i++)
        {
            times[i] = Stopwatch.GetTimestamp();
            await Write(_chunks[i]);
            await timer.WaitForNextTickAsync(http.RequestAborted);
        }
        await Write(_stop);
        await Write(Done);

        async Task Write(byte[] line)
        {
            await http.Response.Body.WriteAsync(line, http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
        }
    }

    private static byte[] Chunk(JsonObject delta, string? finish)
    {
        var chunk = new JsonObject
        {
            ["id"] = "load",
            ["object"] = "chat.completion.chunk",
            ["created"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
            ["model"] = "load",
            ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["delta"] = delta, ["finish_reason"] = finish }),
        };
        return Encoding.UTF8.GetBytes($"data: {chunk.ToJsonString(JsonSerializerOptions.Web)}\n\n");
    }
}
