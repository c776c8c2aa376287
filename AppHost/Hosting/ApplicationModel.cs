using MedCor.AppHost.Data;
using MedCor.AppHost.Processes;
using MedCor.AppHost.Servers;

namespace MedCor.AppHost.Hosting;

/// <summary>Collects the servers and services of an application.</summary>
/// <param name="data">The data directory; null when publishing.</param>
internal sealed class ApplicationModel(IDistributedApplicationBuilder builder, HostOptions options, ServerProvider servers, DataDirectory? data)
{
    /// <summary>The name of the endpoint at which services call a project that clients call without TLS.</summary>
    private const string SecureEndpoint = "secure";

    private readonly List<ReplicatedProject> _projects = [];

    public IDistributedApplicationBuilder Builder => builder;

    public ServerProvider Servers => servers;

    public bool IsPublishing => data is null;

    /// <summary>Gets the projects in the order in which they were added.</summary>
    public IReadOnlyList<ReplicatedProject> Projects => _projects;

    /// <summary>Gets the address of the dashboard without its token; null when there is no dashboard.</summary>
    public string? Dashboard { get; init; }

    /// <summary>Gets the certificates with which servers and services answer by TLS; null when they do not.</summary>
    public DevelopmentCertificates? Certificates { get; init; }

    /// <summary>Gets warnings about endpoints whose requested port was taken.</summary>
    public List<string> PortWarnings { get; } = [];

    /// <summary>
    /// Adds a project with an HTTP endpoint, in as many replicas as the command line requests. Every replica is a resource with its own address.
    /// </summary>
    /// <param name="port">The port of the first replica; the others get the next free ports. Null for any free ports, which are remembered.</param>
    /// <param name="isReplicated">False for a tool of development: it has one replica, whatever the command line requests, and no TLS.</param>
    /// <param name="isPublic">Whether clients call the project, without TLS. Where services use TLS, they call it at an endpoint of its own.</param>
    public ReplicatedProject AddProject<TProject>(string name, int? port = null, string host = "localhost", bool isReplicated = true, bool isPublic = false)
        where TProject : IProjectMetadata, new()
    {
        var replicas = isReplicated ? options.Replicas : 1;
        var certificates = isReplicated ? Certificates : null;
        var project = new ReplicatedProject(name,
            [
                .. Enumerable.Range(1, replicas)
                    .Select(replica => Add<TProject>(name, replicas == 1 ? name : $"{name}-{replica}", replica, port, host, isPublic, certificates)),
            ],
            endpoint: certificates is not null && isPublic ? SecureEndpoint : "http");
        _projects.Add(project);
        return project;
    }

    /// <summary>Adds a further endpoint, which is not HTTP, to a project with one replica.</summary>
    /// <param name="scheme">The scheme of the endpoint's URL, and its name.</param>
    /// <param name="variable">The environment variable in which the project receives the port.</param>
    public EndpointReference AddEndpoint(ReplicatedProject project, string scheme, string variable)
    {
        var port = data!.Ports.GetPort($"{project.Name}-{scheme}");
        return project.Replicas.Single().WithEndpoint(port, port, scheme, name: scheme, env: variable, isProxied: false).GetEndpoint(scheme);
    }

    private IResourceBuilder<ProjectResource> Add<TProject>(string project, string name, int replica, int? firstPort, string host,
        bool isPublic, DevelopmentCertificates? certificates) where TProject : IProjectMetadata, new()
    {
        var resource = builder.AddProject<TProject>(name, o => o.ExcludeLaunchProfile = true)
            // The gateway trusts X-Forwarded-For only from the proxies in MCP_TRUSTED_PROXIES.
            .DisableForwardedHeaders()
            // Avoids a second copy of every password in a variable of its own.
            .WithReferenceEnvironment(ReferenceEnvironmentInjectionFlags.ConnectionString | ReferenceEnvironmentInjectionFlags.ServiceDiscovery);
        if (data is null) return resource.WithHttpEndpoint(port: firstPort);

        var preferredPort = firstPort + replica - 1;
        var port = preferredPort is { } first ? data.Ports.GetPortFrom(first) : data.Ports.GetPort($"{project}-{replica}");
        if (preferredPort is not null && port != preferredPort)
            PortWarnings.Add($"Port {preferredPort} is taken by another program: {name} listens on {port}.");
        resource.WithEndpoint(port, port, scheme: certificates is null || isPublic ? "http" : "https", name: "http", isProxied: false)
            .WithEndpoint("http", endpoint => endpoint.TargetHost = host)
            .UseBuiltProgram()
            .WithServiceEnvironment(project, replica, options.Dashboard, builder.Configuration)
            .KeepRunning();
        if (certificates is null) return resource;
        if (isPublic)
        {
            var securePort = data.Ports.GetPort($"{project}-{replica}-{SecureEndpoint}");
            resource.WithEndpoint(securePort, securePort, scheme: "https", name: SecureEndpoint, isProxied: false);
        }

        return resource.WithEnvironment("Tls__AuthorityFile", certificates.AuthorityFile).WithEnvironment("Tls__CertificateFile", certificates.CertificateFile)
            .WithEnvironment("Tls__KeyFile", certificates.KeyFile);
    }
}
