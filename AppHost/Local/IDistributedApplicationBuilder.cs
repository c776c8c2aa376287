using MedCor.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;

namespace MedCor.Hosting;

/// <summary>Collects the resources of an application.</summary>
public interface IDistributedApplicationBuilder
{
    /// <summary>The environment variables and command line of the host.</summary>
    ConfigurationManager Configuration { get; }

    /// <summary>The resources added so far.</summary>
    ICollection<IResource> Resources { get; }

    /// <summary>The application with the resources added so far. Nothing is started yet.</summary>
    DistributedApplication Build();
}

internal sealed class DistributedApplicationBuilder : IDistributedApplicationBuilder
{
    private readonly HostOptions _options;

    public DistributedApplicationBuilder(DistributedApplicationOptions options)
    {
        _options = HostOptions.Parse(options);
        Configuration.AddEnvironmentVariables();
        Configuration.AddInMemoryCollection(_options.Settings);
    }

    public ConfigurationManager Configuration { get; } = new();

    public ICollection<IResource> Resources { get; } = [];

    public DistributedApplication Build() => new(_options, [.. Resources]);
}
