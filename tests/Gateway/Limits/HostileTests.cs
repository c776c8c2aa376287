using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.ServiceDefaults.Tools;
using MedCor.Tests.EndToEnd;
using MedCor.Tests.EndToEnd.Catalogue;
using MedCor.Tests.Identity;

namespace MedCor.Tests.Gateway.Limits;

/// <summary>
/// A gateway of little memory, and many who send slowly, send without end, ask for much and take nothing of it, or listen and do nothing. Small in every run; with <c>MEDCOR_HOSTILE=whole</c> as
/// docs/limits.md says.
/// </summary>
public sealed class HostileTests
{
    private const long MostMemory = 512L * 1024 * 1024;

    private static readonly bool IsWhole = Environment.GetEnvironmentVariable("MEDCOR_HOSTILE") == "whole";
    private static readonly (int Senders, int Sockets, int Streams, int Readers, TimeSpan For) Size = IsWhole ? (1000, 500, 5000, 100, TimeSpan.FromSeconds(120)) : (150, 60, 1000, 24, TimeSpan.FromSeconds(12));

    [Fact]
    public async Task A_gateway_of_little_memory_stays_up_and_serves_others_whatever_is_done_to_it()
    {
        var (admin, other) = (await OfLargeRecords(), await Client.Shared("nurse@riverside.example"));
        await using var gateway = await OwnGateway.Start(
            ("DOTNET_GCHeapHardLimit", "10000000"), ("MCP_MAX_STREAMS", "0"), ("MCP_MAX_SOCKETS", "0"), ("MCP_RATE_LIMIT", "0"));
        using var over = new CancellationTokenSource(Size.For);
        var (served, late) = (0, new ConcurrentBag<string>());

        Task[] hostile =
        [
            .. Enumerable.Range(0, Size.Senders).Select(i => Quietly(() => SendSlowly(gateway, i, over.Token))),
            .. Enumerable.Range(0, Size.Sockets).Select(_ => Quietly(() => SendWithoutEnd(gateway, admin, over.Token))),
            .. Enumerable.Range(0, Size.Streams).Select(_ => Quietly(() => Listen(gateway, admin, over.Token))),
            .. Enumerable.Range(0, Size.Readers).Select(_ => Quietly(() => TakeNothing(gateway, admin, over.Token))),
        ];
        while (!over.IsCancellationRequested && gateway.IsUp)
        {
            // Who is told to come again does, as clients do.
            HttpStatusCode status = 0;
            for (var tries = 0; tries < 20 && status != HttpStatusCode.OK; tries++)
            {
                using var answer = await gateway.Post(other, "/api/mcp/tools/invoke", new { tool = "list_departments" });
                status = answer.StatusCode;
                if (status is not (HttpStatusCode.OK or HttpStatusCode.ServiceUnavailable)) late.Add($"{(int)status}");
                if (status == HttpStatusCode.ServiceUnavailable) Assert.NotNull(answer.Headers.RetryAfter);
            }
            if (status == HttpStatusCode.OK) served++;
            else late.Add($"{(int)status}");
        }
        await Task.WhenAll(hostile);

        Assert.True(gateway.IsUp, gateway.Said);
        Assert.Empty(late);
        Assert.True(served > 10, $"{served} calls were served.");
        Assert.InRange(gateway.PeakMemory, 1, MostMemory);
        Assert.DoesNotContain("OutOfMemory", gateway.Said, StringComparison.Ordinal);
    }

    /// <summary>An administrator of a hospital of its own, one of whose patients has more on record than is answered at once.</summary>
    private static async Task<Client> OfLargeRecords()
    {
        const string Password = "Korrekt-Pferd-7";
        var (platform, opening) = (await Client.Shared(Somebody.Platform), ToolCatalogue.All["create_hospital"]);
        var hospital = (string)(await platform.Post(opening, await new Draft(opening).Fill([], Task.FromResult))).Body["id"]!;
        var (email, patient) = (Somebody.NewEmail(), Guid.Empty);
        await platform.Do("create_user", new { email, password = Password, first_name = "Ada", last_name = "Admin", role = "ADMIN", hospital_id = hospital });
        patient = (Guid)(await platform.Do("create_user", new { email = Somebody.NewEmail(), password = Password, first_name = "Paul", last_name = "Patient", role = "PATIENT", hospital_id = hospital }))["id"]!;
        var admin = await Client.As(email, Password);
        var text = new string('ü', 9_900);
        for (var i = 0; i < (IsWhole ? 100 : 40); i++)
            await admin.Do("create_medical_record", new { patient_id = patient, title = $"Record {i}", record_type = "OTHER", description = text, diagnosis = text, symptoms = text, treatment_plan = text });
        return admin;
    }

    /// <summary>Sends a body of a mebibyte a little at a time, and again when it is cut off.</summary>
    private static async Task SendSlowly(OwnGateway gateway, int which, CancellationToken ct)
    {
        var path = which % 2 == 0 ? "/api/auth/login/" : "/api/mcp/tools/invoke";
        while (!ct.IsCancellationRequested)
        {
            using var connection = await Connect(gateway, ct);
            var stream = connection.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1048576\r\n\r\n"), ct);
            var piece = new byte[which % 3 == 0 ? 50 : 20_000];
            await Quietly(async () =>
            {
                using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
                while (await timer.WaitForNextTickAsync(ct)) await stream.WriteAsync(piece, ct);
            });
        }
    }

    /// <summary>Sends a message that never ends, and again when it is cut off.</summary>
    private static async Task SendWithoutEnd(OwnGateway gateway, Client client, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
            await Quietly(async () =>
            {
                using var socket = new ClientWebSocket();
                socket.Options.SetRequestHeader("Authorization", $"Bearer {client.AccessToken}");
                await socket.ConnectAsync(new UriBuilder(gateway.Http.BaseAddress!) { Scheme = "ws", Path = "/api/mcp/ws" }.Uri, ct);
                using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
                while (await timer.WaitForNextTickAsync(ct)) await socket.SendAsync(new byte[10_000], WebSocketMessageType.Text, endOfMessage: false, ct);
            });
    }

    private static async Task Listen(OwnGateway gateway, Client client, CancellationToken ct)
    {
        using var connection = await Connect(gateway, ct);
        await connection.GetStream().WriteAsync(Request("/api/mcp/sse", client), ct);
        await new TaskCompletionSource().Task.WaitAsync(ct);
    }

    /// <summary>Asks for all that a patient has on record, again and again, and takes none of it.</summary>
    private static async Task TakeNothing(OwnGateway gateway, Client client, CancellationToken ct)
    {
        using var connection = await Connect(gateway, ct);
        connection.ReceiveBufferSize = 4096;
        for (var i = 0; i < 10; i++) await connection.GetStream().WriteAsync(Request(i % 2 == 0 ? "/api/mcp/resources/medical_records?limit=100" : "/api/mcp/resources/medical_records?limit=100&expand=patient&fields=id,description", client), ct);
        await new TaskCompletionSource().Task.WaitAsync(ct);
    }

    private static byte[] Request(string path, Client client) => Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {client.AccessToken}\r\n\r\n");

    private static async Task<TcpClient> Connect(OwnGateway gateway, CancellationToken ct)
    {
        var connection = new TcpClient();
        await connection.ConnectAsync(gateway.Http.BaseAddress!.Host, gateway.Http.BaseAddress.Port, ct);
        return connection;
    }

    /// <summary>To be cut off is what they are for.</summary>
    private static async Task Quietly(Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or WebSocketException)
        {
            // Over, or cut off.
        }
    }
}
