using System.Collections.Concurrent;
using System.Text;
using MedCor.ServiceDefaults.Servers;
using Microsoft.Extensions.ServiceDiscovery;

namespace MedCor.ServiceDefaults;

/// <summary>
/// Sends requests to other services by name, as in <c>http://clinical/tools/get_appointment</c>, and passes them on unchanged. Responses are not buffered, and
/// the caller sets the timeout.
/// </summary>
public sealed class ServiceHttpInvoker : HttpMessageInvoker
{
    internal ServiceHttpInvoker(ReplicaFailoverHandler replicas) : base(replicas, disposeHandler: false)
    {
    }
}

/// <summary>
/// Sends requests to a service's replicas, as service discovery lists them, in round-robin order. A replica that does not accept the connection has not
/// received the request: the request goes to the next replica, and the failed replica is skipped for a moment. When no replica accepts, the handler throws at
/// once, with <see cref="HttpRequestError.ConnectionError"/>. A request that a replica may have received is never repeated. A replica whose certificate is not
/// good has not received the request either.
/// </summary>
internal sealed class ReplicaFailoverHandler(ServiceEndpointResolver discovery, TransportSecurity security, TimeProvider clock)
    : DelegatingHandler(new SocketsHttpHandler
    {
        ConnectTimeout = TimeSpan.FromSeconds(2),
        // Connections are replaced periodically so that addresses are resolved again and a replica that moved is found.
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        MaxConnectionsPerServer = 512,
        UseCookies = false,
        AllowAutoRedirect = false,
        // Headers are sent in the encoding in which they were read.
        RequestHeaderEncodingSelector = (_, _) => Encoding.Latin1,
        SslOptions = new() { RemoteCertificateValidationCallback = security.IsServerTrusted },
    })
{
    private static readonly TimeSpan EjectionTime = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, ServiceReplicas> _services = new();

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct)
    {
        var requestUri = request.RequestUri!;
        var service = _services.GetOrAdd(requestUri.Host, static host => new ServiceReplicas(host));
        var replicas = service.Resolve(await discovery.GetEndpointsAsync(service.DiscoveryQuery, ct));
        var first = service.NextIndex();
        var now = clock.GetTimestamp();
        var tried = 0UL;
        Exception? connectFailure = null;

        // The first round tries the replicas that are not ejected, the second round the ejected ones, which may have recovered.
        for (var round = 0; round < 2; round++)
            for (var i = 0U; i < replicas.Length; i++)
            {
                var n = (int)((first + i) % (uint)replicas.Length);
                if ((tried & (1UL << n)) != 0 || (round == 0 && replicas[n].IsEjected(now))) continue;
                tried |= 1UL << n;
                request.RequestUri = new Uri(replicas[n].Address, requestUri.PathAndQuery);
                try
                {
                    return await base.SendAsync(request, ct);
                }
                catch (Exception e) when (IsConnectFailure(e, ct))
                {
                    replicas[n].Eject(clock.GetTimestamp() + (long)(EjectionTime.TotalSeconds * clock.TimestampFrequency));
                    connectFailure = e;
                }
            }
        throw new HttpRequestException(HttpRequestError.ConnectionError, "No replica accepts a connection.", connectFailure);
    }

    /// <summary>Returns whether the connection could not be established. A connect timeout appears as a cancellation that the caller did not request.</summary>
    private static bool IsConnectFailure(Exception e, CancellationToken ct) => e switch
    {
        HttpRequestException
        {
            HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError,
        } => true,
        OperationCanceledException { InnerException: TimeoutException } => !ct.IsCancellationRequested,
        _ => false,
    };

    private sealed class ServiceReplicas(string name)
    {
        /// <summary>The replicas that a request has tried are the bits of a <see cref="ulong"/>.</summary>
        private const int MaxReplicas = 64;

        private Snapshot _snapshot = new(null, []);
        private int _index;

        /// <summary>Gets the query for service discovery, which prefers addresses with TLS.</summary>
        public string DiscoveryQuery { get; } = $"https+http://{name}";

        public uint NextIndex() => (uint)Interlocked.Increment(ref _index);

        /// <summary>Returns the replicas at the discovered addresses, keeping the state of those that were already known.</summary>
        public Replica[] Resolve(ServiceEndpointSource found)
        {
            var snapshot = Volatile.Read(ref _snapshot);
            if (ReferenceEquals(snapshot.Source, found)) return snapshot.Replicas;
            Replica[] replicas = [.. found.Endpoints.Take(MaxReplicas).Select(AddressOf)
                .Select(address => snapshot.Replicas.FirstOrDefault(r => r.Address == address) ?? new Replica(address))];
            Volatile.Write(ref _snapshot, new(found, replicas));
            return replicas;
        }

        private static Uri AddressOf(ServiceEndpoint endpoint) =>
            endpoint.ToString()!.Contains("://", StringComparison.Ordinal) ? new(endpoint.ToString()!) : new($"http://{endpoint}");

        private sealed record Snapshot(ServiceEndpointSource? Source, Replica[] Replicas);
    }

    private sealed class Replica(Uri address)
    {
        private long _ejectedUntil = long.MinValue;

        public Uri Address => address;

        public bool IsEjected(long now) => Volatile.Read(ref _ejectedUntil) > now;

        public void Eject(long until) => Volatile.Write(ref _ejectedUntil, until);
    }
}
