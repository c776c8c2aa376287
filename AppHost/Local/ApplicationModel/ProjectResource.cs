namespace MedCor.Hosting.ApplicationModel;

/// <summary>A .NET project that is run as a service, in one or more replicas.</summary>
public sealed class ProjectResource : ProcessResource, IResourceWithEnvironment, IResourceWithServiceDiscovery
{
    internal ProjectResource(string name, IProjectMetadata project) : base(name) => Project = project;

    internal IProjectMetadata Project { get; }

    internal EndpointAnnotation? Http { get; set; }

    internal string? HealthPath { get; set; }

    internal List<Func<ResourceUrlAnnotation>> Urls { get; } = [];

    internal List<ProjectResource> References { get; } = [];

    internal List<(string Name, IResourceWithConnectionString Source)> Connections { get; } = [];

    internal Dictionary<string, (Func<string> Value, bool IsSecret)> Environment { get; } = new(StringComparer.Ordinal);

    /// <summary>Where its replicas listen, in their order; empty before the application starts and without an endpoint.</summary>
    internal IReadOnlyList<Uri> Addresses { get; private set; } = [];

    internal void Allocate(IReadOnlyList<Uri> addresses) => Addresses = addresses;
}
