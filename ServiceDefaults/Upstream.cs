using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace MedCor.ServiceDefaults;

/// <summary>Where the other services are, from the variables that the host gives: <c>services__{name}__http__{i}</c>, one per replica.</summary>
public sealed class Upstream(IConfiguration configuration)
{
    /// <summary>The addresses of a service's replicas. Throws <see cref="InvalidOperationException"/> when none is configured.</summary>
    public IReadOnlyList<Uri> Of(string service)
    {
        var addresses = configuration.GetSection($"services:{service}:http").GetChildren()
            .OrderBy(c => int.Parse(c.Key, System.Globalization.CultureInfo.InvariantCulture)).Select(c => new Uri(c.Value!)).ToArray();
        return addresses.Length > 0 ? addresses : throw new InvalidOperationException($"No address of {service} is configured. Set services__{service}__http__0.");
    }

    /// <summary>The name of the <see cref="HttpClient"/> that calls a service.</summary>
    public static string Client(string service) => $"upstream:{service}";
}

/// <summary>Calls a service at any of its replicas: in turn, and at the next one when one does not take the connection, which no request has reached yet.</summary>
public sealed class ReplicaHandler(IReadOnlyList<Uri> replicas) : DelegatingHandler
{
    private int turn;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct)
    {
        var path = request.RequestUri!.PathAndQuery;
        var first = (uint)Interlocked.Increment(ref turn);
        for (var i = 0; ; i++)
        {
            request.RequestUri = new Uri(replicas[(int)((first + i) % replicas.Count)], path);
            try
            {
                return await base.SendAsync(request, ct);
            }
            catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConnectionError && i + 1 < replicas.Count)
            {
                // The next replica may be up; the request was not sent.
            }
        }
    }
}

internal static class UpstreamRegistration
{
    /// <summary>A client for every service that the environment names.</summary>
    internal static void AddUpstreams(this IServiceCollection services, IConfiguration configuration)
    {
        var upstream = new Upstream(configuration);
        services.AddSingleton(upstream);
        foreach (var service in configuration.GetSection("services").GetChildren().Select(c => c.Key))
        {
            services.AddHttpClient(Upstream.Client(service), client =>
                {
                    client.BaseAddress = new Uri("http://" + service);
                    client.Timeout = TimeSpan.FromSeconds(10);
                })
                .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
                {
                    ConnectTimeout = TimeSpan.FromSeconds(2),
                    PooledConnectionLifetime = TimeSpan.FromMinutes(5),
                    MaxConnectionsPerServer = 512,
                    UseCookies = false,
                })
                .AddHttpMessageHandler(() => new ReplicaHandler(upstream.Of(service)))
                .RemoveAllLoggers();
        }
    }
}
