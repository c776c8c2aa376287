using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace MedCor.ServiceDefaults;

/// <summary>The other services, from the variables that the host gives: <c>services__{name}__http__{i}</c>, one per replica.</summary>
public sealed class Upstream(IConfiguration configuration, TimeProvider clock) : IDisposable
{
    private readonly SocketsHttpHandler connections = new()
    {
        ConnectTimeout = TimeSpan.FromSeconds(2),
        // Addresses are looked up anew now and then, so that a replica that moved is found.
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        MaxConnectionsPerServer = 512,
        UseCookies = false,
        AllowAutoRedirect = false,
        // As they were read.
        RequestHeaderEncodingSelector = (_, _) => Encoding.Latin1,
    };
    private readonly ConcurrentDictionary<string, ReplicaHandler> services = new();
    private readonly ConcurrentDictionary<string, HttpMessageInvoker> invokers = new();

    /// <summary>The services that the environment names.</summary>
    public static IEnumerable<string> Known(IConfiguration configuration) => configuration.GetSection("services").GetChildren().Select(c => c.Key);

    /// <summary>
    /// Sends a request to a replica of a service as it is: the answer is not buffered, and the caller bounds the wait.
    /// Of the request's address only path and query count.
    /// </summary>
    public HttpMessageInvoker To(string service) => invokers.GetOrAdd(service, name => new HttpMessageInvoker(Handler(name), disposeHandler: false));

    /// <summary>The name of the <see cref="HttpClient"/> that calls a service.</summary>
    public static string Client(string service) => $"upstream:{service}";

    internal ReplicaHandler Handler(string service) => services.GetOrAdd(service, name => new ReplicaHandler(Of(name), connections, clock));

    private IEnumerable<Uri> Of(string service) =>
        configuration.GetSection($"services:{service}:http").GetChildren()
            .OrderBy(c => int.Parse(c.Key, System.Globalization.CultureInfo.InvariantCulture)).Select(c => new Uri(c.Value!));

    public void Dispose() => connections.Dispose();
}

/// <summary>
/// Calls a service at any of its replicas, in turn. One that does not take the connection has not got the request: the next is asked, and that one
/// is passed over for a moment. When none takes it, <see cref="HttpRequestError.ConnectionError"/> says so at once.
/// </summary>
internal sealed class ReplicaHandler(IEnumerable<Uri> addresses, HttpMessageHandler connections, TimeProvider clock) : DelegatingHandler(connections)
{
    private static readonly TimeSpan Aside = TimeSpan.FromSeconds(2);

    private readonly Replica[] replicas = [.. addresses.Take(64).Select(a => new Replica(a))];
    private int turn;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct)
    {
        var path = request.RequestUri!.IsAbsoluteUri ? request.RequestUri.PathAndQuery : request.RequestUri.OriginalString;
        var first = (uint)Interlocked.Increment(ref turn);
        var now = clock.GetTimestamp();
        var asked = 0UL;
        Exception? refused = null;

        // Once round among those in good standing, then among those set aside, which may be back.
        for (var round = 0; round < 2; round++)
            for (var i = 0U; i < replicas.Length; i++)
            {
                var n = (int)((first + i) % (uint)replicas.Length);
                if ((asked & (1UL << n)) != 0 || (round == 0 && replicas[n].IsAside(now))) continue;
                asked |= 1UL << n;
                request.RequestUri = new Uri(replicas[n].Address, path);
                try
                {
                    return await base.SendAsync(request, ct);
                }
                catch (Exception e) when (IsNotConnected(e, ct))
                {
                    replicas[n].SetAside(clock.GetTimestamp() + (long)(Aside.TotalSeconds * clock.TimestampFrequency));
                    refused = e;
                }
            }
        throw new HttpRequestException(HttpRequestError.ConnectionError, "No replica takes a connection.", refused);
    }

    /// <summary>A connection that took too long is told by a cancellation that nobody asked for.</summary>
    private static bool IsNotConnected(Exception e, CancellationToken ct) => e switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError } => true,
        OperationCanceledException { InnerException: TimeoutException } => !ct.IsCancellationRequested,
        _ => false,
    };

    private sealed class Replica(Uri address)
    {
        private long asideUntil = long.MinValue;

        public Uri Address => address;

        public bool IsAside(long now) => Volatile.Read(ref asideUntil) > now;

        public void SetAside(long until) => Volatile.Write(ref asideUntil, until);
    }
}

internal static class UpstreamRegistration
{
    /// <summary>A client for every service that the environment names. All share the connections of <see cref="Upstream"/>.</summary>
    internal static void AddUpstreams(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<Upstream>();
        services.AddHttpClient();
        foreach (var service in Upstream.Known(configuration))
        {
            services.AddHttpClient(Upstream.Client(service), client =>
                {
                    client.BaseAddress = new Uri("http://" + service);
                    client.Timeout = TimeSpan.FromSeconds(10);
                })
                .ConfigurePrimaryHttpMessageHandler(s => s.GetRequiredService<Upstream>().Handler(service))
                .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
                .RemoveAllLoggers();
        }
    }
}
