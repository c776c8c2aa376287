namespace MedCor.Hosting.ApplicationModel;

/// <summary>Configures a resource of the application model.</summary>
public interface IResourceBuilder<out T> where T : IResource
{
    /// <summary>The resource itself.</summary>
    T Resource { get; }

    /// <summary>The model it belongs to.</summary>
    IDistributedApplicationBuilder ApplicationBuilder { get; }
}

internal sealed class ResourceBuilder<T>(T resource, IDistributedApplicationBuilder applicationBuilder) : IResourceBuilder<T> where T : IResource
{
    public T Resource { get; } = resource;

    public IDistributedApplicationBuilder ApplicationBuilder { get; } = applicationBuilder;
}
