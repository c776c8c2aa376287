using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using MedCor.Contracts;
using MedCor.Gateway.HttpPipeline;

namespace MedCor.Tests.EndToEnd.HttpPipeline;

public sealed class CompressionTests
{
    [Theory]
    [InlineData("/api/openapi.json", "br", "br")]
    [InlineData("/api/openapi.json", "gzip", "gzip")]
    [InlineData("/api/openapi.json", "gzip;q=0, br;q=0.5", "br")]
    [InlineData("/api/openapi.json", "br;q=0", null)]
    [InlineData("/api/openapi.json", "", null)]
    [InlineData("/api/mcp/tools", "gzip, deflate, br", "br")]
    [InlineData("/api/mcp/resources/doctors?limit=100", "gzip", "gzip")]
    [InlineData("/api/mcp/resources/specialties?limit=100&fields=id,name,code,description,created_at,updated_at", "br", "br")]
    [InlineData("/", "br", "br")]
    public async Task Responses_without_secrets_are_compressed_as_accepted_and_decode_unchanged(string path, string accepted, string? coding)
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");
        using var plain = await Get(nurse, path, "");

        using var answer = await Get(nurse, path, accepted);

        Assert.Equal(coding is null ? [] : [coding], answer.Content.Headers.ContentEncoding);
        Assert.Contains("Accept-Encoding", plain.Headers.Vary);
        Assert.Contains("Accept-Encoding", answer.Headers.Vary);
        var (whole, sent) = (await plain.Content.ReadAsByteArrayAsync(), await answer.Content.ReadAsByteArrayAsync());
        Assert.Equal(whole, Decoded(sent, coding));
        if (coding is null) return;
        Assert.True(sent.Length < whole.Length * 2 / 3, $"{sent.Length} of {whole.Length}");
        if (answer.Headers.ETag is not { } tag) return;
        Assert.True(tag.IsWeak);
        // Other tests may change the content of the resource in between.
        await Wait.Until(async () =>
        {
            using var again = await Get(nurse, path, accepted, tag.ToString());
            tag = again.Headers.ETag!;
            return again.StatusCode == HttpStatusCode.NotModified && (await again.Content.ReadAsByteArrayAsync()).Length == 0;
        }, "what is unchanged is not sent again");
    }

    [Fact]
    public async Task A_tools_answer_is_compressed_where_it_tells_of_no_patient()
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");

        Assert.Equal(["gzip"],
            (await Post(nurse, "/api/mcp/tools/invoke", new { tool = "list_doctors", @params = new { limit = 100 } })).Content.Headers.ContentEncoding);
        Assert.Equal(["gzip"], (await Post(nurse, "/api/mcp/tools/list_doctors", new { limit = 100 })).Content.Headers.ContentEncoding);
        Assert.Empty((await Post(nurse, "/api/mcp/tools/list_patients", new { limit = 100 })).Content.Headers.ContentEncoding);
        Assert.Empty((await Post(nurse, "/api/mcp/tools/list_appointments", new { limit = 100 })).Content.Headers.ContentEncoding);
        Assert.Empty(
            (await Post(nurse, "/api/mcp/batch", new { requests = Enumerable.Repeat(new { tool = "list_doctors" }, 5) })).Content.Headers.ContentEncoding);
    }

    [Fact]
    public async Task Responses_with_tokens_and_streams_are_not_compressed()
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");

        Assert.Empty(
            (await Post(nurse, "/api/auth/login", new { email = "nurse@general.example", password = "Demo-Medcor-2026" })).Content.Headers.ContentEncoding);
        Assert.Empty((await Post(nurse, "/api/mcp/sse/ticket", new { })).Content.Headers.ContentEncoding);
        using var stream = await Get(nurse, "/api/mcp/sse", "br, gzip");
        Assert.Equal(("text/event-stream", 0), (stream.Content.Headers.ContentType?.MediaType, stream.Content.Headers.ContentEncoding.Count));
    }

    /// <summary>An error message repeats parts of the request, so an error response can contain text that others wrote.</summary>
    [Fact]
    public async Task No_refusal_is_compressed_where_the_answer_would_be()
    {
        var (nurse, nobody) = (await ApiClient.LogInShared("nurse@general.example"),
            new ApiClient(new HttpClient { BaseAddress = (await MedCorFixture.Get()).Gateways[0] }, "", "", Guid.Empty, null));
        var unknown = Enumerable.Range(0, 50).ToDictionary(i => $"no_such_name_{i}", _ => 1);
        var names = string.Join(',', Enumerable.Range(0, 30).Select(i => $"no_such_name_{i}"));
        HttpResponseMessage[] refusals =
        [
            await Get(nurse, $"/api/mcp/resources/doctors?fields={names}", "br, gzip"),
            await Get(nurse, $"/api/mcp/resources/doctors/{Guid.NewGuid()}?fields={names}", "br, gzip"),
            await Get(nurse, $"/api/mcp/resources/doctors/{Guid.NewGuid()}", "br, gzip"), await Get(nobody, "/api/mcp/resources/doctors", "br, gzip"),
            await Get(nobody, "/api/mcp/tools", "br, gzip"), await Get(nurse, $"/api/mcp/resources/{new string('x', 2000)}", "br, gzip"),
            await Post(nurse, "/api/mcp/tools/list_doctors", unknown),
            await Post(nurse, "/api/mcp/tools/invoke", new { tool = "list_doctors", @params = unknown }),
            await Post(nurse, "/api/mcp/tools/invoke", new { tool = new string('x', 2000) }), await Post(nobody, "/api/mcp/tools/list_doctors", unknown),
            await Post(nurse, "/api/mcp/tools/create_specialty", unknown),
        ];

        Assert.All(refusals, refusal => Assert.True(!refusal.IsSuccessStatusCode && refusal.Content.Headers.ContentEncoding.Count == 0,
            $"{refusal.StatusCode} {refusal.RequestMessage!.RequestUri}: {refusal.Content.Headers}"));
        Assert.Contains(refusals, refusal => refusal.Content.Headers.ContentLength > SelectiveCompressionProvider.MinLength);
        foreach (var refusal in refusals) refusal.Dispose();
    }

    /// <summary>A new resource or tool counts as concerning patients until it is declared otherwise.</summary>
    [Fact]
    public void Responses_about_patients_and_accounts_are_never_compressed()
    {
        var compressed = ResourceCatalogue.All.Values.Where(r => r.MayBeCompressed()).ToArray();

        Assert.Equal(["analytics/dashboard",
            "analytics/reports", "departments", "doctors", "hospitals", "invoices", "specialties", "subscription_plans", "subscriptions"],
            compressed.Select(r => r.Name));
        Assert.DoesNotContain(compressed, r => r.Entity.IsAssignableTo(typeof(MedCor.Contracts.Clinical.IClinicalContent)) || r.Fields.Contains("patient_id"));
        Assert.DoesNotContain(compressed.SelectMany(r => r.References.Values), r => !ResourceCatalogue.All[r.Resource].MayBeCompressed());
        Assert.DoesNotContain(ToolCatalogue.All.Values, t => t.MayBeCompressed() && (t.HasClinicalContent || t.Service == "chat"));
        Assert.Contains(ToolCatalogue.All.Values, t => t.MayBeCompressed());
    }

    private static byte[] Decoded(byte[] bytes, string? coding)
    {
        if (coding is null) return bytes;
        var source = new MemoryStream(bytes);
        using Stream decoder = coding == "br" ? new BrotliStream(source, CompressionMode.Decompress) : new GZipStream(source, CompressionMode.Decompress);
        var whole = new MemoryStream();
        decoder.CopyTo(whole);
        return whole.ToArray();
    }

    private static async Task<HttpResponseMessage> Get(ApiClient caller, string path, string accepted, string? known = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Accept-Encoding", accepted);
        if (known is not null) request.Headers.TryAddWithoutValidation("If-None-Match", known);
        return await caller.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private static async Task<HttpResponseMessage> Post(ApiClient caller, string path, object body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "gzip");
        return await caller.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }
}
