using MedCor.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;

namespace MedCor.Hosting;

/// <summary>Collects the resources of an application.</summary>
public interface IDistributedApplicationBuilder
{
    /// <summary>The environment variables and command line of the host.</summary>
    ConfigurationManager Configuration { get; }

    /// <summary>What the application is built for.</summary>
    DistributedApplicationExecutionContext ExecutionContext { get; }

    /// <summary>The resources added so far.</summary>
    ICollection<IResource> Resources { get; }

    /// <summary>The application with the resources added so far. Nothing is started yet.</summary>
    DistributedApplication Build();
}

/// <summary>What an application is built for: to be run here. This host publishes none.</summary>
public sealed class DistributedApplicationExecutionContext
{
    internal DistributedApplicationExecutionContext()
    {
    }

    /// <summary>Whether it is to be run, as it always is here.</summary>
    public bool IsRunMode { get; } = true;
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

    public DistributedApplicationExecutionContext ExecutionContext { get; } = new();

    public ICollection<IResource> Resources { get; } = [];

    public DistributedApplication Build() => new(_options, [.. Resources]);
}
