using System.Net;
using MedCor.Hosting.Dashboard.Otlp;
using MedCor.Tests.EndToEnd;

namespace MedCor.Tests.AppHost.Dashboard;

public sealed class ReceptionTests
{
    private static readonly long[] Numbers = [1, 2];
    private static readonly string[] Signals = ["traces", "metrics", "logs"];

    [Theory]
    [InlineData("traces")]
    [InlineData("metrics")]
    [InlineData("logs")]
    public async Task What_is_no_such_message_is_refused_and_breaks_nothing(string signal)
    {
        await using var dashboard = await OwnDashboard.Start();
        using var gateway = new Sender(dashboard.Address, dashboard.Key, "gateway");

        // A message of which the announced bytes do not come, a group, a field of number 0, a varint without an end.
        foreach (byte[] malformed in (byte[][])[[0x0A, 0x05, 0x01], [0x0B], [0x02, 0x00], [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], "{}"u8.ToArray()])
        {
            using var answer = await dashboard.Send(signal, malformed);
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        }

        gateway.Call("list_doctors", 1);
        gateway.Flush();
        Assert.Equal(["list_doctors"], await dashboard.Traces());
    }

    [Fact]
    public async Task Whatever_arrives_damaged_is_read_or_refused_and_nothing_else()
    {
        await using var receiver = await OtlpReceiver.Start();
        using (var sender = new Sender(receiver.Address))
        {
            sender.Meter.CreateHistogram<double>("a.histogram", "s").Record(0.3, new KeyValuePair<string, object?>("tool", "a"));
            sender.Meter.CreateCounter<long>("a.counter").Add(1);
            sender.Span("a call", 5, tags: [("text", "a"), ("number", 1L), ("list", Numbers)], within: () => sender.Log.Waited("somebody"));
            sender.Flush();
        }

        var random = new Random(2026);
        foreach (var body in receiver.Bodies)
        {
            for (var round = 0; round < 3000; round++)
            {
                var damaged = body.AsSpan(0, random.Next(10) == 0 ? random.Next(body.Length) : body.Length).ToArray();
                for (var bytes = random.Next(1, 4); bytes > 0 && damaged.Length > 0; bytes--) damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
                foreach (var signal in Signals) Read(signal, damaged);
            }
        }

        static void Read(string signal, byte[] body)
        {
            try
            {
                _ = signal switch { "traces" => TraceRequest.Read(body).Count, "metrics" => MetricRequest.Read(body).Count, _ => LogRequest.Read(body).Count };
            }
            catch (FormatException)
            {
                // Refused.
            }
        }
    }

    [Fact]
    public async Task Only_protobuf_is_taken_and_only_up_to_the_limit()
    {
        await using var dashboard = await OwnDashboard.Start();

        using var json = await dashboard.Send("traces", "{}"u8.ToArray(), "application/json");
        using var unknown = await dashboard.Send("profiles", []);
        using var large = await dashboard.Send("traces", new byte[(16 * 1024 * 1024) + 1]);

        Assert.Equal((HttpStatusCode.UnsupportedMediaType, HttpStatusCode.NotFound, HttpStatusCode.RequestEntityTooLarge), (json.StatusCode, unknown.StatusCode, large.StatusCode));
    }
}
