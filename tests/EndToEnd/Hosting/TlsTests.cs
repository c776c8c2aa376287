using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts.Clinical;
using RabbitMQ.Client;
using StackExchange.Redis;

namespace MedCor.Tests.EndToEnd.Hosting;

/// <summary>Starts MedCor with TLS between its processes and servers, and uses it as clients do.</summary>
[Collection(nameof(CrashCollection))]
public sealed class TlsTests : IAsyncLifetime
{
    private static readonly string[] WithoutTls = ["gateway", "model", "mailbox"];

    private readonly string _data = Directory.CreateTempSubdirectory("medcor-tls-").FullName;
    private ChildProcess _host = null!;
    private JsonNode _run = null!;

    public async Task InitializeAsync()
    {
        _host = ChildProcess.Start(new ProcessStartInfo("dotnet",
            [MedCorFixture.FindHostAssembly(), "--data", _data, "--servers", "processes", "--tls", "--no-dashboard"])
        {
            Environment = { ["MCP_SERVER_PORT"] = "0", ["MCP_RATE_LIMIT"] = "0", ["DOTNET_TieredPGO"] = "0" },
        });
        await Wait.Until(
            () => _host.HasExited ? throw new InvalidOperationException(_host.Console) : Task.FromResult((_run = TryReadRunFile()!) is not null),
            "MedCor is up", TimeSpan.FromMinutes(4), () => _host.Console);
    }

    public async Task DisposeAsync()
    {
        if (!_host.HasExited) await _host.Stop(TimeSpan.FromSeconds(90));
        await _host.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }

    [Fact]
    public async Task Sign_in_a_booking_that_is_heard_live_chat_and_resuming_work_where_everything_is_encrypted()
    {
        await NothingAnswersWithoutTls();
        var gateway = new Uri((string)_run["gateways"]!.AsArray().Single()!);
        var nurse = await ApiClient.LogInAt(gateway, "nurse@general.example");

        SseEvent heard;
        await using (var listener = await SseClient.Connect(nurse, gateway))
        {
            var first = await Book(nurse);
            heard = await listener.Next(e => e.Name == "appointment_created" && (string?)e.Data["id"] == first.ToString(), TimeSpan.FromSeconds(30));
        }
        var second = await Book(nurse);
        await using (var listener = await SseClient.Connect(nurse, gateway, after: heard.Id))
            await listener.Next(e => e.Name == "appointment_created" && (string?)e.Data["id"] == second.ToString(), TimeSpan.FromSeconds(30));

        var chat = new ChatStreamClient(nurse.Http, ChatStreamClient.ServerToken);
        var call = await chat.Start("Who are you?");
        var told = await chat.ReadToEnd(call);
        Assert.Equal("final", told[^1].Name);
        Assert.Equal(told[1..].Select(e => e.Id), (await chat.ReadToEnd(call, after: told[0].Id)).Select(e => e.Id));
    }

    /// <summary>Books the first free time of a doctor for a patient of the demo data, and returns the appointment's ID.</summary>
    private static async Task<Guid> Book(ApiClient nurse)
    {
        var patients = (await nurse.Call("list_patients", new { limit = 100 }))["results"]!.AsArray();
        var doctors = (await nurse.Call("list_doctors", new { limit = 100 }))["results"]!.AsArray();
        var tomorrow = DateOnly.FromDateTime(DateTime.UtcNow).AddDays(1);
        foreach (var date in Enumerable.Range(0, 14).Select(n => tomorrow.AddDays(n).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)))
            foreach (var doctor in doctors.Select(d => (string)d!["id"]!))
            {
                var slots = (await nurse.Call("list_appointment_slots", new { doctor_id = doctor, date }))["available_times"]!.AsArray();
                foreach (var patient in patients.Select(p => (string)p!["id"]!))
                {
                    if (slots.Count == 0) break;
                    var answer = await nurse.TryCall("create_appointment", new
                    {
                        doctor_id = doctor, patient_id = patient, appointment_date = date, appointment_time = (string)slots[0]!, reason = "A check-up",
                    });
                    if (answer.Status == System.Net.HttpStatusCode.OK) return answer.Read<Appointment>().Id;
                }
            }
        throw new InvalidOperationException("No doctor has a free time in two weeks.");
    }

    private async Task NothingAnswersWithoutTls()
    {
        using var http = new HttpClient();
        var addresses = _run["resources"]!.AsArray().Where(r => ((string?)r!["url"])?.Contains("://", StringComparison.Ordinal) == true
            && !WithoutTls.Contains((string)r["resource"]!)).Select(r => new Uri((string)r!["url"]!)).ToArray();
        Assert.Equal(6, addresses.Length);
        Assert.All(addresses, address => Assert.Equal("https", address.Scheme));
        // Nor is the certificate one that the machine trusts.
        foreach (var address in (Uri[])[new($"http://{addresses[0].Authority}/health"), new(addresses[0], "/health")])
            await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync(address));
        foreach (var redis in (string[])["cache", "control"])
            await Assert.ThrowsAsync<RedisConnectionException>(() => ConnectionMultiplexer.ConnectAsync(
                $"localhost:{ReadRecorded("ports", redis)},password={ReadRecorded("passwords", redis)},connectRetry=1,connectTimeout=2000"));
        var broker = new ConnectionFactory
        {
            Uri = new($"amqp://guest:{ReadRecorded("passwords", "messaging")}@localhost:{ReadRecorded("ports", "messaging")}"),
            RequestedConnectionTimeout = TimeSpan.FromSeconds(5),
        };
        await Assert.ThrowsAnyAsync<Exception>(() => broker.CreateConnectionAsync());
    }

    private string ReadRecorded(string what, string name) => JsonNode.Parse(File.ReadAllText(Path.Combine(_data, $"{what}.json")))![name]!.ToString();

    private JsonNode? TryReadRunFile()
    {
        try
        {
            return JsonNode.Parse(File.ReadAllText(Path.Combine(_data, "run.json")));
        }
        catch (Exception between) when (between is IOException or JsonException)
        {
            return null;
        }
    }
}
