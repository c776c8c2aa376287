using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using MedCor.Contracts;
using MedCor.Gateway.Limits;
using MedCor.Gateway.LiveEvents;
using MedCor.Gateway.ToolInvocation;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace MedCor.Tests.Unit.Gateway;

/// <summary>Tests the tool invoker with services that behave as a running one does only when it fails.</summary>
public sealed class ToolInvokerTests
{
    private static readonly InvocationContext Platform = Somebody(null);

    [Fact]
    public async Task Status_bytes_and_content_type_of_a_service_pass_through_unchanged()
    {
        using var service = new RawService(
            _ => "HTTP/1.1 409 Conflict\r\nContent-Type: application/json; x=1\r\nRetry-After: 7\r\nContent-Length: 13\r\n\r\n{ \"a\" :1.50 }");

        using var answer = await Call(service.Address);

        Assert.Equal((409, "application/json; x=1", "7"), (answer.Status, answer.ContentType, answer.RetryAfter));
        Assert.Equal("{ \"a\" :1.50 }", Encoding.UTF8.GetString(answer.Body.Span));
    }

    [Fact]
    public async Task A_service_gets_the_parameters_and_who_is_calling_and_nothing_else()
    {
        using var service = new RawService(_ => "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}");

        (await Call(service.Address, key: "once")).Dispose();

        var (head, body) = service.Requests.Single().Split("\r\n\r\n") is [var lines, var rest]
            ? (lines.Split("\r\n"), rest)
            : throw new InvalidOperationException();
        Assert.Equal("POST /tools/list_hospitals HTTP/1.1", head[0]);
        Assert.Equal("""{"limit":1}""", body);
        var names = head[1..].Select(l => l.Split(':')[0].ToLowerInvariant()).Except(["traceparent", "tracestate"]).Order();
        Assert.Equal(["authorization", "content-length", "content-type", "host", "idempotency-key", "x-client-address", "x-request-id"], names);
        Assert.Contains("Authorization: Bearer token", head);
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Le")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"results\":[")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"res\r\n")]
    public async Task A_service_that_breaks_off_is_unavailable_and_never_half_an_answer(string soFar)
    {
        using var service = new RawService(_ => soFar);

        var refusal = await Assert.ThrowsAsync<Unavailable>(() => Call(service.Address));

        Assert.Equal((503, ErrorCodes.ServerError), (refusal.Status, refusal.Code));
        Assert.NotNull(refusal.RetryAfter);
    }

    [Fact]
    public async Task When_one_replica_is_gone_another_answers()
    {
        using var service = new RawService(_ => "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}");
        var upstream = Upstream(Closed(), service.Address, Closed());

        for (var i = 0; i < 6; i++) (await Call(upstream)).Dispose();

        Assert.Equal(6, service.Requests.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Le")]
    public async Task A_request_that_a_replica_may_have_received_is_not_retried_elsewhere(string soFar)
    {
        using var one = new RawService(_ => soFar);
        using var other = new RawService(_ => soFar);

        await Assert.ThrowsAsync<Unavailable>(() => Call(Upstream(one.Address, other.Address)));

        Assert.Equal(1, one.Requests.Count + other.Requests.Count);
    }

    [Fact]
    public async Task Replicas_take_turns()
    {
        using var one = new RawService(_ => "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}");
        using var other = new RawService(_ => "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}");
        var upstream = Upstream(one.Address, other.Address);

        for (var i = 0; i < 6; i++) (await Call(upstream)).Dispose();

        Assert.Equal((3, 3), (one.Requests.Count, other.Requests.Count));
    }

    [Fact]
    public async Task When_no_replica_accepts_a_connection_the_call_fails_at_once()
    {
        var watch = Stopwatch.StartNew();

        var refusal = await Assert.ThrowsAsync<Unavailable>(() => Call(Closed()));

        Assert.NotNull(refusal.RetryAfter);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), $"It took {watch.Elapsed}.");
    }

    [Fact]
    public async Task A_role_without_the_tool_is_refused_before_any_service_hears_of_it_unless_the_service_records_it()
    {
        using var service = new RawService(_ => "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}");
        var door = Door(Upstream(service.Address));
        var admin = Somebody(Guid.NewGuid());
        var patient = admin with { Caller = new(Guid.NewGuid(), "", Role.Patient, Guid.NewGuid(), Guid.NewGuid(), default, DateTimeOffset.MaxValue) };

        await Assert.ThrowsAsync<Forbidden>(
            () => door.InvokeAsync(patient, new(ToolCatalogue.All["list_reports"], new("{}"u8.ToArray())), null, default));
        Assert.Empty(service.Requests);
        (await door.InvokeAsync(admin, new(ToolCatalogue.All["create_hospital"], new("{}"u8.ToArray())), null, default)).Dispose();

        Assert.Single(service.Requests);
    }

    [Theory]
    [InlineData("delete_hospital", 15 * 60_000, true)]
    [InlineData("delete_hospital", 15 * 60_000 + 1, false)]
    [InlineData("delete_hospital", null, false)]
    [InlineData("create_hospital", 15 * 60_000 + 1, true)]
    [InlineData("create_hospital", null, true)]
    public async Task A_login_suffices_for_step_up_until_its_last_moment(string tool, int? age, bool isForwarded)
    {
        using var service = new RawService(_ => "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}");
        var clock = new ManualTimeProvider();
        var caller = Platform.Caller with
        {
            AuthenticatedAt = age is { } milliseconds ? clock.Now.AddMilliseconds(-milliseconds) : null,
            StepUpAge = TimeSpan.FromMinutes(15),
        };

        var call = Door(Upstream(service.Address), clock: clock)
            .InvokeAsync(Platform with { Caller = caller }, new(ToolCatalogue.All[tool], new("{}"u8.ToArray())), null, default);

        if (isForwarded) (await call).Dispose();
        else Assert.Equal(900, (int)(await Assert.ThrowsAsync<StepUpRequired>(() => call)).Details["max_age"]!);
        Assert.Equal(isForwarded ? 1 : 0, service.Requests.Count);
    }

    [Fact]
    public async Task A_change_for_whose_answer_there_is_no_room_is_refused_before_any_service_hears_of_it()
    {
        using var service = new RawService(_ => "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}");
        var waiting = new BufferedBytesLimiter(Options.Create(new LimitOptions()));
        using var full = waiting.CreateLease();
        full.Resize(new LimitOptions().MaxBufferedBytes - 1000);
        var door = Door(Upstream(service.Address), waiting);

        await Assert.ThrowsAsync<Unavailable>(
            () => door.InvokeAsync(Platform, new(ToolCatalogue.All["create_hospital"], new("{}"u8.ToArray())), null, default));
        Assert.Empty(service.Requests);
        full.Dispose();
        (await door.InvokeAsync(Platform, new(ToolCatalogue.All["create_hospital"], new("{}"u8.ToArray())), null, default)).Dispose();

        Assert.Single(service.Requests);
        Assert.Equal(0, waiting.CurrentBytes);
    }

    private static Task<ToolResponse> Call(Uri address, string? key = null) => Call(Upstream(address), key);

    private static Task<ToolResponse> Call(ServiceHttpInvoker upstream, string? key = null) =>
        Door(upstream).InvokeAsync(Platform, new(ToolCatalogue.All["list_hospitals"], new("""{"limit":1}"""u8.ToArray())), key, CancellationToken.None);

    internal static ToolInvoker Door(ServiceHttpInvoker upstream, BufferedBytesLimiter? waiting = null, TimeProvider? clock = null) => new(
        new ServiceForwarder(upstream, waiting ?? new BufferedBytesLimiter(Options.Create(new LimitOptions()))),
        new ReferenceDataCache(null!, Options.Create(new ReferenceDataCacheOptions { TimeToLiveSeconds = 0 }), NullLogger<ReferenceDataCache>.Instance),
        new ToolResponsePublisher(new ListenerPresence(null!, TimeProvider.System, NullLogger<ListenerPresence>.Instance), new LiveEventStore(null!),
            TimeProvider.System, NullLogger<ToolResponsePublisher>.Instance), clock ?? TimeProvider.System);

    /// <summary>Creates an invoker that knows the replicas through configuration, as a process does.</summary>
    private static ServiceHttpInvoker Upstream(params Uri[] replicas) => UpstreamOf("hospital", replicas);

    internal static ServiceHttpInvoker UpstreamOf(string service, params Uri[] replicas)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(replicas.Select((a, i) => KeyValuePair.Create($"services:{service}:http:{i}", (string?)a.ToString())));
        builder.Services.AddSingleton(TimeProvider.System);
        return builder.AddServiceDefaults().Services.BuildServiceProvider().GetRequiredService<ServiceHttpInvoker>();
    }

    internal static InvocationContext Somebody(Guid? hospital) =>
        new(new Caller(Guid.NewGuid(), "a@b.example", Role.Admin, hospital, Guid.NewGuid(), DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddHours(1)),
            "Bearer token", "request-1", "203.0.113.7", "test");

    private static Uri Closed() => new($"http://127.0.0.1:{((IPEndPoint)Taken.LocalEndPoint!).Port}");

    /// <summary>A socket that is bound but does not listen: connections fail, and no other process can take the port while the tests run.</summary>
    private static readonly Socket Taken = Bound();

    private static Socket Bound()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    /// <summary>
    /// Reads a request, writes a given response and closes the connection, so that a response can break off anywhere. A complete response announces the close.
    /// </summary>
    internal sealed class RawService : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

        public RawService(Func<string, string> answer)
        {
            _listener.Start();
            _ = Serve(answer);
        }

        public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

        public List<string> Requests { get; } = [];

        private async Task Serve(Func<string, string> answer)
        {
            try
            {
                while (true)
                {
                    using var connection = await _listener.AcceptTcpClientAsync();
                    var stream = connection.GetStream();
                    var request = await ReadRequest(stream);
                    Requests.Add(request);
                    await stream.WriteAsync(Encoding.UTF8.GetBytes(answer(request)));
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
            {
                // The service was disposed, or the caller disconnected.
            }
        }

        private static async Task<string> ReadRequest(NetworkStream stream)
        {
            var text = "";
            var buffer = new byte[4096];
            while (true)
            {
                text += Encoding.UTF8.GetString(buffer, 0, await stream.ReadAsync(buffer));
                var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
                if (end < 0) continue;
                var length = text.Split("\r\n").FirstOrDefault(l => l.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)) is { } header
                    ? int.Parse(header[15..], System.Globalization.CultureInfo.InvariantCulture)
                    : 0;
                if (text.Length >= end + 4 + length) return text;
            }
        }

        public void Dispose() => _listener.Stop();
    }
}
