using System.Net;
using System.Net.Sockets;
using System.Text;
using MedCor.Identity.Authorization;

namespace MedCor.Tests.Services.Identity.Authorization;

public sealed class PublicHttpTests
{
    [Fact]
    public async Task A_host_that_does_not_answer_keeps_no_other_host_waiting()
    {
        using var http = new PublicHttp(allowsLoopback: true, TimeProvider.System);
        using var silent = Listen();
        using var other = Listen();

        var most = PublicHttp.MaxRequestsPerHost + PublicHttp.MaxWaitingPerHost;
        var waiting = Enumerable.Range(0, most).Select(_ => Send(http, "127.0.0.1", silent)).ToArray();
        using var first = await silent.AcceptTcpClientAsync();
        using var second = await silent.AcceptTcpClientAsync();

        // One more does not wait.
        Assert.Null(await Send(http, "127.0.0.1", silent));
        var answered = Send(http, "localhost", other);
        await Answer(other);
        Assert.Equal(HttpStatusCode.OK, (await answered)?.Status);
        Assert.False(silent.Pending(), "a third request at once");
        Assert.All(waiting, request => Assert.False(request.IsCompleted));

        silent.Stop();
        first.Close();
        second.Close();
        Assert.All(await Task.WhenAll(waiting), answer => Assert.Null(answer));
        // Those that have ended make room.
        var later = Send(http, "127.0.0.1", other);
        await Answer(other);
        Assert.Equal(HttpStatusCode.OK, (await later)?.Status);
    }

    private static TcpListener Listen()
    {
        var listener = new TcpListener(IPAddress.Loopback, port: 0);
        listener.Start();
        return listener;
    }

    private static async Task<PublicResponse?> Send(PublicHttp http, string host, TcpListener listener)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{host}:{((IPEndPoint)listener.LocalEndpoint).Port}/");
        return await http.TrySendAsync(request, CancellationToken.None);
    }

    private static async Task Answer(TcpListener listener)
    {
        using var connection = await listener.AcceptTcpClientAsync();
        await using var stream = connection.GetStream();
        using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
        while (await reader.ReadLineAsync() is { Length: > 0 }) { }
        await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"u8.ToArray());
    }
}
