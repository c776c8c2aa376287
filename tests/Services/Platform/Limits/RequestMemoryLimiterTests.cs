using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using MedCor.Platform.Limits;
using MedCor.ServiceDefaults;

namespace MedCor.Tests.Services.Platform.Limits;

public sealed class RequestMemoryLimiterTests
{
    private const long Available = 512L * 1024 * 1024;

    [Fact]
    public async Task Pages_of_the_largest_things_are_read_so_many_at_once_as_there_is_memory_for()
    {
        using var memory = new RequestMemoryLimiter(Available);
        var shares = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => memory.AcquireForResponseAsync(100, CancellationToken.None).AsTask()));
        var next = memory.AcquireForResponseAsync(100, CancellationToken.None).AsTask();
        Assert.False(next.IsCompleted);
        shares[0].Dispose();

        Assert.True((await next.WaitAsync(TimeSpan.FromSeconds(10))).IsAcquired);
    }

    [Fact]
    public async Task Waiting_responses_do_not_block_request_bodies()
    {
        using var memory = new RequestMemoryLimiter(Available);
        for (var i = 0; i < 5; i++) await memory.AcquireForResponseAsync(100, CancellationToken.None);
        using var hangsUp = new CancellationTokenSource();
        var waits = memory.AcquireForResponseAsync(100, hangsUp.Token).AsTask();

        Assert.True((await memory.AcquireForBodyAsync(MedCorDefaults.MaxRequestBodySize, CancellationToken.None)).IsAcquired);

        await hangsUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waits);
    }

    [Fact]
    public async Task With_minimal_memory_the_largest_body_and_response_still_fit_alone()
    {
        using var memory = new RequestMemoryLimiter(1);

        using (await memory.AcquireForBodyAsync(length: null, CancellationToken.None)) { }
        using (await memory.AcquireForResponseAsync(100, CancellationToken.None)) { }
    }

    /// <summary>Requests many times as much data at once as fits into the service's memory.</summary>
    [Fact]
    public async Task A_service_of_little_memory_answers_many_pages_of_the_largest_things_at_once()
    {
        const int Asking = 24;
        var admin = await LargeRecordsFixture.Create(100);
        await using var clinical = await ServiceProcess.StartService("clinical", ("DOTNET_GCHeapHardLimit", "12000000"));
        var answers = new ConcurrentBag<(HttpStatusCode Status, int Rows)>();

        var asked = Task.WhenAll(Enumerable.Range(0, Asking).Select(async i =>
        {
            using var answer = i % 2 == 0
                ? await clinical.Post(admin, "/tools/list_medical_records", new { limit = 100 })
                : await clinical.Get(admin, "/resources/medical_records?limit=100");
            var rows = answer.IsSuccessStatusCode ? (await answer.Content.ReadFromJsonAsync<JsonNode>())!["results"]!.AsArray().Count : 0;
            answers.Add((answer.StatusCode, rows));
        }));
        await asked.ContinueWith(_ => { }, TaskScheduler.Default);

        Assert.True(clinical.IsRunning, clinical.Output);
        Assert.DoesNotContain("OutOfMemory", clinical.Output, StringComparison.Ordinal);
        await asked;
        Assert.Contains((HttpStatusCode.OK, 100), answers);
        Assert.All(answers, a => Assert.True(a is (HttpStatusCode.OK, 100) or (HttpStatusCode.ServiceUnavailable, 0), $"{a.Status}, {a.Rows} rows"));
    }
}
