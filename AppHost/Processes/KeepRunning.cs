namespace MedCor.AppHost.Processes;

/// <summary>Marks a resource that is restarted when it exits by itself.</summary>
/// <param name="IsReported">Whether the resource appears in the report and in <c>run.json</c>.</param>
internal sealed record KeepRunningAnnotation(bool IsReported) : IResourceAnnotation;

/// <summary>Provides a method that marks resources to be kept running.</summary>
internal static class KeepRunningExtensions
{
    /// <summary>Restarts a resource at its address, with growing delays, when it exits by itself.</summary>
    public static IResourceBuilder<T> KeepRunning<T>(this IResourceBuilder<T> resource, bool isReported = true) where T : IResource =>
        resource.WithAnnotation(new KeepRunningAnnotation(isReported));
}
