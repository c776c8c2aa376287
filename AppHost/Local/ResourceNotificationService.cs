namespace MedCor.Hosting;

/// <summary>Tells what becomes of the resources of a running application.</summary>
public sealed class ResourceNotificationService
{
    private readonly DistributedApplication _application;

    internal ResourceNotificationService(DistributedApplication application) => _application = application;

    /// <summary>Returns as soon as the resource is healthy in all its replicas.</summary>
    public Task WaitForResourceHealthyAsync(string resourceName, CancellationToken cancellationToken = default) => Task.WhenAll(
        _application.Instances.Where(instance => instance.Resource.Name == resourceName)
            .Select(instance => instance.UntilAsync(one => one.Status.Healthy, cancellationToken)));
}
