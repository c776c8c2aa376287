namespace MedCor.Hosting.ApplicationModel;

/// <summary>A part of the distributed application, known by its name.</summary>
public interface IResource
{
    /// <summary>The name that other resources and people know it by.</summary>
    string Name { get; }
}

/// <summary>A resource whose start can wait for others to be healthy.</summary>
public interface IResourceWithWaitSupport : IResource;

/// <summary>A resource that is given environment variables.</summary>
public interface IResourceWithEnvironment : IResource;

/// <summary>A resource that listens on endpoints.</summary>
public interface IResourceWithEndpoints : IResource;

/// <summary>A resource that others find by its name (<c>services__name__http__0</c>).</summary>
public interface IResourceWithServiceDiscovery : IResourceWithEndpoints;

/// <summary>A resource that others reach by a connection string (<c>ConnectionStrings__name</c>).</summary>
public interface IResourceWithConnectionString : IResource
{
    /// <summary>The connection string. Known once the application is starting; throws before.</summary>
    ValueTask<string?> GetConnectionStringAsync(CancellationToken cancellationToken = default);
}

/// <summary>What all resources have in common.</summary>
public abstract class Resource : IResource
{
    /// <summary>Creates a resource of that name.</summary>
    protected Resource(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        Name = name;
    }

    /// <inheritdoc />
    public string Name { get; }
}
